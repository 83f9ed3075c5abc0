package io.trefoil.node;

import io.trefoil.base.Position;
import io.trefoil.resp.Args;
import java.util.regex.Pattern;

/**
 * Which entries a {@code TAIL} wants.
 *
 * @param start whether from the oldest entry that is kept
 * @param from after which entry; null with {@code start}, and for what is committed from now on
 * @param count of entries, at most
 */
record TailQuery(String database, int partition, boolean start, Position from, int count) {
  static final int COUNT = 1_000;
  static final int MAX_COUNT = 10_000;

  private static final Pattern POSITION = Pattern.compile("\\d{1,18}:\\d{1,18}");

  private static final String SYNTAX =
      "it is TAIL database PARTITION p FROM position|START|END [COUNT n]";

  /** Either of both is null. */
  record Parsed(TailQuery query, String error) {}

  /** Reads a command's words; the query keeps none of them. */
  static Parsed parse(Args args) {
    boolean counts = args.count() == 8 && args.isWord(6, "COUNT");
    if (!counts && args.count() != 6 || !args.isWord(2, "PARTITION") || !args.isWord(4, "FROM")) {
      return refused(SYNTAX);
    }
    if (!args.parseLong(3) || args.parsed() < 0 || args.parsed() > Integer.MAX_VALUE) {
      return refused("PARTITION is followed by a partition's number, from 0");
    }
    int partition = (int) args.parsed();
    if (counts && (!args.parseLong(7) || args.parsed() < 1 || args.parsed() > MAX_COUNT)) {
      return refused("COUNT is followed by a number from 1 to " + MAX_COUNT);
    }
    int count = counts ? (int) args.parsed() : COUNT;
    boolean start = args.isWord(5, "START");
    boolean isPosition = args.length(5) < 40 && POSITION.matcher(args.text(5)).matches();
    if (!start && !args.isWord(5, "END") && !isPosition) {
      return refused("FROM is followed by a position, such as 4:1021, or START, or END");
    }
    Position from = isPosition ? Position.parse(args.text(5)) : null;
    return new Parsed(new TailQuery(args.text(1), partition, start, from, count), null);
  }

  private static Parsed refused(String error) {
    return new Parsed(null, "ERR TAIL: " + error);
  }
}
