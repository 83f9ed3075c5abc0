package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.AntiEntropy;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.RepairEffect;
import io.trefoil.replication.leaderless.RepairEvent;
import io.trefoil.replication.leaderless.RepairMessage.Claim;
import io.trefoil.replication.leaderless.RepairMessage.Compare;
import io.trefoil.replication.leaderless.RepairMessage.Compared;
import io.trefoil.replication.leaderless.RepairMessage.Pull;
import io.trefoil.replication.leaderless.RepairMessage.Pulled;
import io.trefoil.replication.leaderless.RepairSettings;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** At n1, whose copy is empty; the others are played. */
class RepairRunTest {
  private static final NodeId N1 = new NodeId(1);
  private static final NodeId N2 = new NodeId(2);
  private static final NodeId N3 = new NodeId(3);
  private static final Claim CLAIM = new Claim(1, CopyState.VOUCHES, 0, 0);

  private final AntiEntropy machine =
      new AntiEntropy(
          N1,
          1,
          (level, node) -> 0,
          RepairSettings.DEFAULT,
          new AntiEntropy.Recovered(CopyState.VOUCHES, 0, new TreeSet<>()));
  private final List<RepairEffect.Send> sent = new ArrayList<>();
  private long awaited;
  private boolean isHere = true;

  @BeforeEach
  void configure() {
    step(new RepairEvent.Tick(1, 1));
    step(new RepairEvent.Configured(1, Membership.of(List.of(N1, N2, N3), 2)));
  }

  private void step(RepairEvent event) {
    machine.step(
        event,
        effect -> {
          if (effect instanceof RepairEffect.Send send) {
            sent.add(send);
          } else if (effect instanceof RepairEffect.AwaitStable await) {
            awaited = await.round();
          }
        });
  }

  private RepairRun begin() {
    return new RepairRun(
        List.of(
            new RepairRun.Replica(machine, () -> step(new RepairEvent.RunNow()), () -> isHere)));
  }

  private Compare asked(NodeId peer) {
    return sent.stream()
        .filter(send -> send.to().equals(peer) && send.message() instanceof Compare)
        .map(send -> (Compare) send.message())
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  /** Answers the last question to a peer: it holds nothing, either. */
  private void finishEqual(NodeId peer) {
    Compare asked = asked(peer);
    step(
        new RepairEvent.Received(
            peer,
            new Compared(
                asked.round(), asked.step(), 1, CLAIM, 1, asked.level(), List.of(), List.of())));
    step(new RepairEvent.Stable(awaited));
  }

  @Test
  void a_round_that_had_begun_before_is_not_the_one_that_was_asked_for() {
    long before = asked(N2).round();
    RepairRun run = begin();
    finishEqual(N2);
    finishEqual(N3);
    assertThat(run.isDone()).isFalse();
    assertThat(run.totals().running()).isOne();

    assertThat(asked(N2).round()).isGreaterThan(before);
    finishEqual(N2);
    assertThat(run.isDone()).isTrue();
    assertThat(run.totals())
        .returns(1L, RepairTotals::replicas)
        .returns(2L, RepairTotals::rounds)
        .returns(2L, RepairTotals::equal)
        .returns(0L, RepairTotals::running)
        .returns(0L, RepairTotals::leavesPulled);
    assertThat(run.totals().bytesSent()).isBetween(1L, 1_000L);
  }

  @Test
  void what_differed_is_counted_by_its_keys() {
    finishEqual(N2);
    finishEqual(N3);
    RepairRun run = begin();
    finishEqual(N2);
    pull(N3, 5);
    assertThat(run.isDone()).isTrue();
    assertThat(run.totals())
        .returns(1L, RepairTotals::equal)
        .returns(1L, RepairTotals::differed)
        .returns(5L, RepairTotals::keysMerged)
        .returns(1L, RepairTotals::leavesPulled);
  }

  /** One leaf of the peer has something that n1 lacks. */
  private void pull(NodeId peer, long keys) {
    for (int level = 0; level < 3; level++) {
      Compare asked = asked(peer);
      List<Long> sums = new ArrayList<>(Collections.nCopies(16, 0L));
      sums.set(0, 9L);
      step(
          new RepairEvent.Received(
              peer,
              new Compared(asked.round(), asked.step(), 1, CLAIM, 1, level, List.of(0), sums)));
    }
    long round = asked(peer).round();
    step(new RepairEvent.Listed(round, 0, Bytes.EMPTY));
    Pull pull = (Pull) sent.get(sent.size() - 1).message();
    step(
        new RepairEvent.Received(
            peer, new Pulled(round, pull.step(), 1, 0, Bytes.utf8("changes"), null)));
    step(new RepairEvent.Merged(round, 0, keys));
    step(new RepairEvent.Stable(round));
  }

  @Test
  void a_lost_connection_fails_its_round_and_ends_the_run() {
    finishEqual(N2);
    finishEqual(N3);
    RepairRun run = begin();
    finishEqual(N2);
    step(new RepairEvent.PeerLost(N3));
    assertThat(run.isDone()).isTrue();
    assertThat(run.totals()).returns(1L, RepairTotals::equal).returns(1L, RepairTotals::failed);
  }

  @Test
  void a_replica_that_goes_and_another_configuration_fail_what_still_runs() {
    RepairRun run = begin();
    assertThat(run.isDone()).isFalse();
    isHere = false;
    assertThat(run.isDone()).isTrue();
    assertThat(run.totals().failed()).isEqualTo(2);

    isHere = true;
    RepairRun other = begin();
    step(new RepairEvent.Configured(2, Membership.of(List.of(N1, N2), 2)));
    assertThat(other.isDone()).isTrue();
    assertThat(other.totals().failed()).isEqualTo(2);
  }

  @Test
  void totals_come_back_as_they_were_and_add_up() {
    RepairTotals totals = new RepairTotals(1, 2, 3, 4, 5, 6, 7, 8, 9);
    ReplyWriter writer = new ReplyWriter();
    writer.setProtocol(3);
    writer.map(RepairTotals.FIELDS);
    totals.writeFields(writer);
    assertThat(RepairTotals.read(ReplyReader.read(writer.toArray()))).isEqualTo(totals);
    assertThat(RepairTotals.NONE.plus(totals)).isEqualTo(totals);
    assertThat(totals.plus(totals)).isEqualTo(new RepairTotals(2, 4, 6, 8, 10, 12, 14, 16, 18));
    assertThat(RepairTotals.read(new Reply.Status("OK"))).isNull();
  }
}
