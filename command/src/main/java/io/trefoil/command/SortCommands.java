package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.MOVABLEKEYS;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.command.Command.Row;
import io.trefoil.command.ListElements.End;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Elements of lists, sets and sorted sets in another order.
 *
 * @see <a href="https://redis.io/docs/latest/commands/sort/">SORT</a>
 */
final class SortCommands {
  private static final String COST =
      "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the"
          + " number of returned elements. When the elements are not sorted, complexity is O(N).";

  /** What an element takes beside its bytes, roughly. */
  private static final int ELEMENT_BYTES = 48;

  /** The shortest reply: that there is nothing. */
  private static final int SHORTEST_REPLY = 3;

  private SortCommands() {}

  static List<Command> rows() {
    return List.of(
        row("sort", "1.0.0", "Sort the elements in a list, set or sorted set")
            .flags(WRITE, DENYOOM)
            .furtherKey(SortOptions::storeWord)
            .refused(StringCommands.NEEDS_ORDER + "; SORT_RO does not")
            .differs(
                Difference.LONG_FLOATS,
                Difference.SORT_MEMORY,
                Difference.WORDS_ARE_BYTES,
                Difference.SORT_ELSEWHERE)
            .onCells(call -> sort(call, true)),
        row(
                "sort_ro",
                "7.0.0",
                "Sort the elements in a list, set or sorted set. Read-only variant of SORT.")
            .flags(READONLY, MOVABLEKEYS)
            .convergesUnless(
                SortOptions::looksElsewhere,
                "BY or GET of other keys",
                "looks at keys that are not among its words",
                Convergence.READ)
            .differs(
                Difference.LONG_FLOATS,
                Difference.SORT_MEMORY,
                Difference.WORDS_ARE_BYTES,
                Difference.SORT_ELSEWHERE)
            .onCells(call -> sort(call, false)));
  }

  private static Row row(String name, String since, String summary) {
    return new Row(name, -2, Group.GENERIC, since, COST, summary)
        .key()
        .categories("set", "sortedset", "list", "dangerous")
        .notCategories("keyspace");
  }

  /**
   * An element on its way into the order.
   *
   * @param score what it is sorted by, if by numbers
   * @param word what it is sorted by, if by bytes; null when there is nothing
   */
  private record Element(byte[] value, double score, byte[] word) {}

  private static void sort(Call call, boolean mayStore) {
    SortOptions options = new SortOptions();
    if (!options.parse(call, mayStore)) {
      return;
    }
    CellType type = call.find(1) ? call.cells().type() : CellType.LIST;
    if (type != CellType.LIST && type != CellType.SET && type != CellType.ZSET) {
      throw Refused.WRONG_TYPE;
    }
    // As in Redis, what is stored of a set has an order: else there would be another on each.
    if (options.unsorted && type == CellType.SET && options.store > 0) {
      options.unsorted = false;
      options.alpha = true;
      options.by = null;
    }
    List<byte[]> values =
        options.unsorted ? inTheirOrder(call, type, options) : sorted(call, type, options);
    if (values == null) {
      call.reply().error("ERR One or more scores can't be converted into double");
    } else if (options.store > 0) {
      store(call, options, values);
    } else {
      reply(call, options, values);
    }
  }

  /** The elements that are wanted, in the order that they have. */
  private static List<byte[]> inTheirOrder(Call call, CellType type, SortOptions options) {
    Fields fields = call.fields(type);
    if (!type.isOrdered()) {
      return wanted(all(fields, type), options);
    }
    long size = fields.count();
    long from = Math.min(options.skipped, size);
    long count = options.limit < 0 ? size - from : Math.min(options.limit, size - from);
    Values values = new Values(type);
    if (count > 0) {
      fields.visit(options.descending ? size - 1 - from : from, count, options.descending, values);
    }
    return values.list;
  }

  private static List<byte[]> all(Fields fields, CellType type) {
    Values values = new Values(type);
    if (type.isOrdered() && fields.count() > 0) {
      fields.visit(0, fields.count(), false, values);
    } else {
      fields.forEach(values);
    }
    return values.list;
  }

