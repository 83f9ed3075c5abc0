package io.trefoil.replication.leaderless;

import static io.trefoil.replication.leaderless.TestLeaderless.N1;
import static io.trefoil.replication.leaderless.TestLeaderless.N2;
import static io.trefoil.replication.leaderless.TestLeaderless.N3;
import static io.trefoil.replication.leaderless.TestLeaderless.N4;
import static io.trefoil.replication.leaderless.TestLeaderless.N5;
import static io.trefoil.replication.leaderless.TestLeaderless.ORIGIN;
import static io.trefoil.replication.leaderless.TestLeaderless.THREE;
import static io.trefoil.replication.leaderless.TestLeaderless.configured;
import static io.trefoil.replication.leaderless.TestLeaderless.recovered;
import static io.trefoil.replication.leaderless.TestLeaderless.shared;
import static io.trefoil.replication.leaderless.TestLeaderless.streaming;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.LeaderlessEffect.Differing;
import io.trefoil.replication.leaderless.LeaderlessEffect.Examine;
import io.trefoil.replication.leaderless.LeaderlessEffect.Informed;
import io.trefoil.replication.leaderless.LeaderlessEffect.Send;
import io.trefoil.replication.leaderless.LeaderlessMessage.Ask;
import io.trefoil.replication.leaderless.LeaderlessMessage.Shared;
import io.trefoil.replication.leaderless.LeaderlessMessage.Told;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Whom a coordinator asks, and when it has heard enough. */
class ReadingTest {
  private static final Bytes QUESTION = Bytes.utf8("what have you?");
  private static final Bytes OTHER = Bytes.utf8("something else");

  private static LeaderlessEvent.Asked asked(long id, int copies) {
    return new LeaderlessEvent.Asked(id, copies, QUESTION);
  }

  private static Send ask(NodeId to, long id) {
    return new Send(to, new Ask(id, 1, QUESTION));
  }

  private static Told same(long id) {
    return new Told(id, true, null);
  }

  private static Informed informed(long id) {
    return new Informed(id, List.of());
  }

  @Test
  void theOwnCopyIsOneOfThoseThatAreAsked() {
    TestLeaderless test = streaming();
    assertThat(test.step(asked(1, 1))).containsExactly(informed(1));
    assertThat(test.step(asked(2, 2))).containsExactly(ask(N2, 2));
    assertThat(test.receive(N2, same(2))).containsExactly(informed(2));
  }

  @Test
  void aCopyThatForgotSomethingAsksOthersInItsPlace() {
    TestLeaderless test = new TestLeaderless(recovered(0, new TreeMap<>(), false));
    test.step(new LeaderlessEvent.Configured(1, THREE));
    test.receive(N2, shared(0));
    test.receive(N3, shared(0));
    assertThat(test.replica().canRead(2)).isTrue();
    assertThat(test.replica().canRead(3)).isFalse();
    assertThat(test.step(asked(1, 2))).containsExactly(ask(N2, 1), ask(N3, 1));
    test.receive(N2, same(1));
    assertThat(test.step(new LeaderlessEvent.Whole())).containsExactly(informed(1));
  }

  @Test
  void whatDiffersIsHandedOver() {
    TestLeaderless test = streaming();
    test.step(asked(1, 3));
    test.receive(N3, new Told(1, true, OTHER));
    assertThat(test.receive(N2, same(1)))
        .containsExactly(new Informed(1, List.of(new Differing(N3, OTHER))));
    assertThat(test.receive(N2, same(1))).isEmpty();
  }

  /** It forgot something, but what it says is so. */
  @Test
  void anAnswerOfACopyThatDoesNotCountIsHandedOverAndNotCounted() {
    TestLeaderless test = streaming();
    test.step(asked(1, 2));
    assertThat(test.receive(N2, new Told(1, false, OTHER))).containsExactly(ask(N3, 1));
    assertThat(test.receive(N3, same(1)))
        .containsExactly(new Informed(1, List.of(new Differing(N2, OTHER))));
  }

  @Test
  void aCopyThatCountsMeanwhileIsAskedAgain() {
    TestLeaderless test = streaming();
    test.step(asked(1, 3));
    test.receive(N2, same(1));
    test.receive(N3, new Told(1, false, null));
    test.tick(10);
    assertThat(test.effects(Send.class)).isEmpty();
    test.receive(N3, shared(0));
    assertThat(test.tick(20)).containsExactly(ask(N3, 1));
    assertThat(test.receive(N3, same(1))).containsExactly(informed(1));
  }

  @Test
  void whoSaysTheSameThingTwiceIsCountedOnce() {
    TestLeaderless test = streaming();
    test.step(asked(1, 3));
    test.receive(N2, same(1));
    assertThat(test.receive(N2, same(1))).isEmpty();
    assertThat(test.receive(N3, same(1))).containsExactly(informed(1));
  }

  @Test
  void amongEqualsEachIsAskedForATick() {
    TestLeaderless test = streaming();
    assertThat(test.step(asked(1, 2))).containsExactly(ask(N2, 1));
    assertThat(test.step(asked(2, 2))).containsExactly(ask(N2, 2));
    test.tick(10);
    assertThat(test.step(asked(3, 2))).containsExactly(ask(N3, 3));
    assertThat(test.step(asked(4, 2))).containsExactly(ask(N3, 4));
    test.tick(20);
    assertThat(test.step(asked(5, 2))).containsExactly(ask(N2, 5));
  }

