package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.Arrays;

/**
 * The elements of a list. Each is a field whose name is its place. An element's rank is how many
 * come before it. Good as long as its {@link Fields}: until something else of the cells is asked
 * for, or the changes are kept.
 */
final class ListElements {
  /** How many elements a search looks at before it may stop. */
  private static final int STEP = 128;

  /** The ends of a list. */
  enum End {
    LEFT,
    RIGHT
  }

  record Element(byte[] place, byte[] value) {}

  private final Call call;
  private final int key;
  private final Fields fields;
  private byte[] pushed;

  private ListElements(Call call, int key, Fields fields) {
    this.call = call;
    this.key = key;
    this.fields = fields;
  }

  /**
   * Those of the list that argument {@code key} names; none if it is absent.
   *
   * @throws Refused when it is no list
   */
  static ListElements of(Call call, int key) {
    Args args = call.args();
    Fields fields =
        call.cells().fields(CellType.LIST, args.array(), args.offset(key), args.length(key));
    if (fields == null) {
      throw Refused.WRONG_TYPE;
    }
    return new ListElements(call, key, fields);
  }

  long count() {
    return fields.count();
  }

  /** The rank of an index, which if negative counts from the right; -1 when it is outside. */
  long rank(long index) {
    long rank = index < 0 ? count() + index : index;
    return rank < 0 || rank >= count() ? -1 : rank;
  }

  private long rank(End end, long fromEnd) {
    return end == End.LEFT ? fromEnd : count() - 1 - fromEnd;
  }

  /** Visits up to {@code count} elements, from an end on. */
  void visit(End from, long count, Fields.Visitor visitor) {
    if (count() > 0) {
      fields.visit(rank(from, 0), count, from == End.RIGHT, visitor);
    }
  }

  /**
   * Replies with elements, one after the other, from left to right.
   *
   * @throws Refused when that is too much
   */
  void reply(long rank, long count) {
    fields.visit(rank, count, false, replying());
  }

  private Fields.Visitor replying() {
    ReplyWriter reply = call.reply();
    int start = reply.size();
    return (place, offset, length, value, valueOffset, valueLength) -> {
      if ((long) reply.size() - start + valueLength > Refused.MAX_FIELDS_BYTES) {
        throw Refused.TOO_LARGE;
      }
      reply.bulk(value, valueOffset, valueLength);
    };
  }

  /** The place of the element of a rank; null when there is none. */
  byte[] place(long rank) {
    byte[][] place = new byte[1][];
    if (rank >= 0 && rank < count()) {
      fields.visit(
          rank,
          1,
          false,
          (name, offset, length, value, valueOffset, valueLength) ->
              place[0] = Arrays.copyOfRange(name, offset, offset + length));
    }
    return place[0];
  }

  /** The first element from an end, of which there is one. */
  Element element(End end) {
    Element[] element = new Element[1];
    visit(
        end,
        1,
        (name, offset, length, value, valueOffset, valueLength) ->
            element[0] =
                new Element(
                    Arrays.copyOfRange(name, offset, offset + length),
                    Arrays.copyOfRange(value, valueOffset, valueOffset + valueLength)));
    return element[0];
  }

  /** Adds an element at an end: several, one after the other, all at the same one. */
  void push(End end, byte[] array, int offset, int length) {
    byte[] beside = pushed == null ? place(rank(end, 0)) : pushed;
    pushed =
        end == End.LEFT ? fields.placeBetween(null, beside) : fields.placeBetween(beside, null);
    fields.put(pushed, 0, pushed.length, array, offset, length);
  }

  /** Inserts an argument before the element of a rank, or last. */
  void insert(long rank, int argument) {
    put(fields.placeBetween(place(rank - 1), place(rank)), argument);
  }

  /** Sets the element of a rank, which is there, to an argument. */
  void set(long rank, int argument) {
    put(place(rank), argument);
  }

  private void put(byte[] place, int argument) {
    Args args = call.args();
    fields.put(place, 0, place.length, args.array(), args.offset(argument), args.length(argument));
  }

  /**
   * Replies with the first {@code count} elements from an end, which are there, and removes them.
   *
   * @throws Refused when that is too much
   */
  void pop(End end, long count) {
    FieldNames places = new FieldNames();
    Fields.Visitor replying = replying();
    visit(
        end,
        count,
        (place, offset, length, value, valueOffset, valueLength) -> {
          places.add(place, offset, length);
          replying.visit(place, offset, length, value, valueOffset, valueLength);
        });
    remove(places);
  }

  /** Removes the first {@code left} elements and the last {@code right}. */
  void trim(long left, long right) {
    if (left + right >= count()) {
      call.remove(key);
      return;
    }
    FieldNames places = new FieldNames();
    visit(End.LEFT, left, places);
    visit(End.RIGHT, right, places);
    remove(places);
  }

  /** Removes elements and keeps the changes; if all go, that is one write. */
  void remove(FieldNames places) {
    if (places.count() == count()) {
      call.remove(key);
    } else if (places.count() > 0) {
      places.removeFrom(fields);
      fields.save();
    }
  }

  /** Removes the element at a place. */
  void remove(byte[] place) {
    fields.remove(place, 0, place.length);
  }

  void save() {
    fields.save();
  }

  /**
   * Looks for elements that are equal to an argument, from an end on.
   *
   * @param limit how many elements to look at, at most
   */
  void search(End from, long limit, int argument, Match match) {
    Search search = new Search(from, argument, match);
    long left = Math.min(limit, count());
    while (search.goesOn && left > 0) {
      long step = Math.min(left, STEP);
      fields.visit(search.rank, step, from == End.RIGHT, search);
      left -= step;
    }
  }

  /** Receives what a search finds. The array is only valid during the call. */
  @FunctionalInterface
  interface Match {
    /** Takes an element; returns whether to look for more. */
    boolean at(long rank, byte[] place, int offset, int length);
  }

  private final class Search implements Fields.Visitor {
    private final int argument;
    private final Match match;
    private final int direction;
    private long rank;
    private boolean goesOn = true;

    Search(End from, int argument, Match match) {
      this.argument = argument;
      this.match = match;
      direction = from == End.LEFT ? 1 : -1;
      rank = rank(from, 0);
    }

    @Override
    public void visit(
        byte[] place, int offset, int length, byte[] value, int valueOffset, int valueLength) {
      if (goesOn && isWanted(value, valueOffset, valueLength)) {
        goesOn = match.at(rank, place, offset, length);
      }
      rank += direction;
    }

    private boolean isWanted(byte[] value, int offset, int length) {
      Args args = call.args();
      int from = args.offset(argument);
      return Arrays.equals(
          value, offset, offset + length, args.array(), from, from + args.length(argument));
    }
  }
}
