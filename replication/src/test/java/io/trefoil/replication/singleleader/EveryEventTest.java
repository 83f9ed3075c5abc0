package io.trefoil.replication.singleleader;

import static io.trefoil.replication.singleleader.TestReplica.MAJORITY;
import static io.trefoil.replication.singleleader.TestReplica.N1;
import static io.trefoil.replication.singleleader.TestReplica.N2;
import static io.trefoil.replication.singleleader.TestReplica.append;
import static io.trefoil.replication.singleleader.TestReplica.at;
import static io.trefoil.replication.singleleader.TestReplica.body;
import static io.trefoil.replication.singleleader.TestReplica.entries;
import static io.trefoil.replication.singleleader.TestReplica.follower;
import static io.trefoil.replication.singleleader.TestReplica.heartbeat;
import static io.trefoil.replication.singleleader.TestReplica.leader;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A kind of event or message that nobody handles is the classic bug of a protocol. */
class EveryEventTest {
  /** A replica in a state in which the event must do something. */
  record Case(Supplier<TestReplica> replica, Event event) {
    @Override
    public String toString() {
      return event instanceof Event.Received received
          ? received.message().toString()
          : event.toString();
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(() -> leader(1, MAJORITY), new Event.Tick(100)),
        new Case(() -> leader(1, MAJORITY), new Event.PeerLost(N2)),
        new Case(() -> leader(1, MAJORITY), new Event.Proposed(1, body(1), 0)),
        new Case(() -> leader(1, MAJORITY), new Event.Stable(at(1, 1))),
        new Case(() -> follower(1, 1), new Event.EpochOpened(2)),
        new Case(() -> follower(1, 1), new Event.Fence(2)),
        new Case(EveryEventTest::fenced, new Event.PromiseDurable(2)),
        new Case(() -> follower(1, 1), new Event.Appointed(2, N1, 1, MAJORITY, body(1), 0)),
        new Case(EveryEventTest::reading, new Event.LogRead(N2, 1, entries(1, 1, 1))),
        new Case(() -> follower(1, 1), new Event.SnapshotInstalled(1, at(1, 5), epochs(), 0)),
        new Case(EveryEventTest::sendingSnapshot, new Event.SnapshotSent(N2, false)),
        received(() -> follower(1, 1), append(1, at(1, 1), entries(1, 2, 1), 0)),
        received(() -> leader(1, MAJORITY), new Message.Appended(1, 1, true)),
        received(() -> leader(1, MAJORITY), new Message.Mismatch(1, at(0, 0), Position.ZERO)),
        received(() -> leader(1, MAJORITY), new Message.NeedSnapshot(1)),
        received(EveryEventTest::amnesiac, new Message.Whole(1)),
        received(() -> leader(1, MAJORITY), new Message.Stale(2)));
  }

  private static Case received(Supplier<TestReplica> replica, Message message) {
    boolean fromLeader = message instanceof Message.Append || message instanceof Message.Whole;
    return new Case(replica, new Event.Received(fromLeader ? N1 : N2, message));
  }

  private static EpochTable epochs() {
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    return epochs;
  }

  private static TestReplica fenced() {
    TestReplica test = follower(1, 1);
    test.fence(2);
    return test;
  }

  private static TestReplica reading() {
    TestReplica test = leader(1, MAJORITY);
    test.forgetMemoryBelow(100);
    test.receive(N2, new Message.Appended(1, 0, true));
    return test;
  }

  private static TestReplica sendingSnapshot() {
    TestReplica test = leader(1, MAJORITY);
    test.receive(N2, new Message.NeedSnapshot(1));
    return test;
  }

  private static TestReplica amnesiac() {
    TestReplica test = new TestReplica(N2, new Recovered(epochs(), 1, 0, 0, 1, false));
    test.receive(N1, heartbeat(1, at(1, 1), 0));
    return test;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyEventDoesSomethingInSomeState(Case it) {
    TestReplica test = it.replica().get();
    String before = stateOf(test);
    boolean silent = test.step(it.event()).isEmpty() && stateOf(test).equals(before);
    assertThat(silent).as("nothing came of it").isFalse();
  }

  private static String stateOf(TestReplica test) {
    return test.replica() + " " + test.replica().followers() + test.replica().isReachable(N2);
  }

  @Test
  void noKindOfEventOrMessageIsLeftOut() {
    List<Class<?>> events = cases().<Class<?>>map(it -> it.event().getClass()).toList();
    List<Class<?>> messages =
        cases()
            .map(Case::event)
            .filter(Event.Received.class::isInstance)
            .<Class<?>>map(event -> ((Event.Received) event).message().getClass())
            .toList();
    assertThat(events).containsAll(Arrays.asList(Event.class.getPermittedSubclasses()));
    assertThat(messages).containsAll(Arrays.asList(Message.class.getPermittedSubclasses()));
  }

  /** Late, repeated, or meant for another role: no order of events may stop a replica. */
  @ParameterizedTest
  @MethodSource("cases")
  void noMessageStopsAReplicaInAnotherRole(Case it) {
    if (it.event() instanceof Event.Received received
        && !(received.message() instanceof Message.Append)) {
      for (TestReplica test :
          List.of(leader(1, MAJORITY), follower(1, 1), fenced(), TestReplica.fresh(N2))) {
        test.step(it.event());
        assertThat(test.replica().lastIndex()).isLessThanOrEqualTo(1);
      }
    }
  }
}
