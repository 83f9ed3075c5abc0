package io.trefoil.replication.leaderless;

import static io.trefoil.replication.leaderless.TestLeaderless.N2;
import static io.trefoil.replication.leaderless.TestLeaderless.THREE;
import static io.trefoil.replication.leaderless.TestLeaderless.body;
import static io.trefoil.replication.leaderless.TestLeaderless.entries;
import static io.trefoil.replication.leaderless.TestLeaderless.lacking;
import static io.trefoil.replication.leaderless.TestLeaderless.recovered;
import static io.trefoil.replication.leaderless.TestLeaderless.shared;
import static io.trefoil.replication.leaderless.TestLeaderless.streaming;
import static io.trefoil.replication.leaderless.TestLeaderless.theirs;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.replication.leaderless.LeaderlessReplica.Recovered;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A kind of event or message that nobody handles is the classic bug of a protocol. */
class EveryLeaderlessEventTest {
  /** A replica in a state in which the event must do something. */
  record Case(Supplier<TestLeaderless> replica, LeaderlessEvent event) {
    @Override
    public String toString() {
      return event instanceof LeaderlessEvent.Received received
          ? received.message().toString()
          : event.toString();
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(TestLeaderless::streaming, new LeaderlessEvent.Tick(100)),
        new Case(TestLeaderless::streaming, new LeaderlessEvent.PeerLost(N2)),
        new Case(EveryLeaderlessEventTest::fresh, new LeaderlessEvent.Configured(1, THREE)),
        new Case(TestLeaderless::streaming, new LeaderlessEvent.Proposed(1, body(1), 0, 1)),
        new Case(TestLeaderless::streaming, new LeaderlessEvent.Kept(1, body(1), 0, 1)),
        new Case(EveryLeaderlessEventTest::written, new LeaderlessEvent.Stable(1)),
        new Case(EveryLeaderlessEventTest::reading, new LeaderlessEvent.LogRead(N2, 1, null, 3)),
        new Case(TestLeaderless::streaming, new LeaderlessEvent.Asked(1, 2, Bytes.EMPTY)),
        new Case(EveryLeaderlessEventTest::asking, new LeaderlessEvent.Withdrawn(1)),
        new Case(TestLeaderless::streaming, new LeaderlessEvent.Examined(N2, 1, null)),
        new Case(EveryLeaderlessEventTest::forgetful, new LeaderlessEvent.Whole()),
        received(TestLeaderless::streaming, theirs(1, entries(1, 1))),
        received(EveryLeaderlessEventTest::stable, shared(1)),
        received(EveryLeaderlessEventTest::stable, lacking(2, 0)),
        received(EveryLeaderlessEventTest::asking, new LeaderlessMessage.Refused(2)),
        received(TestLeaderless::streaming, new LeaderlessMessage.Ask(1, 1, Bytes.EMPTY)),
        received(EveryLeaderlessEventTest::asking, new LeaderlessMessage.Told(1, true, null)));
  }

  private static Case received(Supplier<TestLeaderless> replica, LeaderlessMessage message) {
    return new Case(replica, new LeaderlessEvent.Received(N2, message));
  }

  private static TestLeaderless fresh() {
    return new TestLeaderless(Recovered.empty());
  }

  private static TestLeaderless forgetful() {
    return new TestLeaderless(recovered(0, new TreeMap<>(), false));
  }

  private static TestLeaderless written() {
    TestLeaderless test = streaming();
    test.propose(1);
    return test;
  }

  private static TestLeaderless stable() {
    TestLeaderless test = streaming();
    test.write(1);
    return test;
  }

  private static TestLeaderless asking() {
    TestLeaderless test = streaming();
    test.step(new LeaderlessEvent.Asked(1, 2, Bytes.EMPTY));
    return test;
  }

  private static TestLeaderless reading() {
    TestLeaderless test = streaming();
    test.forgetMemoryBelow(100);
    test.write(3);
    return test;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyEventDoesSomethingInSomeState(Case it) {
    TestLeaderless test = it.replica().get();
    String before = stateOf(test);
    boolean silent = test.step(it.event()).isEmpty() && stateOf(test).equals(before);
    assertThat(silent).as("nothing came of it").isFalse();
  }

  private static String stateOf(TestLeaderless test) {
    return test.replica() + " " + test.replica().peers() + test.replica().openReads();
  }

  @Test
  void noKindOfEventOrMessageIsLeftOut() {
    List<Class<?>> events = cases().<Class<?>>map(it -> it.event().getClass()).toList();
    List<Class<?>> messages =
        cases()
            .map(Case::event)
            .filter(LeaderlessEvent.Received.class::isInstance)
            .<Class<?>>map(event -> ((LeaderlessEvent.Received) event).message().getClass())
            .toList();
    assertThat(events).containsAll(Arrays.asList(LeaderlessEvent.class.getPermittedSubclasses()));
    assertThat(messages)
        .containsAll(Arrays.asList(LeaderlessMessage.class.getPermittedSubclasses()));
  }

  /** Late, repeated, or of a time before the start: a replica ignores it. */
  @ParameterizedTest
  @MethodSource("cases")
  void noMessageStopsAReplicaInAnotherState(Case it) {
    if (it.event() instanceof LeaderlessEvent.Received) {
      for (TestLeaderless test : List.of(fresh(), forgetful(), stable(), asking(), reading())) {
        boolean confirmsWhatWasNotWritten =
            it.toString().startsWith("Shared") && test.replica().stableIndex() == 0;
        if (!confirmsWhatWasNotWritten) {
          test.step(it.event());
          test.step(it.event());
        }
      }
    }
  }
}
