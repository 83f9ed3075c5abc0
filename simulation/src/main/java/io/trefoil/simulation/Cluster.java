package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;

/**
 * What the control plane has agreed on, as consensus would keep it: every change is conditional on
 * what it was decided from, so any controller may repeat any step.
 */
final class Cluster {
  private final Mutant mutant;
  private long epoch;
  private NodeId leader;
  private int leaderIncarnation;
  private NodeId formerLeader;
  private int formerIncarnation;
  private Membership membership;
  private long membershipVersion = 1;

  Cluster(Membership membership, Mutant mutant) {
    this.membership = membership;
    this.mutant = mutant;
  }

  long epoch() {
    return epoch;
  }

  /** The leader of the epoch, or null. */
  NodeId leader() {
    return leader;
  }

  int leaderIncarnation() {
    return leaderIncarnation;
  }

  /** Who led before the epoch was opened, or null. Its lease may still hold. */
  NodeId formerLeader() {
    return formerLeader;
  }

  int formerIncarnation() {
    return formerIncarnation;
  }

  Membership membership() {
    return membership;
  }

  long membershipVersion() {
    return membershipVersion;
  }

  boolean open(long afterEpoch) {
    if (afterEpoch != epoch) {
      return false;
    }
    epoch++;
    if (leader != null) {
      formerLeader = leader;
      formerIncarnation = leaderIncarnation;
    }
    leader = null;
    return true;
  }

  boolean appoint(long ofEpoch, NodeId newLeader, int incarnation) {
    boolean free = leader == null || mutant == Mutant.APPOINTED_TWICE;
    if (ofEpoch != epoch || !free || newLeader.equals(leader)) {
      return false;
    }
    leader = newLeader;
    leaderIncarnation = incarnation;
    return true;
  }

  boolean change(long afterVersion, Membership newMembership) {
    if (afterVersion != membershipVersion) {
      return false;
    }
    membership = newMembership;
    membershipVersion++;
    return true;
  }
}
