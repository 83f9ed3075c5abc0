package io.trefoil.command;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Whether what is answered here is what Redis answers: the same bytes, but for what Redis itself
 * leaves open (chance, the order of what has none, time that passes) and for the {@link Difference
 * differences} that the command's row in the table tells of. One for each command that is run; made
 * before it runs.
 */
final class ReplyComparison {
  /** All that is later was said as a point in time, and all points in time are later. */
  private static final long YEAR_2100_MILLIS = 4_100_000_000_000L;

  private static final long TOLERANCE_MILLIS = 60_000;

  private static final String NO_ORDER =
      "SMEMBERS|HKEYS|HVALS|HGETALL|SINTER|SUNION|SDIFF|KEYS|SPOP|SORT|SORT_RO";
  private static final String BY_CHANCE = "SRANDMEMBER|HRANDFIELD|ZRANDMEMBER|RANDOMKEY|SPOP";
  private static final String OF_THE_CONNECTION = "HELLO|CLIENT|TIME|MEMORY";

  /** How Redis calls an encoding, and how it is called here. */
  private static final Map<String, Set<String>> ENCODINGS =
      Map.of(
          "listpack", Set.of("hashtable"),
          "intset", Set.of("hashtable"),
          "skiplist", Set.of("listpack"),
          "raw", Set.of("embstr", "int"),
          "embstr", Set.of("int"));

  private final CommandTable table;
  private final String[] words;
  private final String name;
  private final Set<Difference> used;

  /**
   * @param used gets the differences that were met
   */
  ReplyComparison(CommandTable table, String[] words, Set<Difference> used) {
    this.table = table;
    this.words = words;
    this.used = used;
    name = words[0].toUpperCase(Locale.ROOT);
  }

  /** Whether it is, of the two replies' bytes. */
  boolean same(byte[] ours, byte[] theirs) {
    return Arrays.equals(ours, theirs) || same(ReplyReader.read(ours), ReplyReader.read(theirs));
  }

  /** As above, of two replies. */
  boolean same(Reply ours, Reply theirs) {
    return ours.equals(theirs) || leftOpen(ours, theirs) || differs(ours, theirs);
  }

  // What Redis leaves open.

  private boolean leftOpen(Reply ours, Reply theirs) {
    if (name.matches(BY_CHANCE) && shape(ours).equals(shape(theirs))) {
      return true;
    }
    if (name.matches(OF_THE_CONNECTION) && shape(ours).equals(shape(theirs))) {
      return name.equals("TIME") || name.equals("HELLO") || words[1].matches("(?i)ID|USAGE");
    }
    if (name.matches(NO_ORDER) && sorted(ours).equals(sorted(theirs))) {
      return !name.startsWith("SORT") || has("BY");
    }
    return name.matches("P?TTL|P?EXPIRETIME") && isNear(ours, theirs);
  }

  private boolean has(String option) {
    return Arrays.stream(words).anyMatch(option::equalsIgnoreCase);
  }

  private boolean isNear(Reply ours, Reply theirs) {
    if (!(ours instanceof Reply.Whole a && theirs instanceof Reply.Whole b)) {
      return false;
    }
    long unit = name.startsWith("P") ? 1 : 1000;
    boolean passes = !name.endsWith("TIME") || b.value() < YEAR_2100_MILLIS / unit;
    boolean positive = a.value() > 0 && b.value() > 0;
    return passes && positive && Math.abs(a.value() - b.value()) <= TOLERANCE_MILLIS / unit;
  }

  /** What kind of reply it is, and how many items it has. */
  private static String shape(Reply reply) {
    if (reply instanceof Reply.Several several) {
      return several.kind()
          + several.items().stream().map(ReplyComparison::shape).toList().toString();
    }
    return reply instanceof Reply.Failure ? reply.toString() : reply.getClass().getSimpleName();
  }

  /** The items in one order; of what has names and values, in pairs. */
  private List<String> sorted(Reply reply) {
    if (!(reply instanceof Reply.Several several)) {
      return List.of(reply.toString());
    }
    int step = name.equals("HGETALL") ? 2 : 1;
    List<String> items = new ArrayList<>();
    for (int i = 0; i < several.items().size(); i += step) {
      items.add(several.items().subList(i, i + step).toString());
    }
    items.sort(null);
    items.add(0, several.kind().toString());
    return items;
  }

  // What the table tells of.

  private boolean differs(Reply ours, Reply theirs) {
    Set<Difference> told = told();
    String unsigned = unsigned(theirs);
    return met(told, Difference.ZERO_HAS_NO_SIGN, unsigned(ours).equals(unsigned))
        || met(told, Difference.ENCODING_OF_FIELDS, encodings(ours, theirs, "hashtable"))
        || met(told, Difference.ENCODING_AS_IT_IS, encodings(ours, theirs, ""))
        || met(told, Difference.REFCOUNT, ours.equals(new Reply.Whole(1)))
        || met(
            told, Difference.WORDS_ARE_BYTES, has("ALPHA") && sorted(ours).equals(sorted(theirs)))
        || met(told, Difference.IDLE_TIME, ours instanceof Reply.Failure)
        || met(told, Difference.COPY_DB, has("DB") && ours instanceof Reply.Failure)
        || met(told, Difference.TABLE_WITHOUT_ARGUMENTS, ours instanceof Reply.Several)
        || met(told, Difference.TABLE_WITHOUT_TIPS, ours instanceof Reply.Several)
        || met(told, Difference.WHO_ANSWERS, ours.equals(new Reply.Status("OK")));
  }

  private Set<Difference> told() {
    Command command = table.find(Args.of(words));
    return command == null ? Set.of() : command.differences();
  }

  private boolean met(Set<Difference> told, Difference difference, boolean holds) {
    boolean met = holds && told.contains(difference);
    if (met) {
      used.add(difference);
    }
    return met;
  }

  private static String unsigned(Reply reply) {
    if (reply instanceof Reply.Several several) {
      return several.kind()
          + several.items().stream().map(ReplyComparison::unsigned).toList().toString();
    }
    if (reply instanceof Reply.Real real) {
      return "Real " + (real.value() + 0.0);
    }
    return reply instanceof Reply.Bulk bulk && bulk.bytes().toString().equals("-0")
        ? "Bulk[bytes=0]"
        : reply.toString();
  }

  private static boolean encodings(Reply ours, Reply theirs, String here) {
    return ours instanceof Reply.Bulk a
        && theirs instanceof Reply.Bulk b
        && ENCODINGS.getOrDefault(b.bytes().toString(), Set.of()).contains(a.bytes().toString())
        && a.bytes().toString().endsWith(here);
  }

  /** A command as one would type it, its odd bytes told by their numbers. */
  static String shown(String... words) {
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      line.append(line.length() == 0 ? "" : " ");
      boolean plain = word.chars().allMatch(c -> c > ' ' && c < 127 && c != '"');
      line.append(plain && !word.isEmpty() ? word : '"' + escaped(word) + '"');
    }
    return line.toString();
  }

  private static String escaped(String word) {
    StringBuilder text = new StringBuilder();
    word.chars()
        .forEach(
            c -> {
              if (c >= ' ' && c < 127 && c != '"') {
                text.append((char) c);
              } else {
                text.append(String.format("\\x%02x", c));
              }
            });
    return text.toString();
  }

  static byte[] encoded(String... words) {
    byte[][] bytes =
        Arrays.stream(words)
            .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
            .toArray(byte[][]::new);
    return Args.of(bytes).encoded();
  }
}
