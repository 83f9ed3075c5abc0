package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PickedFieldsTest {
  private static final int TIMES_EACH = 60;

  private final OnePartition server = new OnePartition();

  private List<String> run(String... words) {
    byte[] reply = server.run(words).getBytes(StandardCharsets.ISO_8859_1);
    return ((Reply.Several) ReplyReader.read(reply)).items().stream().map(Reply::toString).toList();
  }

  private void addMembers(int members) {
    for (int i = 0; i < members; i++) {
      server.run("SADD", "s", "m" + i);
    }
  }

  /** The ways to pick: by chance, some of all, of a list; different ones, and repeated ones. */
  @ParameterizedTest
  @CsvSource({
    "200, 1",
    "200, 20",
    "200, 100",
    "100, 10",
    "3, 2",
    "200, -1",
    "200, -20",
    "200, -100"
  })
  void everyMemberIsPickedAsOftenAsAnyOther(int members, int count) {
    addMembers(members);
    Map<String, Integer> picked = new TreeMap<>();
    int rounds = members * TIMES_EACH / Math.abs(count);
    for (int i = 0; i < rounds; i++) {
      List<String> some = run("SRANDMEMBER", "s", Integer.toString(count));
      assertThat(some).hasSize(Math.abs(count));
      if (count > 0) {
        assertThat(new HashSet<>(some)).hasSize(count);
      }
      some.forEach(member -> picked.merge(member, 1, Integer::sum));
    }
    assertThat(picked).hasSize(members);
    double distance = 0;
    for (int times : picked.values()) {
      distance += Math.pow(times - TIMES_EACH, 2) / TIMES_EACH;
    }
    // Chi-squared: its mean is about the count, its deviation the root of twice that.
    assertThat(distance).isLessThan(members + 4 * Math.sqrt(2.0 * members));
  }

  @Test
  void asManyAsNoReplyCanHoldAreRefusedAtOnce() {
    addMembers(3);
    for (String command :
        List.of("SRANDMEMBER s -9223372036854775807", "SRANDMEMBER s -22369622")) {
      assertThat(server.run(command.split(" ")))
          .startsWith("-ERR the key's fields are more than 128 MB together");
    }
    server.run("HSET", "h", "f", "v");
    assertThat(server.run("HRANDFIELD", "h", "-4611686018427387903", "WITHVALUES"))
        .startsWith("-ERR the key's fields are more than 128 MB together");
  }

  @Test
  void aReplyThatGrowsTooLargeIsRefused() {
    server.run("HSET", "h", "f", "v".repeat(1 << 20));
    assertThat(server.run("HRANDFIELD", "h", "-129", "WITHVALUES"))
        .isEqualTo(
            "-ERR the key's fields are more than 128 MB together, too much for one command; read or"
                + " write them by name\r\n");
    assertThat(run("HRANDFIELD", "h", "-100", "WITHVALUES")).hasSize(200);
  }
}
