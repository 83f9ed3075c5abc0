package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.Args;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** {@code ZADD} with its options, and {@code ZINCRBY}, which is one of them. */
final class ZAdd {
  /** Up to this, doubles are whole numbers exactly. */
  private static final double LARGEST_WHOLE = 1L << 53;

  static final String NOT_A_NUMBER = "ERR resulting score is not a number (NaN)";

  private final Call call;
  private final Args args;
  private boolean absentOnly;
  private boolean presentOnly;
  private boolean greaterOnly;
  private boolean lessOnly;
  private boolean countsChanged;
  private boolean increments;
  private int first = 2;
  private double[] scores;

  private int added;
  private int updated;
  private int repeated;

  /** Of the member looked at last, if it was not left as it is by an option. */
  private double result = Double.NaN;

  private ZAdd(Call call, boolean increments) {
    this.call = call;
    this.args = call.args();
    this.increments = increments;
  }

  /** Whether an option makes {@code ZADD} depend on what is there. */
  static boolean looksFirst(Args args) {
    for (int i = 2; i < args.count() && !isScore(args, i); i++) {
      if (!args.isWord(i, "CH")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isScore(Args args, int index) {
    return !Double.isNaN(score(args, index));
  }

  /** Whether {@code ZINCRBY} adds what can't be counted as a whole number. */
  static boolean addsFraction(Args args) {
    return isScore(args, 2) && !isWhole(score(args, 2));
  }

  private static boolean isWhole(double added) {
    return Math.rint(added) == added && Math.abs(added) <= LARGEST_WHOLE;
  }

  /**
   * Runs the command.
   *
   * @param increments whether a score is added to what is there, as by the option {@code INCR}
   */
  static void run(Call call, boolean increments) {
    ZAdd add = new ZAdd(call, increments);
    add.parseOptions();
    String conflict = add.conflict();
    if (conflict != null) {
      call.reply().error(conflict);
    } else if (add.parseScores()) {
      add.apply();
    }
  }

  private void parseOptions() {
    while (first < args.count() && parseOption(first)) {
      first++;
    }
  }

  private boolean parseOption(int at) {
    if (args.isWord(at, "NX")) {
      absentOnly = true;
    } else if (args.isWord(at, "XX")) {
      presentOnly = true;
    } else if (args.isWord(at, "CH")) {
      countsChanged = true;
    } else if (args.isWord(at, "INCR")) {
      increments = true;
    } else if (args.isWord(at, "GT")) {
      greaterOnly = true;
    } else if (args.isWord(at, "LT")) {
      lessOnly = true;
    } else {
      return false;
    }
    return true;
  }

  /** What is wrong with the words, in the order in which Redis looks; null when nothing is. */
  private String conflict() {
    int words = args.count() - first;
    if (words == 0 || words % 2 != 0) {
      return Errors.SYNTAX;
    }
    if (absentOnly && presentOnly) {
      return "ERR XX and NX options at the same time are not compatible";
    }
    if (greaterOnly && absentOnly || lessOnly && absentOnly || greaterOnly && lessOnly) {
      return "ERR GT, LT, and/or NX options at the same time are not compatible";
    }
    return increments && words > 2
        ? "ERR INCR option supports a single increment-element pair"
        : null;
  }

  /** Reads all scores before any is used; false when the reply is an error. */
  private boolean parseScores() {
    scores = new double[(args.count() - first) / 2];
    for (int i = 0; i < scores.length; i++) {
      int at = first + 2 * i;
      scores[i] = score(args, at);
      if (Double.isNaN(scores[i])) {
        call.reply().error(Errors.NOT_A_FLOAT);
        return false;
      }
    }
    return true;
  }

  /** An argument that is a number; NaN when it is none. */
  static double score(Args args, int index) {
    return args.parseLong(index)
        ? args.parsed()
        : CDouble.parse(args.array(), args.offset(index), args.length(index));
  }

  private void apply() {
    Fields members = call.fields(CellType.ZSET);
    members.expect(() -> call.arguments(first + 1, 2), this::places);
    for (int i = 0; i < scores.length; i++) {
      if (!apply(members, first + 2 * i + 1, scores[i])) {
        call.reply().error(NOT_A_NUMBER);
        return;
      }
    }
    if (added + updated + repeated > 0) {
      members.save();
    }
    reply();
  }

  /** Where the members come in the order, unless an option leaves them where they are. */
  private Stream<byte[]> places() {
    return increments ? Stream.empty() : IntStream.range(0, scores.length).mapToObj(this::place);
  }

  private byte[] place(int number) {
    byte[] member = args.copy(first + 2 * number + 1);
    byte[] place = new byte[Score.BYTES + member.length];
    Score.write(scores[number], place, 0);
    System.arraycopy(member, 0, place, Score.BYTES, member.length);
    return place;
  }

  /** Returns false when the sum is no number; there is one member only then. */
  private boolean apply(Fields members, int index, double score) {
    if (!call.findField(members, index)) {
      if (!presentOnly) {
        put(members, index, score, score);
        added++;
      }
      return true;
    }
    if (absentOnly) {
      return true;
    }
    double before = readScore(call, members);
    double after = increments ? before + score : score;
    if (Double.isNaN(after)) {
      return false;
    }
    if (lessOnly && after >= before || greaterOnly && after <= before) {
      return true;
    }
    result = after;
    if (after != before) {
      put(members, index, score, after);
      updated++;
    } else if (members.repeatsMatter()) {
      put(members, index, score, after);
      repeated++;
    }
    return true;
  }

  /**
   * @param given the score that the command has for the member
   * @param score what the member's is then
   */
  private void put(Fields members, int index, double given, double score) {
    byte[] value = call.scratch(Score.BYTES);
    Score.write(score, value, 0);
    int offset = args.offset(index);
    int length = args.length(index);
    if (increments && isWhole(given)) {
      members.add(args.array(), offset, length, (long) given, value, 0, Score.BYTES);
    } else {
      members.put(args.array(), offset, length, value, 0, Score.BYTES);
    }
    result = score;
  }

  /** The score of the member found last. */
  static double readScore(Call call, Fields members) {
    byte[] value = call.scratch(Score.BYTES);
    members.copyValue(0, value, 0, Score.BYTES);
    return Score.read(value, 0);
  }

  private void reply() {
    if (!increments) {
      call.reply().integer(countsChanged ? added + updated : added);
    } else if (Double.isNaN(result)) {
      call.reply().nil();
    } else {
      call.reply().doubleValue(result + 0.0); // zero has no sign
    }
  }
}
