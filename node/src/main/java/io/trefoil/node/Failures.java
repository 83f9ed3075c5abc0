package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.Database;
import io.trefoil.replication.kernel.PeerProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The error texts of replication. The prefix is a promise: {@code NOREPLICAS}, {@code CLUSTERDOWN}
 * and {@code TRYAGAIN}, which clients retry by themselves, only when nothing was applied; {@code
 * UNCERTAIN} when a write may have been.
 */
final class Failures {
  private Failures() {}

  static String noReplicas(PartitionReplica replica) {
    PartitionTerms terms = replica.terms();
    String needs =
        terms.state().configurations().stream()
            .map(each -> each.copies() + " of " + each.replicas().size())
            .collect(Collectors.joining(", and before the change is through "));
    String rule = terms.database().settings().commit().toString().toLowerCase(Locale.ROOT);
    return "NOREPLICAS "
        + rule
        + " needs "
        + needs
        + " replicas, "
        + String.join(", ", away(replica));
  }

  /** Of a database that the region here is no region of any more. */
  static String removedRegion(Database database) {
    return "READONLY region '"
        + database.settings().regions().here()
        + "' was removed from '"
        + database.title()
        + "', whose regions are "
        + String.join(", ", database.settings().regions().names());
  }

  private static List<String> away(PartitionReplica replica) {
    long nowMillis = replica.loop().nowNanos() / 1_000_000;
    List<String> away = new ArrayList<>();
    for (Map.Entry<NodeId, PeerProgress> peer : replica.machine().followers().entrySet()) {
      if (!replica.machine().isReachable(peer.getKey())) {
        long seconds = (nowMillis - peer.getValue().heardMillis()) / 1_000;
        away.add(replica.nameOf(peer.getKey()) + " away for " + seconds + " s");
      }
    }
    return away;
  }

  private static final String DIVERGED = "DIVERGED ";

  /** A leader's history lacks what a session has seen: nothing was done. */
  static String leftHistory(PartitionId partition, Position seen, PartitionReplica leader) {
    return DIVERGED
        + "what this session saw at "
        + partition
        + "@"
        + seen
        + " is not in the history of epoch "
        + leader.epoch()
        + ": see DIVERGED LIST; the session begins anew with the next command";
  }

  /** A session's token is of the future: nothing was done. */
  static String notYet(PartitionId partition, Position seen, PartitionReplica leader) {
    return "TRYAGAIN the session's token tells of "
        + partition
        + "@"
        + seen
        + ", and the leader's log ends at "
        + leader.machine().last();
  }

  /** Whether a reply is {@link #leftHistory}. */
  static boolean saysDiverged(byte[] reply) {
    if (reply.length <= DIVERGED.length() || reply[0] != '-') {
      return false;
    }
    for (int i = 0; i < DIVERGED.length(); i++) {
      if (reply[i + 1] != DIVERGED.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  static String noLeader(PartitionTerms terms) {
    return "CLUSTERDOWN no leader for partition "
        + terms.state().id().number()
        + " of '"
        + terms.database().title()
        + "'";
  }

  static ReplyQueue.Failure leadershipLost(PartitionReplica replica) {
    return new ReplyQueue.Failure() {
      @Override
      public String ofRead() {
        return "CLUSTERDOWN partition " + replica.id().number() + " has another leader now";
      }

      @Override
      public String ofWrite(String writeId) {
        return "UNCERTAIN write " + writeId + " not confirmed when its leader was deposed";
      }
    };
  }

  static ReplyQueue.Failure notConfirmed(PartitionReplica replica) {
    return new ReplyQueue.Failure() {
      @Override
      public String ofRead() {
        return "TRYAGAIN the key has a write that is not confirmed yet";
      }

      @Override
      public String ofWrite(String writeId) {
        return "UNCERTAIN write "
            + writeId
            + " not confirmed by "
            + String.join(", ", behind(replica))
            + " in "
            + replica.writeTimeoutNanos() / 1_000_000
            + " ms";
      }
    };
  }

  private static List<String> behind(PartitionReplica replica) {
    long commit = replica.machine().commitIndex();
    List<String> behind = new ArrayList<>();
    replica
        .machine()
        .followers()
        .forEach(
            (id, peer) -> {
              if (!peer.counts() || peer.match() <= commit) {
                behind.add(replica.nameOf(id));
              }
            });
    return behind.isEmpty() ? List.of("the disk") : behind;
  }

  // Where there is no leader.

  /**
   * Too few replicas are there: nothing was done.
   *
   * @param counted whether only those are meant whose copies count
   */
  static String noReplicas(QuorumReplica replica, String what, int number, boolean counted) {
    List<String> missing = new ArrayList<>();
    if (counted && !replica.machine().counts()) {
      missing.add(replica.host().nodeName(replica.loop().self()) + " is not whole yet");
    }
    replica
        .machine()
        .peers()
        .forEach(
            (id, peer) -> {
              if (!peer.reachable()) {
                long seconds = replica.silentMillis(peer) / 1_000;
                missing.add(replica.host().nodeName(id) + " away for " + seconds + " s");
              } else if (counted && !peer.counts()) {
                missing.add(replica.host().nodeName(id) + " is not whole yet");
              }
            });
    return String.format(
        "NOREPLICAS %s %d needs %d of %d replicas, %s",
        what,
        number,
        number,
        replica.terms().state().configuration().replicas().size(),
        missing.isEmpty() ? "which are not known yet" : String.join(", ", missing));
  }

  /** Too few replicas answered in time: nothing was done. */
  static String notTold(QuorumReplica replica, int number) {
    return "NOREPLICAS fewer than "
        + number
        + " replicas answered in "
        + replica.terms().writeTimeoutNanos() / 1_000_000
        + " ms";
  }

  /** Too few copies are stable: the write may be lost, or surface later. */
  static String notCopied(QuorumReplica replica, long index) {
    List<String> behind = new ArrayList<>();
    replica
        .machine()
        .peers()
        .forEach(
            (id, peer) -> {
              if (peer.match() < index) {
                behind.add(replica.host().nodeName(id));
              }
            });
    return "UNCERTAIN write "
        + replica.id()
        + "@"
        + replica.origin()
        + ":"
        + index
        + " not confirmed by "
        + (behind.isEmpty() ? "the disk" : String.join(", ", behind))
        + " in "
        + replica.terms().writeTimeoutNanos() / 1_000_000
        + " ms";
  }

  static String noReplica(PartitionTerms terms) {
    return "CLUSTERDOWN no replica of partition "
        + terms.state().id().number()
        + " of '"
        + terms.database().title()
        + "' is in reach";
  }
}
