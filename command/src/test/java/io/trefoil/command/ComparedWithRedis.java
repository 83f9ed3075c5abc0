package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Runs the same bytes here and on a real Redis 7.0 and asks for the same bytes back. */
abstract class ComparedWithRedis {
  private static RealRedis redis;

  OnePartition ours;
  RealRedis.Connection theirs;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    redis = RealRedis.start(folder);
  }

  @AfterAll
  static void stop() {
    if (redis != null) {
      redis.close();
    }
  }

  @BeforeEach
  void connect() throws IOException {
    ours = new OnePartition();
    theirs = redis.connect();
    theirs.run("FLUSHALL");
    // Both judge expiry by the same time, give or take: the tests use times far from now.
    ours.cells.setNowMillis(System.currentTimeMillis());
  }

  void same(String... words) {
    assertThat(ours.run(words)).as(String.join(" ", words)).isEqualTo(theirs.run(words));
  }

  /** Runs a script: a command a line, its words parted by spaces, {@code ''} the empty word. */
  final void sameScript(String script) {
    script
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .forEach(line -> same(words(line)));
  }

  /** From here on both answer in RESP2 or RESP3. */
  final void speak(int protocol) {
    ours.run("HELLO", Integer.toString(protocol));
    theirs.run("HELLO", Integer.toString(protocol));
  }

  private static final String WITHOUT_ORDER =
      "(SMEMBERS|HKEYS|HVALS|HGETALL|SINTER|SUNION|SDIFF|SPOP|SRANDMEMBER|HRANDFIELD|SSCAN|HSCAN)"
          + " .*";

  /** A reply in one order where Redis promises none: fields with their values, or members. */
  static String ordered(String command, String reply) {
    if (!command.matches(WITHOUT_ORDER)) {
      return reply;
    }
    Reply read = ReplyReader.read(reply.getBytes(StandardCharsets.ISO_8859_1));
    if (!(read instanceof Reply.Several list)) {
      return reply;
    }
    boolean scan = command.matches("[HS]SCAN .*");
    boolean flat = scan || !command.startsWith("HRANDFIELD") || isFlat(list);
    boolean pairs = flat && command.matches("(HGETALL|HSCAN|HRANDFIELD .* WITHVALUES).*");
    if (!scan) {
      return list.kind() + " " + sorted(list, pairs);
    }
    return list.items().get(0) + " " + sorted((Reply.Several) list.items().get(1), pairs);
  }

  private static boolean isFlat(Reply.Several list) {
    return list.items().stream().noneMatch(item -> item instanceof Reply.Several);
  }

  private static List<String> sorted(Reply.Several list, boolean pairs) {
    List<String> items = new ArrayList<>();
    for (int i = 0; i < list.items().size(); i += pairs ? 2 : 1) {
      items.add(list.items().subList(i, i + (pairs ? 2 : 1)).toString());
    }
    items.sort(null);
    return items;
  }

  /** The items of a reply that is a list of lists or of bulk strings. */
  static List<Reply> items(String reply) {
    byte[] bytes = reply.getBytes(StandardCharsets.ISO_8859_1);
    return ((Reply.Several) ReplyReader.read(bytes)).items();
  }

  static String text(Reply bulk) {
    return ((Reply.Bulk) bulk).bytes().toString();
  }

  /** Redis has a new connection; what it had done to the old one is over. */
  final void reconnect() throws IOException {
    theirs.close();
    theirs = redis.connect();
  }

  final void sameInAnyOrder(String... words) {
    String command = String.join(" ", words);
    assertThat(ordered(command, ours.run(words)))
        .as(command)
        .isEqualTo(ordered(command, theirs.run(words)));
  }

  /** As {@link #sameScript}, for replies in which the order of what is listed may differ. */
  final void sameScriptInAnyOrder(String script) {
    script
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .forEach(line -> sameInAnyOrder(words(line)));
  }

  static String[] words(String line) {
    return Arrays.stream(line.strip().split(" +"))
        .map(word -> word.equals("''") ? "" : word)
        .toArray(String[]::new);
  }

  /** Every reply's bytes, as a text. */
  static List<String> replies(byte[] stream) {
    List<String> replies = new ArrayList<>();
    ReplyReader reader = new ReplyReader(1 << 26);
    int start = 0;
    for (int end = 1; end <= stream.length; end++) {
      reader.feed(stream, end - 1, 1);
      if (reader.next().isPresent()) {
        replies.add(new String(stream, start, end - start, StandardCharsets.ISO_8859_1));
        start = end;
      }
    }
    return replies;
  }
}