  private static <T> List<T> wanted(List<T> all, SortOptions options) {
    int from = (int) Math.min(options.skipped, all.size());
    long left = all.size() - from;
    long count = options.limit < 0 ? left : Math.min(options.limit, left);
    return all.subList(from, from + (int) count);
  }

  /** The elements that are wanted, sorted; null when something to sort by is no number. */
  private static List<byte[]> sorted(Call call, CellType type, SortOptions options) {
    List<Element> elements = new ArrayList<>();
    Bound bound = new Bound();
    for (byte[] value : all(call.fields(type), type)) {
      byte[] word = options.by == null ? value : options.by.lookUp(call.cells(), value);
      bound.add(value.length + (word == null ? 0 : word.length));
      double score = options.alpha || word == null ? 0 : CDouble.parseSorted(word);
      if (Double.isNaN(score)) {
        return null;
      }
      elements.add(new Element(value, score, options.alpha ? word : value));
    }
    Comparator<Element> order = options.alpha ? BY_WORD : BY_SCORE;
    elements.sort(options.descending ? order.reversed() : order);
    return wanted(elements, options).stream().map(Element::value).toList();
  }

  private static final Comparator<Element> BY_WORD =
      Comparator.comparing(Element::word, Comparator.nullsFirst(Arrays::compareUnsigned));

  private static final Comparator<Element> BY_SCORE =
      (a, b) -> {
        if (a.score != b.score) {
          return a.score < b.score ? -1 : 1;
        }
        return Arrays.compareUnsigned(a.value, b.value);
      };

  private static void reply(Call call, SortOptions options, List<byte[]> values) {
    ReplyWriter reply = call.reply();
    long count = (long) values.size() * Math.max(options.gets.size(), 1);
    if (count > Refused.MAX_FIELDS_BYTES / SHORTEST_REPLY) {
      throw Refused.TOO_LARGE;
    }
    reply.array((int) count);
    int start = reply.size();
    forEach(
        call,
        options,
        values,
        value -> {
          if (value == null) {
            reply.nil();
          } else if ((long) reply.size() - start + value.length > Refused.MAX_FIELDS_BYTES) {
            throw Refused.TOO_LARGE;
          } else {
            reply.bulk(value);
          }
        });
  }

  private static void store(Call call, SortOptions options, List<byte[]> values) {
    List<byte[]> stored = new ArrayList<>();
    Bound bound = new Bound();
    forEach(
        call,
        options,
        values,
        value -> {
          byte[] element = value == null ? new byte[0] : value;
          bound.add(element.length);
          stored.add(element);
        });
    call.remove(options.store);
    if (!stored.isEmpty()) {
      ListElements list = ListElements.of(call, options.store);
      stored.forEach(element -> list.push(End.RIGHT, element, 0, element.length));
      list.save();
    }
    call.reply().integer(stored.size());
  }

  /** Gives what is asked for of each element: null for what is not there. */
  private static void forEach(
      Call call, SortOptions options, List<byte[]> values, Consumer<byte[]> to) {
    for (byte[] value : values) {
      if (options.gets.isEmpty()) {
        to.accept(value);
      }
      for (KeyPattern get : options.gets) {
        to.accept(get.lookUp(call.cells(), value));
      }
    }
  }

  /** How much of a command's elements may be in memory. */
  private static final class Bound {
    private long bytes;

    void add(long added) {
      bytes += added + ELEMENT_BYTES;
      if (bytes > Refused.MAX_FIELDS_BYTES) {
        throw Refused.TOO_LARGE;
      }
    }
  }

  /** Elements of a list, or members. */
  private static final class Values implements Fields.Visitor {
    private final boolean ofList;
    private final Bound bound = new Bound();
    private final List<byte[]> list = new ArrayList<>();

    Values(CellType type) {
      ofList = type == CellType.LIST;
    }

    @Override
    public void visit(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] value,
        int valueOffset,
        int valueLength) {
      bound.add(ofList ? valueLength : fieldLength);
      list.add(
          ofList
              ? Arrays.copyOfRange(value, valueOffset, valueOffset + valueLength)
              : Arrays.copyOfRange(field, fieldOffset, fieldOffset + fieldLength));
    }
  }
}
