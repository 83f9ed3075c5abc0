package io.trefoil.command;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Runs commands here at once and on Redis in batches, and compares the replies. Both begin empty.
 *
 * <p>What takes members by chance is compared by how many it took, and given back on both; what
 * iterates is compared by all that it came past.
 */
final class BothServers {
  private static final int BATCH = 200;
  private static final int MAX_STEPS = 1000;

  /** A reply that differs. */
  record Found(int index, String[] words, String ours, String theirs) {}

  private record Sent(int index, String[] words, byte[] reply, ReplyComparison comparison) {}

  private final OnePartition ours = new OnePartition();
  private final RealRedis.Connection theirs;
  private final Set<Difference> used = EnumSet.noneOf(Difference.class);
  private final List<Sent> sent = new ArrayList<>();
  private final List<String[]> queued = new ArrayList<>();
  private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
  private Optional<Found> found = Optional.empty();
  private int count;

  BothServers(RealRedis.Connection theirs) {
    this.theirs = theirs;
    theirs.run("RESET");
    theirs.run("FLUSHALL");
  }

  /** Whether commands are queued now. */
  boolean inTransaction() {
    return ours.session.queues();
  }

  /** The first reply that differs; empty while there is none. */
  Optional<Found> found() {
    return found;
  }

  /** The differences that the table tells of and that were met. */
  Set<Difference> differencesMet() {
    return used;
  }

  /** Runs a command, unless what it does is left open by Redis. */
  void run(String... words) {
    String name = words[0].toUpperCase(Locale.ROOT);
    if (isLeftOpen(name, words)) {
      return;
    }
    ours.cells.setNowMillis(System.currentTimeMillis());
    int index = count++;
    if (name.equals("DBSIZE") && !inTransaction()) {
      // Redis counts what has expired until somebody looks.
      send(index, AllCommands.lookingAtAll());
    }
    if (name.matches("[HSZ]?SCAN") && !inTransaction()) {
      scan(index, words);
    } else if (name.equals("SPOP") && !inTransaction()) {
      pop(index, words);
    } else {
      send(index, words);
    }
  }

  /** Compares what has been run; returns Redis's last reply. */
  byte[] flush() {
    byte[] replies = theirs.send(batch.toByteArray(), sent.size());
    byte[] last = {};
    int at = 0;
    for (Sent each : sent) {
      int end = ReplyReader.end(replies, at);
      last = Arrays.copyOfRange(replies, at, end);
      compare(each, last);
      at = end;
    }
    sent.clear();
    batch.reset();
    return last;
  }

  private byte[] send(int index, String[] words) {
    ReplyComparison comparison = new ReplyComparison(ours.table, words, used);
    byte[] encoded = ReplyComparison.encoded(words);
    byte[] reply = answer(encoded);
    sent.add(new Sent(index, words, reply, comparison));
    batch.writeBytes(encoded);
    if (sent.size() >= BATCH) {
      flush();
    }
    return reply;
  }

