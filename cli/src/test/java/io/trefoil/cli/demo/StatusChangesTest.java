package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.SampleStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusChangesTest {
  private static final ClusterStatus BEFORE = SampleStatus.parsed();

  private static List<String> after(String part, String changed) {
    String json = SampleStatus.json();
    assertThat(json).contains(part);
    return StatusChanges.between(BEFORE, ClusterStatus.parse(json.replace(part, changed)));
  }

  @Test
  void nothingChangedIsNoEvent() {
    assertThat(StatusChanges.between(BEFORE, SampleStatus.parsed())).isEmpty();
  }

  @Test
  void aNewLeaderIsNamedWithItsEpochAndTheFormerOne() {
    assertThat(after("\"epoch\":12,\"leader\":\"n1\"", "\"epoch\":13,\"leader\":\"n2\""))
        .containsExactly("database 0: n2 leads, epoch 13 (before: n1)");
  }

  @Test
  void theSameLeaderAgainIsAnEventToo() {
    assertThat(after("\"epoch\":12", "\"epoch\":14"))
        .containsExactly("database 0: n1 leads, epoch 14");
  }

  @Test
  void aStateIsToldWithItsReason() {
    assertThat(after("\"serving\",\"reason\":\"\"", "\"halted\",\"reason\":\"n3 is away\""))
        .containsExactly("database 0: halted, n3 is away");
  }

  @Test
  void aDatabaseThatAppearsAndAnotherControllerAreEvents() {
    assertThat(after("\"number\":1,\"name\":\"orders\"", "\"number\":2,\"name\":\"carts\""))
        .containsExactly("database 2 carts was created");
    assertThat(after("\"controller\":\"n1\"", "\"controller\":\"n3\""))
        .containsExactly("n3 is the controller now");
  }

  @Test
  void theRulesGoRoundOneDatabase() {
    assertThat(CommitRule.ASYNC.alteration())
        .startsWith("DATABASE", "ALTER", "0")
        .containsSubsequence("COMMIT", "ASYNC");
    assertThat(CommitRule.databaseIn(BEFORE)).isPresent();
    assertThat(CommitRule.ASYNC.next()).isEqualTo(CommitRule.MAJORITY);
    assertThat(CommitRule.MAJORITY.isWeakerThan(CommitRule.SYNC)).isTrue();
    assertThat(CommitRule.SYNC.isWeakerThan(CommitRule.MAJORITY)).isFalse();
  }
}
