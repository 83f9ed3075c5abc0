package io.trefoil.simulation;

import io.trefoil.base.Bytes;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.LeaderlessEffect;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.leaderless.LeaderlessMessage;
import io.trefoil.replication.leaderless.RepairEffect;
import io.trefoil.replication.leaderless.RepairEvent;
import io.trefoil.replication.leaderless.RepairMessage;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The lines of a leaderless trace. What a replica hears and sends is always one; of what goes on
 * between a machine and its shell only what a reader needs, so null says that there is no line.
 */
final class LeaderlessLines {
  private LeaderlessLines() {}

  static String of(LeaderlessEvent event) {
    if (event instanceof LeaderlessEvent.Received it) {
      return "◀ " + it.from() + "  " + of(it.message());
    }
    if (event instanceof LeaderlessEvent.Proposed it) {
      return "write " + KeyCell.entries(it.body());
    }
    if (event instanceof LeaderlessEvent.Stable it) {
      return "stable up to " + it.index();
    }
    if (event instanceof LeaderlessEvent.PeerLost it) {
      return "connection to " + it.peer() + " broke";
    }
    if (event instanceof LeaderlessEvent.Configured it) {
      return "told: v" + it.version() + " of " + members(it.membership());
    }
    if (event instanceof LeaderlessEvent.Asked it) {
      return "has " + it.question() + ", needs " + it.copies() + " that count";
    }
    if (event instanceof LeaderlessEvent.LogRead it) {
      return "journal read for "
          + it.peer()
          + ": "
          + (it.stretch() == null
              ? it.fromIndex() + " is gone, it begins at " + it.firstHeld()
              : it.fromIndex() + ".." + it.stretch().upTo() + entries(it.stretch().batch()));
    }
    if (event instanceof LeaderlessEvent.Withdrawn) {
      return "does not wait any more";
    }
    return event instanceof LeaderlessEvent.Whole ? "lacks nothing any more" : null;
  }

  private static String members(Membership membership) {
    return membership.standing().stream()
        .map(it -> it.replicas().toString())
        .collect(Collectors.joining(" and "));
  }

  static String of(LeaderlessEffect effect) {
    if (effect instanceof LeaderlessEffect.Send it) {
      return "▶ " + it.to() + "  " + of(it.message());
    }
    if (effect instanceof LeaderlessEffect.AppendOwn it) {
      return "append " + range(it.batch()) + entries(it.batch());
    }
    if (effect instanceof LeaderlessEffect.AppendForeign it) {
      return "append "
          + it.index()
          + entries(it.batch())
          + ", origin "
          + it.origin()
          + " up to "
          + it.upToIndex()
          + (it.gap() ? ", AFTER A GAP" : "");
    }
    if (effect instanceof LeaderlessEffect.AppendKept it) {
      return "append " + range(it.batch()) + entries(it.batch()) + ", not streamed";
    }
    if (effect instanceof LeaderlessEffect.Informed it) {
      List<String> said = it.differing().stream().map(each -> of(each)).toList();
      return "read #"
          + it.id()
          + ": "
          + (said.isEmpty() ? "all the same" : String.join(", ", said));
    }
    if (effect instanceof LeaderlessEffect.ReadLog it) {
      return "read journal for " + it.peer() + " from " + it.fromIndex();
    }
    return null;
  }

  private static String of(LeaderlessEffect.Differing differing) {
    return differing.from() + " has " + differing.cells();
  }

  private static String of(LeaderlessMessage message) {
    if (message instanceof LeaderlessMessage.Share it) {
      String what =
          it.upToIndex() < it.fromIndex()
              ? " next=" + it.fromIndex()
              : " " + it.fromIndex() + ".." + it.upToIndex() + entries(it.batch());
      String skipped = it.skipped() ? ", what was before is GONE" : "";
      return "Share origin=" + it.origin() + " v" + it.version() + what + skipped;
    }
    if (message instanceof LeaderlessMessage.Shared it) {
      return "Shared origin=" + it.origin() + " up to " + it.index() + counts(it.counts());
    }
    if (message instanceof LeaderlessMessage.Lacking it) {
      return "Lacking origin="
          + it.origin()
          + " not from "
          + it.rejectedFrom()
          + ", has up to "
          + it.index();
    }
    if (message instanceof LeaderlessMessage.Refused it) {
      return "Refused, knows v" + it.version();
    }
    if (message instanceof LeaderlessMessage.Ask it) {
      return "Ask #" + it.id() + " v" + it.version() + " " + it.question();
    }
    LeaderlessMessage.Told told = (LeaderlessMessage.Told) message;
    String differing = told.differing() == null ? "the same" : told.differing().toString();
    return "Told #" + told.id() + " " + differing + counts(told.counts());
  }

  private static String counts(boolean counts) {
    return counts ? "" : ", does not count";
  }

  private static String range(EntryBatch batch) {
    return batch.count() == 1
        ? "" + batch.firstIndex()
        : batch.firstIndex() + ".." + batch.lastIndex();
  }

  private static String entries(EntryBatch batch) {
    return batch == null ? " nothing for you" : " " + KeyCell.entries(batch.body());
  }

  static String of(RepairEvent event) {
    if (event instanceof RepairEvent.Received it) {
      return "◀ " + it.from() + "  " + of(it.message());
    }
    return event instanceof RepairEvent.Stable it ? "round " + it.round() + " has ended" : null;
  }

  static String of(RepairEffect effect) {
    if (effect instanceof RepairEffect.Send it) {
      return "▶ " + it.to() + "  " + of(it.message());
    }
    if (effect instanceof RepairEffect.Merge it) {
      return "merge "
          + it.changes()
          + (it.restores() ? ", filling up" : "")
          + (it.purged() == 0 ? "" : ", drops what was purged up to " + it.purged());
    }
    if (effect instanceof RepairEffect.HorizonGrew it) {
      return "HORIZON " + it.horizon();
    }
    if (effect instanceof RepairEffect.Became it) {
      return it.state() + (it.surely() ? "" : ", as far as anybody knows");
    }
    return effect instanceof RepairEffect.GapsFilled it
        ? "gaps of " + it.origins() + " filled"
        : null;
  }

  private static String of(RepairMessage message) {
    if (message instanceof RepairMessage.Compare it) {
      return "Compare round="
          + it.round()
          + nodes(it.level(), it.nodes())
          + ", of "
          + of(it.claim());
    }
    if (message instanceof RepairMessage.Compared it) {
      String differing =
          it.differing().isEmpty() ? " the same" : " differs" + nodes(it.level(), it.differing());
      return "Compared round="
          + it.round()
          + differing
          + ", clock="
          + it.clock()
          + ", of "
          + of(it.claim());
    }
    if (message instanceof RepairMessage.Pull it) {
      return "Pull round=" + it.round() + " leaf " + it.leaf() + " has [" + it.listing() + "]";
    }
    RepairMessage.Pulled it = (RepairMessage.Pulled) message;
    return "Pulled round=" + it.round() + " leaf " + it.leaf() + " " + changes(it.changes());
  }

  private static String nodes(int level, List<Integer> nodes) {
    return level == 0 ? " root" : " level " + level + " " + nodes;
  }

  private static String changes(Bytes changes) {
    return changes == null ? "nothing else" : changes.toString();
  }

  private static String of(RepairMessage.Claim claim) {
    return claim.state() + " complete=" + claim.complete() + " horizon=" + claim.horizon();
  }
}
