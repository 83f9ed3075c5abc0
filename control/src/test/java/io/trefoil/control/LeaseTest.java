package io.trefoil.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseTest {
  private static final NodeId N1 = new NodeId(1);
  private static final NodeId N2 = new NodeId(2);
  private static final NodeId N3 = new NodeId(3);
  private static final NodeId N4 = new NodeId(4);
  private static final long MS = 1_000_000;
  private static final LeaseTerms TERMS = new LeaseTerms(600);

  @Test
  void aLeaseLastsFromTheSendingOfItsRequestLessTheDrift() {
    NodeLease lease = new NodeLease();
    assertThat(lease.isValid(0)).isFalse();
    lease.onGranted(100 * MS, 600 * MS, 0);
    assertThat(lease.isValid(639 * MS)).isTrue();
    assertThat(lease.isValid(640 * MS)).isFalse();
    assertThat(lease.leftNanos(540 * MS)).isEqualTo(100 * MS);
    // A late reply to an earlier request shortens nothing.
    lease.onGranted(50 * MS, 600 * MS, 0);
    assertThat(lease.isValid(639 * MS)).isTrue();
    lease.onGranted(500 * MS, 0, 0);
    assertThat(lease.isValid(700 * MS)).isFalse();
    lease.onGranted(500 * MS, 600 * MS, 0);
    lease.release();
    assertThat(lease.isValid(500 * MS)).isFalse();
  }

  @Test
  void aNewControllerTakesNoLeaseForRunOutBeforeOneFullLease() {
    LeaseGrants grants = new LeaseGrants(1000 * MS, TERMS);
    assertThat(grants.surelyOut(N1, 1, 1000 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 1659 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 1660 * MS)).isTrue();
    assertThat(grants.holds(N1, 1, 1100 * MS)).isFalse();
  }

  @Test
  void aGrantIsShorterByTheAgeOfTheConfirmation() {
    LeaseGrants grants = new LeaseGrants(0, TERMS);
    assertThat(grants.grant(N1, 1, 9, 1000 * MS, 1000 * MS)).isEqualTo(600 * MS);
    assertThat(grants.grant(N1, 1, 9, 1000 * MS, 900 * MS)).isEqualTo(500 * MS);
    assertThat(grants.grant(N1, 1, 9, 1000 * MS, 699 * MS)).isZero();
    // The longest grant still decides when all have run out.
    assertThat(grants.surelyOut(N1, 1, 1659 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 1660 * MS)).isTrue();
  }

  @Test
  void aLeaseOfFiveSecondsIsGrantedAndHeldAsSuch() {
    LeaseTerms terms = new LeaseTerms(5000);
    LeaseGrants grants = new LeaseGrants(0, terms);
    long granted = grants.grant(N1, 1, 9, 10_000 * MS, 10_000 * MS);
    assertThat(granted).isEqualTo(5000 * MS);
    NodeLease lease = new NodeLease();
    lease.onGranted(10_000 * MS, granted, 0);
    assertThat(lease.isValid(14_499 * MS)).isTrue();
    assertThat(lease.isValid(14_500 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 15_499 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 15_500 * MS)).isTrue();
    assertThat(grants.grant(N1, 1, 9, 10_000 * MS, 7500 * MS)).isEqualTo(2500 * MS);
    assertThat(grants.grant(N1, 1, 9, 10_000 * MS, 7499 * MS)).isZero();
  }

  @Test
  void aNewControllerWaitsTheFullLeaseOfItsCluster() {
    LeaseGrants grants = new LeaseGrants(1000 * MS, new LeaseTerms(5000));
    assertThat(grants.surelyOut(N1, 1, 6499 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 6500 * MS)).isTrue();
  }

  @Test
  void theTermsMayChangeOnlyBeforeTheFirstGrant() {
    LeaseGrants grants = new LeaseGrants(0, TERMS);
    grants.onTerms(new LeaseTerms(5000));
    assertThat(grants.grant(N1, 1, 9, 0, 0)).isEqualTo(5000 * MS);
    grants.onTerms(new LeaseTerms(5000));
    assertThatThrownBy(() -> grants.onTerms(TERMS)).isInstanceOf(InvariantViolation.class);
  }

  @Test
  void aNodeBelievesNoGrantThatIsLongerThanAnyClustersLease() {
    NodeLease lease = new NodeLease();
    lease.onGranted(0, 60_000 * MS + 1, 0);
    assertThat(lease.isValid(0)).isFalse();
    lease.onGranted(0, 60_000 * MS, 0);
    assertThat(lease.leftNanos(0)).isEqualTo(54_000 * MS);
  }

  @ParameterizedTest
  @CsvSource({"200, 50", "400, 100", "600, 150", "5000, 150", "60000, 150"})
  void aLeaseIsRenewedAfterAQuarterOfItOr150Millis(long lease, long renew) {
    assertThat(new LeaseTerms(lease).renewNanos()).isEqualTo(renew * MS);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 199, 60_001, Long.MAX_VALUE})
  void aLeaseHasBounds(long lease) {
    assertThatThrownBy(() -> new LeaseTerms(lease)).isInstanceOf(InvariantViolation.class);
  }

  @Test
  void leasesAreThoseOfIncarnations() {
    LeaseGrants grants = new LeaseGrants(0, TERMS);
    grants.grant(N1, 1, 9, 1000 * MS, 1000 * MS);
    assertThat(grants.surelyOut(N1, 2, 1000 * MS)).isTrue();
    assertThat(grants.holds(N1, 1, 1000 * MS)).isTrue();
    grants.release(N1, 1);
    assertThat(grants.surelyOut(N1, 1, 1000 * MS)).isTrue();
    assertThat(grants.holds(N1, 1, 1000 * MS)).isFalse();
    assertThat(grants.grant(N1, 1, 9, 1001 * MS, 1001 * MS)).isZero();
    assertThat(grants.grant(N1, 2, 9, 1001 * MS, 1001 * MS)).isPositive();
  }

  @Test
  void aGrantCountsOnceTheNodeHasTheStateItWasGrantedWith() {
    NodeLease lease = new NodeLease();
    lease.onGranted(0, 600 * MS, 7);
    lease.onGranted(100 * MS, 600 * MS, 8);
    assertThat(lease.isValid(200 * MS)).isFalse();
    lease.onState(7);
    assertThat(lease.leftNanos(200 * MS)).isEqualTo(340 * MS);
    lease.onState(9);
    assertThat(lease.leftNanos(200 * MS)).isEqualTo(440 * MS);
    // States that come too late take nothing back.
    lease.onState(6);
    lease.onGranted(150 * MS, 600 * MS, 9);
    assertThat(lease.leftNanos(200 * MS)).isEqualTo(490 * MS);
  }

  @Test
  void theControllerKnowsWhichLeasesCountWithAnOlderState() {
    LeaseGrants grants = new LeaseGrants(0, TERMS);
    grants.grant(N1, 1, 10, 1000 * MS, 1000 * MS);
    grants.grant(N1, 1, 20, 1150 * MS, 1150 * MS);
    assertThat(grants.surelyOut(N1, 1, 20, 1659 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 20, 1660 * MS)).isTrue();
    assertThat(grants.surelyOut(N1, 1, 10, 1000 * MS)).isTrue();
    assertThat(grants.surelyOut(N1, 1, 1660 * MS)).isFalse();
    assertThat(grants.surelyOut(N1, 1, 1810 * MS)).isTrue();
  }

  /** Real time, and two clocks that run up to 5 % too fast or too slow against it. */
  @Property
  void noControllerTakesALeaseForRunOutWhileItsNodeHoldsIt(
      @ForAll @LongRange(min = 200, max = 60_000) long leaseMillis,
      @ForAll @DoubleRange(min = 0, max = 0.7) double confirmedBeforeReceiptInLeases,
      @ForAll @DoubleRange(min = 0, max = 3) double sentBeforeReceiptInLeases,
      @ForAll @DoubleRange(min = 0, max = 3) double electedAfterConfirmedInLeases,
      @ForAll @DoubleRange(min = 0.95, max = 1.05) double nodeRate,
      @ForAll @DoubleRange(min = 0.95, max = 1.05) double oldRate,
      @ForAll @DoubleRange(min = 0.95, max = 1.05) double newRate) {
    LeaseTerms terms = new LeaseTerms(leaseMillis);
    long confirmedBeforeReceipt = (long) (leaseMillis * confirmedBeforeReceiptInLeases);
    long sentBeforeReceipt = (long) (leaseMillis * sentBeforeReceiptInLeases);
    long electedAfterConfirmed = (long) (leaseMillis * electedAfterConfirmedInLeases);
    long receipt = 1_000_000;
    long end = receipt + 5 * leaseMillis;
    LeaseGrants old = new LeaseGrants(0, terms);
    long granted =
        old.grant(N1, 1, 9, at(oldRate, receipt), at(oldRate, receipt - confirmedBeforeReceipt));
    NodeLease lease = new NodeLease();
    lease.onGranted(at(nodeRate, receipt - sentBeforeReceipt), granted, 0);
    long elected = receipt - confirmedBeforeReceipt + electedAfterConfirmed;
    LeaseGrants next = new LeaseGrants(at(newRate, elected), terms);
    for (long now = Math.max(elected, receipt); now < end; now += leaseMillis / 200) {
      if (lease.isValid(at(nodeRate, now))) {
        assertThat(old.surelyOut(N1, 1, at(oldRate, now))).isFalse();
        assertThat(next.surelyOut(N1, 1, at(newRate, now))).isFalse();
      }
    }
    assertThat(old.surelyOut(N1, 1, at(oldRate, end))).isTrue();
  }

  private static long at(double rate, long realMillis) {
    return (long) (realMillis * MS * rate);
  }

  // Leadership.

  @Test
  void aLoneVoterConfirmsItself() {
    LeadershipCheck check = new LeadershipCheck(N1, 5);
    assertThat(check.confirmedNanos()).isEmpty();
    check.onRaft(view(5, Set.of(N1)), 70);
    assertThat(check.confirmedNanos()).isEqualTo(OptionalLong.of(70));
  }

  @Test
  void aMajorityConfirmsTheMomentItWasAskedAt() {
    LeadershipCheck check = new LeadershipCheck(N1, 5);
    check.onRaft(view(5, Set.of(N1, N2, N3)), 100);
    assertThat(check.confirmedNanos()).isEmpty();
    check.onAnswer(N2, 40, 5);
    assertThat(check.confirmedNanos()).isEqualTo(OptionalLong.of(40));
    check.onAnswer(N3, 60, 5);
    check.onAnswer(N3, 50, 5);
    assertThat(check.confirmedNanos()).isEqualTo(OptionalLong.of(60));
    // A stranger's answer, and one of another term, confirm nothing.
    check.onAnswer(N4, 90, 5);
    check.onAnswer(N2, 90, 6);
    assertThat(check.confirmedNanos()).isEqualTo(OptionalLong.of(60));
  }

  @Test
  void bothRaftConfigurationsMustConfirm() {
    LeadershipCheck check = new LeadershipCheck(N1, 5);
    check.onRaft(new RaftView(true, 5, List.of(Set.of(N1, N2, N3), Set.of(N1, N4))), 100);
    check.onAnswer(N2, 40, 5);
    assertThat(check.confirmedNanos()).isEmpty();
    check.onAnswer(N4, 30, 5);
    assertThat(check.confirmedNanos()).isEqualTo(OptionalLong.of(30));
  }

  @Test
  void whoeverIsInAnotherTermOrNoLongerLeadsIsNotConfirmed() {
    LeadershipCheck check = new LeadershipCheck(N1, 5);
    check.onRaft(view(6, Set.of(N1)), 100);
    assertThat(check.confirmedNanos()).isEmpty();
    check.onRaft(new RaftView(false, 5, List.of(Set.of(N1))), 100);
    assertThat(check.confirmedNanos()).isEmpty();
    // A removed leader's configuration does not hold it, so others must confirm.
    check.onRaft(view(5, Set.of(N2, N3)), 100);
    assertThat(check.confirmedNanos()).isEmpty();
  }

  private static RaftView view(long term, Set<NodeId> voters) {
    return new RaftView(true, term, List.of(voters));
  }
}
