package io.trefoil.replication.leaderless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.RepairMessage.Claim;
import io.trefoil.replication.leaderless.RepairMessage.Compare;
import io.trefoil.replication.leaderless.RepairMessage.Compared;
import io.trefoil.replication.leaderless.RepairMessage.Pull;
import io.trefoil.replication.leaderless.RepairMessage.Pulled;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The rules one by one, at replica n1. */
class AntiEntropyTest {
  private static final NodeId N1 = new NodeId(1);
  private static final NodeId N2 = new NodeId(2);
  private static final NodeId N3 = new NodeId(3);
  private static final Bytes LISTING = Bytes.utf8("listing");
  private static final Bytes CHANGES = Bytes.utf8("changes");
  private static final RepairSettings SETTINGS =
      new RepairSettings(10_000, 1_000, 5_000, 64, 2, 1 << 20);

  private final Map<Integer, Long> leaves = new TreeMap<>();
  private final List<RepairEffect> effects = new ArrayList<>();
  private AntiEntropy machine;
  private long nowMillis;
  private long clock = 1_000;

  private long sum(int level, int node) {
    int shift = 4 * (SumTree.LEAF_LEVEL - level);
    return leaves.entrySet().stream()
        .filter(it -> it.getKey() >> shift == node)
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  private void start(CopyState state, NodeId... others) {
    machine =
        new AntiEntropy(
            N1, 7, this::sum, SETTINGS, new AntiEntropy.Recovered(state, 0, new TreeSet<>()));
    step(new RepairEvent.Tick(nowMillis, clock));
    configure(1, others);
  }

  private List<RepairEffect> configure(long version, NodeId... others) {
    List<NodeId> all = new ArrayList<>(List.of(others));
    all.add(N1);
    return step(new RepairEvent.Configured(version, Membership.of(all, all.size() / 2 + 1)));
  }

  private List<RepairEffect> step(RepairEvent event) {
    effects.clear();
    machine.step(event, effects::add);
    return List.copyOf(effects);
  }

  private List<RepairEffect> tick(long millis) {
    nowMillis += millis;
    clock += millis;
    return step(new RepairEvent.Tick(nowMillis, clock));
  }

  private List<RepairEffect> receive(NodeId from, RepairMessage message) {
    return step(new RepairEvent.Received(from, message));
  }

  private static Claim vouching(long complete, long horizon) {
    return new Claim(3, CopyState.VOUCHES, complete, horizon);
  }

  private static Claim claim(CopyState state) {
    return new Claim(3, state, 0, 0);
  }

  private static Compared equal(Compare asked, Claim claim, long clock) {
    return new Compared(
        asked.round(), asked.step(), asked.version(), claim, clock, 0, List.of(), List.of());
  }

  /** Its sums are zero but for one node's children. */
  private static Compared differing(Compare asked, Claim claim, int node, int child, long sum) {
    List<Long> sums = new ArrayList<>(Collections.nCopies(16, 0L));
    sums.set(child, sum);
    return new Compared(
        asked.round(), asked.step(), 1, claim, 500, asked.level(), List.of(node), sums);
  }

  private static <T> T sent(List<RepairEffect> effects, Class<T> kind) {
    return effects.stream()
        .filter(it -> it instanceof RepairEffect.Send)
        .map(it -> ((RepairEffect.Send) it).message())
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow(() -> new AssertionError("none sent: " + effects));
  }

  private static List<NodeId> comparedWith(List<RepairEffect> effects) {
    return effects.stream()
        .filter(it -> it instanceof RepairEffect.Send send && send.message() instanceof Compare)
        .map(it -> ((RepairEffect.Send) it).to())
        .toList();
  }

  /** Runs an equal round that has just begun, to its end. */
  private List<RepairEffect> finish(List<RepairEffect> begun, NodeId peer, Claim claim, long at) {
    Compare asked = sent(begun, Compare.class);
    assertThat(comparedWith(begun)).containsExactly(peer);
    List<RepairEffect> out = receive(peer, equal(asked, claim, at));
    assertThat(out).contains(new RepairEffect.AwaitStable(asked.round()));
    return step(new RepairEvent.Stable(asked.round()));
  }

  @Test
  void equalRootsEndTheRoundWhenAllIsStable() {
    start(CopyState.VOUCHES, N2);
    Compare asked = sent(List.copyOf(effects), Compare.class);
    assertThat(asked.nodes()).containsExactly(0);

    List<RepairEffect> out = receive(N2, equal(asked, vouching(0, 0), 500));
    assertThat(out).containsExactly(new RepairEffect.AwaitStable(asked.round()));
    assertThat(machine.complete()).isZero();

    step(new RepairEvent.Stable(asked.round()));
    assertThat(machine.complete()).isEqualTo(500);
    assertThat(machine.counters().roundsEqual()).isOne();
    assertThat(machine.counters().messagesSent()).isOne();
    assertThat(comparedWith(tick(9_999))).isEmpty();
    assertThat(comparedWith(tick(1))).containsExactly(N2);
  }

  @Test
  void leafThatDiffersIsListedPulledAndMergedPieceByPiece() {
    leaves.put(0x123, 5L);
    start(CopyState.VOUCHES, N2);
    Compare root = sent(List.copyOf(effects), Compare.class);
    Compare first = sent(receive(N2, differing(root, vouching(0, 0), 0, 1, 9)), Compare.class);
    assertThat(first.nodes()).containsExactly(1);
    assertThat(first.sums()).containsExactly(5L);
    Compare second = sent(receive(N2, differing(first, vouching(0, 0), 1, 2, 9)), Compare.class);
    assertThat(second.nodes()).containsExactly(0x12);

    List<RepairEffect> out = receive(N2, differing(second, vouching(0, 0), 0x12, 3, 9));
    long round = root.round();
    assertThat(out).containsExactly(new RepairEffect.ListLeaf(round, 0x123, Bytes.EMPTY));
    Pull pull = sent(step(new RepairEvent.Listed(round, 0x123, LISTING)), Pull.class);
    assertThat(pull.forgot()).isFalse();

    Bytes next = Bytes.utf8("m");
    out = receive(N2, new Pulled(round, pull.step(), 3, 0x123, CHANGES, next));
    assertThat(out).containsExactly(new RepairEffect.Merge(round, 0x123, CHANGES, false, 0));
    out = step(new RepairEvent.Merged(round, 0x123, 2));
    assertThat(out).containsExactly(new RepairEffect.ListLeaf(round, 0x123, next));

    Pull again = sent(step(new RepairEvent.Listed(round, 0x123, LISTING)), Pull.class);
    assertThat(again.from()).isEqualTo(next);
    assertThat(receive(N2, new Pulled(round, pull.step(), 3, 0x123, CHANGES, next))).isEmpty();
    out = receive(N2, new Pulled(round, again.step(), 3, 0x123, null, null));
    assertThat(out).containsExactly(new RepairEffect.AwaitStable(round));
    step(new RepairEvent.Stable(round));
    assertThat(machine.complete()).isEqualTo(500);
    assertThat(machine.counters().roundsDiffering()).isOne();
    RepairView view = machine.peers().get(N2);
    assertThat(view.progress()).isEqualTo(RepairView.Progress.DIFFERED);
    assertThat(view.keysMerged()).isEqualTo(2);
  }

  @Test
  void anotherStartOfTheProcessVoidsTheRound() {
    leaves.put(0, 5L);
    start(CopyState.VOUCHES, N2);
    Compare root = sent(List.copyOf(effects), Compare.class);
    Compare first = sent(receive(N2, differing(root, vouching(0, 0), 0, 1, 9)), Compare.class);

    receive(N2, differing(first, new Claim(4, CopyState.VOUCHES, 0, 0), 1, 2, 9));

    assertThat(machine.counters().roundsFailed()).isOne();
    assertThat(machine.complete()).isZero();
  }

  @Test
  void answersWithTheChildrenOfWhatDiffers() {
    leaves.put(0x123, 5L);
    start(CopyState.VOUCHES, N2);
    Compare asked = new Compare(1, 0, 1, vouching(0, 0), 1, List.of(1, 2), List.of(4L, 0L));

    Compared answer = sent(receive(N2, asked), Compared.class);

    assertThat(answer.clock()).isEqualTo(clock);
    assertThat(answer.differing()).containsExactly(1);
    assertThat(answer.sums()).hasSize(16);
    assertThat(answer.sums().get(2)).isEqualTo(5L);
  }

  @Test
  void anotherVersionIsNotAnswered() {
    start(CopyState.VOUCHES, N2);
    assertThat(receive(N2, new Compare(1, 0, 2, vouching(0, 0), 0, List.of(0), List.of(1L))))
        .isEmpty();
    assertThat(receive(N2, new Pull(1, 0, 2, 0, Bytes.EMPTY, LISTING, false))).isEmpty();
  }

  @Test
  void oneThatForgotMovesNothing() {
    start(CopyState.VOUCHES, N2);
    finish(List.copyOf(effects), N2, claim(CopyState.FORGOT), 500);
    assertThat(machine.complete()).isZero();
    finish(tick(10_000), N2, claim(CopyState.COUNTS), 600);
    assertThat(machine.complete()).isZero();
    finish(tick(10_000), N2, vouching(0, 0), 700);
    assertThat(machine.complete()).isEqualTo(700);
  }

  @Test
  void horizonIsTheSmallestOfAllAndWaitsForTheAbsent() {
    start(CopyState.VOUCHES, N2, N3);
    List<RepairEffect> out = finish(List.copyOf(effects), N2, vouching(400, 0), 500);
    assertThat(machine.horizon()).isZero();
    out = finish(out, N3, vouching(300, 0), 600);
    assertThat(out).contains(new RepairEffect.HorizonGrew(300));
    assertThat(machine.complete()).isEqualTo(500);

    // n3 is away from now on.
    finish(tick(10_000), N2, vouching(900, 300), 900);
    assertThat(machine.horizon()).isEqualTo(300);
  }

  @Test
  void oneThatForgetsTakesBackWhatItSaidOfItself() {
    start(CopyState.VOUCHES, N2, N3);
    List<RepairEffect> out = finish(List.copyOf(effects), N2, vouching(400, 0), 500);
    receive(N2, new Compare(1, 0, 1, claim(CopyState.FORGOT), 0, List.of(0), List.of(0L)));
    finish(out, N3, vouching(300, 0), 600);
    assertThat(machine.horizon()).isZero();
  }

  @Test
  void aloneItsOwnClockIsTheHorizon() {
    start(CopyState.VOUCHES);
    assertThat(tick(100)).containsExactly(new RepairEffect.HorizonGrew(clock));
  }

  @Test
  void anotherConfigurationBeginsFromNothing() {
    start(CopyState.VOUCHES, N2);
    finish(List.copyOf(effects), N2, vouching(400, 0), 500);
    assertThat(machine.horizon()).isEqualTo(400);
    assertThat(comparedWith(configure(2, N2, N3))).containsExactly(N2);
    assertThat(machine.complete()).isZero();
    assertThat(machine.horizon()).isEqualTo(400);
  }

  @Test
  void countsAfterEnoughAndVouchesAfterAllAndOnceMore() {
    start(CopyState.FORGOT, N2, N3);
    List<RepairEffect> out = finish(List.copyOf(effects), N2, vouching(900, 800), 1_000);
    assertThat(machine.state()).isEqualTo(CopyState.FORGOT);
    assertThat(machine.horizon()).as("of what it is filled from").isEqualTo(800);

    out = finish(out, N3, vouching(900, 700), 1_000);
    assertThat(out).contains(new RepairEffect.Became(CopyState.COUNTS, true));
    assertThat(machine.state()).isEqualTo(CopyState.COUNTS);

    out = finish(out, N2, vouching(0, 800), 1_100);
    assertThat(out).contains(new RepairEffect.Became(CopyState.VOUCHES, true));
  }

  @Test
  void replicaInReachIsNotLeftOutAndOneThatIsAwayIs() {
    NodeId n4 = new NodeId(4);
    NodeId n5 = new NodeId(5);
    start(CopyState.FORGOT, N2, N3, n4, n5);
    List<RepairEffect> out = finish(List.copyOf(effects), N2, vouching(0, 0), 1_000);
    out = finish(out, N3, vouching(0, 0), 1_000);
    out = finish(out, n4, vouching(0, 0), 1_000);
    assertThat(machine.state()).as("3 of 5, and n5 not tried").isEqualTo(CopyState.FORGOT);
    assertThat(comparedWith(out)).containsExactly(n5);

    assertThat(step(new RepairEvent.PeerLost(n5)))
        .contains(new RepairEffect.Became(CopyState.COUNTS, true));
    assertThat(comparedWith(tick(999))).isEmpty();
    assertThat(comparedWith(tick(1))).as("it is needed").containsExactly(n5);
  }

  @Test
  void whenAllForgotEachIsWholeAfterAllWithADoubt() {
    start(CopyState.FORGOT, N2, N3);
    List<RepairEffect> out = finish(List.copyOf(effects), N2, claim(CopyState.FORGOT), 1_000);
    out = finish(out, N3, claim(CopyState.FORGOT), 1_000);
    assertThat(out)
        .containsSequence(
            new RepairEffect.Became(CopyState.COUNTS, false),
            new RepairEffect.Became(CopyState.VOUCHES, false));
  }

  @Test
  void copyThatForgotDropsOnlyWhatOneThatVouchesHasPurged() {
    for (Claim claim : List.of(vouching(0, 800), new Claim(3, CopyState.COUNTS, 0, 800))) {
      start(CopyState.FORGOT, N2);
      Compare root = sent(List.copyOf(effects), Compare.class);
      Compare first = sent(receive(N2, differing(root, claim, 0, 0, 9)), Compare.class);
      Compare second = sent(receive(N2, differing(first, claim, 0, 0, 9)), Compare.class);
      receive(N2, differing(second, claim, 0, 0, 9));
      Pull pull = sent(step(new RepairEvent.Listed(root.round(), 0, LISTING)), Pull.class);
      assertThat(pull.forgot()).isTrue();
      long purged = claim.state() == CopyState.VOUCHES ? 800 : 0;
      assertThat(receive(N2, new Pulled(root.round(), pull.step(), 3, 0, CHANGES, null)))
          .containsExactly(new RepairEffect.Merge(root.round(), 0, CHANGES, true, purged));
    }
  }

  @Test
  void gapsAreFilledByRoundsThatBeganSince() {
    start(CopyState.VOUCHES, N2, N3);
    List<RepairEffect> begun = List.copyOf(effects);
    TreeSet<Integer> gaps = new TreeSet<>(List.of(12));
    step(new RepairEvent.Gaps(gaps));

    List<RepairEffect> out = finish(begun, N2, vouching(900, 0), 1_000);
    out = finish(out, N2, vouching(900, 0), 1_000);
    assertThat(out).as("begun before").doesNotContain(new RepairEffect.GapsFilled(gaps));
    out = finish(out, N3, vouching(900, 0), 1_000);
    assertThat(out)
        .containsSequence(new RepairEffect.GapsFilled(gaps), new RepairEffect.HorizonGrew(900));
  }

  @Test
  void silenceFailsTheRoundAndChangesNothing() {
    start(CopyState.VOUCHES, N2);
    tick(4_999);
    assertThat(machine.counters().roundsFailed()).isZero();
    assertThat(tick(1)).isEmpty();
    assertThat(machine.counters().roundsFailed()).isOne();
    assertThat(machine.peers().get(N2).progress()).isEqualTo(RepairView.Progress.FAILED);
    assertThat(comparedWith(tick(9_999))).isEmpty();

    Compare itIsBack = new Compare(1, 0, 1, vouching(0, 0), 0, List.of(0), List.of(0L));
    assertThat(comparedWith(receive(N2, itIsBack))).containsExactly(N2);
  }

  @Test
  void roundsKeepToTheBudget() {
    start(CopyState.VOUCHES, N2);
    finish(List.copyOf(effects), N2, vouching(0, 0), 500);
    step(new RepairEvent.Budget(0));
    assertThat(tick(60_000)).isEmpty();
    step(new RepairEvent.Budget(10));
    assertThat(comparedWith(tick(1_000))).containsExactly(N2);
    Compare asked = sent(List.copyOf(effects), Compare.class);
    leaves.put(0, 5L);
    assertThat(receive(N2, differing(asked, vouching(0, 0), 0, 0, 9))).as("spent").isEmpty();
    tick(1_000);
    assertThat(machine.counters().messagesSent()).isEqualTo(2);
    for (int i = 0; i < 40; i++) {
      tick(1_000);
    }
    assertThat(machine.counters().messagesSent()).as("goes on, slowly").isGreaterThan(2);
  }

  @Test
  void operatorsRoundsBeginAtOnceWithAll() {
    start(CopyState.VOUCHES, N2, N3);
    List<RepairEffect> out = finish(List.copyOf(effects), N2, vouching(0, 0), 500);
    finish(out, N3, vouching(0, 0), 500);
    assertThat(comparedWith(step(new RepairEvent.RunNow()))).containsExactly(N2, N3);
  }

  @Test
  void listsThatDoNotAgreeAreNoMessage() {
    assertThatThrownBy(() -> new Compare(1, 0, 1, vouching(0, 0), 0, List.of(0), List.of()))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> new Compared(1, 0, 1, vouching(0, 0), 1, 0, List.of(0), List.of(1L)))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> new Compare(1, 0, 1, vouching(0, 0), 1, List.of(16), List.of(1L)))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> new Claim(1, CopyState.COUNTS, 1, 0))
        .isInstanceOf(InvariantViolation.class);
  }

  @Test
  void oneThatIsFillingUpIsLeftInPeaceButNotForEver() {
    start(CopyState.VOUCHES, N2);
    List<RepairEffect> begun = List.copyOf(effects);
    for (int i = 0; i < 6; i++) {
      Compare asked = sent(begun, Compare.class);
      List<RepairEffect> out = receive(N2, differing(asked, claim(CopyState.FORGOT), 0, i, 5));
      assertThat(comparedWith(out)).isEmpty();
      assertThat(machine.isRunning()).isFalse();
      assertThat(comparedWith(tick(9_999))).isEmpty();
      begun = tick(1);
    }
    receive(N2, differing(sent(begun, Compare.class), claim(CopyState.FORGOT), 0, 3, 5));
    assertThat(machine.isRunning()).isTrue();
  }

  @Test
  void operatorsRoundIsNotPutOff() {
    start(CopyState.VOUCHES, N2);
    receive(N2, differing(sent(effects, Compare.class), claim(CopyState.FORGOT), 0, 3, 5));
    assertThat(machine.isRunning()).isFalse();

    List<RepairEffect> begun = step(new RepairEvent.RunNow());
    receive(N2, differing(sent(begun, Compare.class), claim(CopyState.FORGOT), 0, 3, 5));
    assertThat(machine.isRunning()).isTrue();
  }

  @Test
  void isAskedAgainWhenTheOtherOneKnewAnotherConfiguration() {
    start(CopyState.VOUCHES, N2);
    Compare asked = sent(effects, Compare.class);
    assertThat(comparedWith(tick(999))).isEmpty();
    assertThat(sent(tick(1), Compare.class)).isEqualTo(asked);

    receive(N2, equal(asked, vouching(0, 0), 500));
    assertThat(receive(N2, equal(asked, vouching(0, 0), 500))).isEmpty(); // the other answer
    step(new RepairEvent.Stable(asked.round()));
    assertThat(machine.complete()).isEqualTo(500);
  }
}
