package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ExplanationTest {
  private static final String FULL = "answered by n2 (follower), position 4:120, 3 ms old";

  @Test
  void saysWhoAnsweredFromResp2sRow() {
    assertThat(
            Explanation.of(
                row("node", "n2", "role", "follower", "position", "4:120", "age_ms", "3")))
        .isEqualTo(FULL);
  }

  @Test
  void saysWhoAnsweredFromResp3sMap() {
    Reply reply =
        new Reply.Pairs(
            List.of(
                pair("age_ms", new Reply.Int(3)),
                pair("node", Reply.BulkString.of("n2")),
                pair("role", Reply.BulkString.of("follower")),
                pair("position", Reply.BulkString.of("4:120"))));
    assertThat(Explanation.of(reply)).isEqualTo(FULL);
  }

  @Test
  void keepsWhatItDoesNotKnowAndDoesWithoutWhatIsMissing() {
    assertThat(Explanation.of(row("node", "n1", "level", "session")))
        .isEqualTo("answered by n1, level session");
  }

  @Test
  void saysWhenTheServerDoesNotKnowTheCommand() {
    assertThat(Explanation.of(new Reply.Failure("ERR unknown command 'CONSISTENCY'")))
        .contains("does not know CONSISTENCY LAST");
    assertThat(Explanation.of(new Reply.Failure("ERR no command yet"))).contains("no command yet");
    assertThat(Explanation.of(new Reply.Nil())).contains("nothing");
  }

  private static Reply row(String... words) {
    return new Reply.Items(
        Reply.Items.Kind.ARRAY,
        Stream.of(words).map(Reply.BulkString::of).collect(Collectors.toList()));
  }

  private static Reply.Pair pair(String key, Reply value) {
    return new Reply.Pair(Reply.BulkString.of(key), value);
  }
}
