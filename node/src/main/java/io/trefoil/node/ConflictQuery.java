package io.trefoil.node;

import io.trefoil.command.Glob;
import io.trefoil.resp.Args;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which conflicts somebody wants: the words after the database.
 *
 * @param region that wrote the hidden value; null for any
 * @param sinceMillis log time of the merge
 */
record ConflictQuery(Glob key, String region, long sinceMillis, int count)
    implements Predicate<ConflictRecord> {
  private static final int COUNT = 100;
  static final int MAX_COUNT = 10_000;

  private static final String SYNTAX =
      "after the database come KEY pattern, REGION region, SINCE ms-since-1970 and COUNT n";

  /** Either of both is null. */
  record Parsed(ConflictQuery query, String error) {}

  /** Reads the words from number {@code from} on; the query keeps them. */
  static Parsed parse(Args args, int from) {
    ConflictQuery query = new ConflictQuery(null, null, 0, COUNT);
    for (int i = from; i < args.count(); i += 2) {
      if (i + 1 == args.count()) {
        return refused("'" + printable(args.text(i)) + "' lacks what it is followed by; " + SYNTAX);
      }
      Optional<String> wrongNumber = wrongNumber(args, i);
      if (wrongNumber.isPresent()) {
        return refused(wrongNumber.get());
      }
      query = query.with(args, i);
      if (query == null) {
        return refused("unknown word '" + printable(args.text(i)) + "'; " + SYNTAX);
      }
    }
    return new Parsed(query, null);
  }

  private static Optional<String> wrongNumber(Args args, int at) {
    boolean isNumber = args.parseLong(at + 1);
    long number = args.parsed();
    if (args.isWord(at, "COUNT") && (!isNumber || number < 1 || number > MAX_COUNT)) {
      return Optional.of("COUNT is followed by a number from 1 to " + MAX_COUNT);
    }
    if (args.isWord(at, "SINCE") && (!isNumber || number < 0)) {
      return Optional.of("SINCE is followed by milliseconds since 1970");
    }
    return Optional.empty();
  }

  /** With the filter at a word, or null when it is none. */
  private ConflictQuery with(Args args, int at) {
    if (args.isWord(at, "KEY")) {
      return new ConflictQuery(Glob.of(args, at + 1), region, sinceMillis, count);
    } else if (args.isWord(at, "REGION")) {
      return new ConflictQuery(key, args.text(at + 1), sinceMillis, count);
    } else if (args.isWord(at, "SINCE")) {
      return new ConflictQuery(key, region, args.parsed(), count);
    } else if (args.isWord(at, "COUNT")) {
      return new ConflictQuery(key, region, sinceMillis, (int) args.parsed());
    }
    return null;
  }

  private static Parsed refused(String error) {
    return new Parsed(null, "ERR CONFLICTS: " + error);
  }

  static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }

  @Override
  public boolean test(ConflictRecord conflict) {
    byte[] name = conflict.key().begin().array();
    return conflict.whenMillis() >= sinceMillis
        && (region == null || conflict.loser().region().equals(region))
        && (key == null || key.matches(name, 0, name.length));
  }
}