  @Test
  void theFasterOneIsAskedUntilTheOthersSlownessIsForgiven() {
    TestLeaderless test = streaming();
    test.step(asked(1, 3));
    test.receive(N3, same(1));
    test.tick(40);
    test.receive(N2, same(1));
    for (int id = 2; id < 5; id++) {
      assertThat(test.step(asked(id, 2))).containsExactly(ask(N3, id));
      test.receive(N3, same(id));
    }
    for (int beat = 1; beat < 20; beat++) {
      test.tick(40 + beat * 100);
      test.receive(N2, shared(0));
      test.receive(N3, shared(0));
    }
    test.step(asked(5, 2));
    test.step(asked(6, 2));
    assertThat(test.step(asked(7, 2))).isNotEqualTo(test.step(asked(8, 2)));
    assertThat(test.sentTo(N2).size() + test.sentTo(N3).size()).isEqualTo(1);
  }

  @Test
  void thoseThatCountAndAreThereAreAskedFirst() {
    TestLeaderless test = streaming();
    test.receive(N2, new Shared(ORIGIN, 0, false));
    assertThat(test.step(asked(1, 2))).containsExactly(ask(N3, 1));
    assertThat(test.step(asked(2, 2))).containsExactly(ask(N3, 2));
    test.step(new LeaderlessEvent.PeerLost(N3));
    assertThat(test.step(asked(3, 2))).containsExactly(ask(N2, 3));
  }

  @Test
  void whenOneIsLateAnotherIsAskedToo() {
    TestLeaderless test = streaming();
    test.step(asked(1, 2));
    assertThat(test.tick(49)).isEmpty();
    assertThat(test.tick(50)).containsExactly(ask(N3, 1));
    assertThat(test.tick(60)).isEmpty();
    assertThat(test.receive(N2, same(1))).containsExactly(informed(1));
    assertThat(test.receive(N3, same(1))).isEmpty();
  }

  @Test
  void whenNobodyIsLeftTheLateOnesAreAskedAgain() {
    TestLeaderless test = streaming();
    test.step(asked(1, 2));
    test.tick(50);
    test.tick(99);
    assertThat(test.sentTo(N2)).isEmpty();
    test.tick(100);
    assertThat(test.sentTo(N2)).contains(new Ask(1, 1, QUESTION));
  }

  @Test
  void whenOneIsLostOrRefusesAnotherIsAskedAtOnce() {
    TestLeaderless test = streaming();
    test.step(asked(1, 2));
    assertThat(test.step(new LeaderlessEvent.PeerLost(N2))).containsExactly(ask(N3, 1));
    TestLeaderless refused = streaming();
    refused.step(asked(1, 2));
    assertThat(refused.receive(N2, new LeaderlessMessage.Refused(2))).containsExactly(ask(N3, 1));
    assertThat(refused.step(asked(2, 2))).containsExactly(ask(N3, 2));
  }

  @Test
  void eachStandingConfigurationIsHeardAndOneInBothIsAskedFirst() {
    TestLeaderless test =
        configured(
            new Membership(
                List.of(
                    new Configuration(List.of(N1, N2, N4), 2),
                    new Configuration(List.of(N1, N4, N5), 2))));
    List.of(N2, N4, N5).forEach(id -> test.receive(id, shared(0)));
    assertThat(test.step(asked(1, 2))).containsExactly(ask(N4, 1));
    assertThat(test.receive(N4, same(1))).containsExactly(informed(1));
    test.step(asked(2, 3));
    assertThat(test.effects(Send.class)).containsOnly(ask(N2, 2), ask(N4, 2), ask(N5, 2));
    test.receive(N2, same(2));
    test.receive(N4, same(2));
    assertThat(test.receive(N5, same(2))).containsExactly(informed(2));
  }

  @Test
  void aReadGoesOnUnderTheNextConfiguration() {
    TestLeaderless test = streaming();
    test.step(asked(1, 2));
    test.step(new LeaderlessEvent.Configured(2, Membership.of(List.of(N1, N3, N4), 2)));
    assertThat(test.sentTo(N3)).contains(new Ask(1, 2, QUESTION));
    assertThat(test.receive(N2, same(1))).isEmpty();
    assertThat(test.receive(N3, same(1))).containsExactly(informed(1));
  }

  @Test
  void whatWasWithdrawnIsForgotten() {
    TestLeaderless test = streaming();
    test.step(asked(1, 2));
    test.step(new LeaderlessEvent.Withdrawn(1));
    assertThat(test.receive(N2, same(1))).isEmpty();
    assertThat(test.tick(60)).isEmpty();
  }

  @Test
  void aQuestionIsAnsweredWithWhatTheShellFinds() {
    TestLeaderless test = streaming();
    assertThat(test.receive(N2, new Ask(7, 1, QUESTION)))
        .containsExactly(new Examine(N2, 7, QUESTION));
    assertThat(test.step(new LeaderlessEvent.Examined(N2, 7, OTHER)))
        .containsExactly(new Send(N2, new Told(7, true, OTHER)));
  }
}