  private byte[] answer(byte[] encoded) {
    try {
      return ours.send(encoded);
    } catch (RuntimeException e) {
      return ("-THROWN " + e + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  private void compare(Sent each, byte[] reply) {
    String name = each.words[0].toUpperCase(Locale.ROOT);
    boolean same =
        name.equals("EXEC") && each.reply[0] == '*' && reply[0] == '*'
            ? sameTransaction(ReplyReader.read(each.reply), ReplyReader.read(reply))
            : each.comparison.same(each.reply, reply);
    if (!same) {
      differ(each.index, each.words, each.reply, reply);
    }
    note(each.words, reply);
  }

  private void differ(int index, String[] words, byte[] our, byte[] their) {
    if (found.isEmpty()) {
      found = Optional.of(new Found(index, words, latin1(our), latin1(their)));
    }
  }

  private static String latin1(byte[] reply) {
    return new String(reply, StandardCharsets.ISO_8859_1);
  }

  // Transactions.

  private void note(String[] words, byte[] reply) {
    if (latin1(reply).equals("+QUEUED\r\n")) {
      queued.add(words);
    } else if (words[0].toUpperCase(Locale.ROOT).matches("EXEC|DISCARD|RESET")) {
      queued.clear();
    }
  }

  private boolean sameTransaction(Reply our, Reply their) {
    List<Reply> ourItems = ((Reply.Several) our).items();
    List<Reply> theirItems = ((Reply.Several) their).items();
    if (ourItems.size() != theirItems.size() || theirItems.size() != queued.size()) {
      return false;
    }
    for (int i = 0; i < queued.size(); i++) {
      ReplyComparison comparison = new ReplyComparison(ours.table, queued.get(i), used);
      if (!comparison.same(ourItems.get(i), theirItems.get(i))) {
        return false;
      }
    }
    return true;
  }

  // What is left open.

  /** Whether what is stored, or which part is answered, depends on an order that is none. */
  private boolean isLeftOpen(String name, String[] words) {
    if (inTransaction() && !AllCommands.isPlain(name)) {
      return true;
    }
    Set<String> options = new HashSet<>();
    for (String word : words) {
      options.add(word.toUpperCase(Locale.ROOT));
    }
    if (name.contains("LEX") || options.contains("BYLEX")) {
      String source = words[Math.min(name.equals("ZRANGESTORE") ? 2 : 1, words.length - 1)];
      return inTransaction() || !hasOneScore(source);
    }
    if (name.matches("[HSZ]?SCAN")) {
      // A cursor that no scan gave.
      int cursor = name.equals("SCAN") ? 1 : 2;
      return words.length > cursor && words[cursor].matches("-?0*[1-9][0-9]*");
    }
    if (name.equals("COPY")) {
      return options.contains("DB") && !String.join(" ", words).matches("(?i).* DB 1( REPLACE)*");
    }
    return name.startsWith("SORT") && words.length > 1 && isLeftOpen(options, words[1]);
  }

  /** Whether a part of what has no order is asked for, or it is stored. */
  private boolean isLeftOpen(Set<String> sortOptions, String key) {
    boolean stored = sortOptions.contains("STORE");
    boolean cut = sortOptions.contains("LIMIT");
    boolean alpha = sortOptions.contains("ALPHA");
    if (sortOptions.contains("BY")) {
      boolean ofSet = ours.run("TYPE", key).equals("+set\r\n");
      return (stored || cut) && (alpha || ofSet);
    }
    return cut && alpha && !stored && ours.run("SORT_RO", key, "ALPHA").contains("\0");
  }

  /** Else Redis says nothing of ranges of names. */
  private boolean hasOneScore(String key) {
    String all = ours.run("ZCARD", key);
    String first = ours.run("ZRANGE", key, "0", "0", "WITHSCORES");
    String[] lines = first.split("\r\n");
    String score = lines[lines.length - 1].replace(",", "");
    return !all.startsWith(":") || ours.run("ZCOUNT", key, score, score).equals(all);
  }

  private void pop(int index, String[] words) {
    flush();
    long size = words.length < 2 ? 0 : members(ours.run("SCARD", words[1]));
    byte[] our = send(index, words);
    byte[] their = flush();
    long taken = taken(our).size();
    if (taken > 0 && taken < size) {
      giveBack(words[1], our, their);
    }
  }

  private static long members(String reply) {
    return reply.startsWith(":") ? Long.parseLong(reply.substring(1).strip()) : 0;
  }

  private static List<Reply> taken(byte[] reply) {
    Reply read = ReplyReader.read(reply);
    if (read instanceof Reply.Several several) {
      return several.items();
    }
    return read instanceof Reply.Bulk ? List.of(read) : List.of();
  }

  private void giveBack(String key, byte[] our, byte[] their) {
    ours.send(ReplyComparison.encoded(adding(key, taken(our))));
    theirs.send(ReplyComparison.encoded(adding(key, taken(their))), 1);
  }

  private static String[] adding(String key, List<Reply> members) {
    List<String> words = new ArrayList<>(List.of("SADD", key));
    members.forEach(member -> words.add(latin1(((Reply.Bulk) member).bytes().toArray())));
    return words.toArray(String[]::new);
  }

  // Iterations.

  private interface Server {
    byte[] answer(byte[] command);
  }

  private void scan(int index, String[] words) {
    flush();
    Iteration our = new Iteration(words, this::answer);
    Iteration their = new Iteration(words, bytes -> theirs.send(bytes, 1));
    if (!our.items.equals(their.items) && !sameNumbers(words, our, their)) {
      differ(index, words, our.reply, their.reply);
    } else if (our.steps > their.steps && told(words).contains(Difference.SCAN_STEPS)) {
      used.add(Difference.SCAN_STEPS);
    }
  }

  private boolean sameNumbers(String[] words, Iteration our, Iteration their) {
    Set<Difference> differences =
        EnumSet.of(Difference.SCORES_OF_SMALL_SETS, Difference.ZERO_HAS_NO_SIGN);
    boolean same = told(words).containsAll(differences) && our.numbered().equals(their.numbered());
    if (same) {
      used.addAll(differences);
    }
    return same;
  }

  private Set<Difference> told(String[] words) {
    Command command = ours.table.find(Args.of(words));
    return command == null ? Set.of() : command.differences();
  }

  /** All that a scan comes past, or its first reply if that is no step. */
  private static final class Iteration {
    private final Set<String> items = new HashSet<>();
    private byte[] reply;
    private int steps;

    /** With scores as numbers, however they are written, and zero without its sign. */
    Set<String> numbered() {
      return items.stream().map(Iteration::numbered).collect(Collectors.toSet());
    }

    private static String numbered(String item) {
      int score = item.lastIndexOf('=') + 1;
      int end = item.indexOf(']', score);
      if (end < 0) {
        return item; // an error
      }
      String number = item.substring(score, end).replace("inf", "Infinity");
      return item.substring(0, score) + (Double.parseDouble(number) + 0.0);
    }

    Iteration(String[] words, Server server) {
      boolean ofKeys = words[0].equalsIgnoreCase("SCAN");
      int pair = words[0].equalsIgnoreCase("SSCAN") || ofKeys ? 1 : 2;
      String[] step = words.clone();
      String cursor;
      do {
        reply = server.answer(ReplyComparison.encoded(step));
        if (reply[0] != '*') {
          items.add(latin1(reply));
          return;
        }
        List<Reply> parts = ((Reply.Several) ReplyReader.read(reply)).items();
        cursor = ((Reply.Bulk) parts.get(0)).bytes().toString();
        List<Reply> found = ((Reply.Several) parts.get(1)).items();
        for (int i = 0; i < found.size(); i += pair) {
          items.add(found.subList(i, i + pair).toString());
        }
        step[ofKeys ? 1 : 2] = cursor;
        steps++;
      } while (!cursor.equals("0") && steps < MAX_STEPS);
    }
  }
}
