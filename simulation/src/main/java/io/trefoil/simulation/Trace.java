package io.trefoil.simulation;

import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Message;
import java.util.ArrayDeque;
import java.util.List;

/**
 * What happened, as a dialogue: events, effects and faults in order. Keeps the last so many lines
 * as they are and makes text of them only when somebody reads it.
 */
final class Trace {
  record Line(long atMicros, Object who, Object what) {}

  private final Schedule schedule;
  private final int limit;
  private final ArrayDeque<Line> lines = new ArrayDeque<>();

  Trace(Schedule schedule, int limit) {
    this.schedule = schedule;
    this.limit = limit;
  }

  void note(Object who, Object what) {
    if (lines.size() == limit) {
      lines.pollFirst();
    }
    lines.addLast(new Line(schedule.nowMicros(), who, what));
  }

  List<String> lines() {
    return lines.stream()
        .map(
            line ->
                String.format(
                    "%10.3f ms  %-4s %s",
                    line.atMicros() / 1000.0, line.who(), describe(line.what())))
        .toList();
  }

  /** The last lines, which are then forgotten. */
  List<Line> take() {
    List<Line> taken = List.copyOf(lines);
    lines.clear();
    return taken;
  }

  static String describe(Object what) {
    if (what instanceof Event event) {
      return describeEvent(event);
    }
    if (what instanceof Effect effect) {
      return describeEffect(effect);
    }
    return what.toString();
  }

  private static String describeEvent(Event event) {
    if (event instanceof Event.Received it) {
      return "◀ " + it.from() + "  " + describeMessage(it.message());
    }
    if (event instanceof Event.Proposed it) {
      return "write " + Operation.describe(it.body(), it.count());
    }
    if (event instanceof Event.Stable it) {
      return "stable up to " + it.upTo();
    }
    if (event instanceof Event.PromiseDurable it) {
      return "promise of epoch " + it.epoch() + " is on disk";
    }
    if (event instanceof Event.EpochOpened it) {
      return "told: epoch " + it.epoch() + " is open";
    }
    if (event instanceof Event.Fence it) {
      return "told: fence for epoch " + it.epoch();
    }
    if (event instanceof Event.Appointed it) {
      return "told: " + it.leader() + " leads epoch " + it.epoch() + describe(it);
    }
    if (event instanceof Event.LogRead it) {
      return "journal read for "
          + it.follower()
          + ": "
          + (it.batch() == null ? it.fromIndex() + " is gone" : describeBatch(it.batch()));
    }
    if (event instanceof Event.SnapshotInstalled it) {
      return "snapshot installed up to " + it.position() + ", epochs " + it.epochs();
    }
    if (event instanceof Event.SnapshotSent it) {
      return "snapshot for " + it.follower() + (it.installed() ? " arrived" : " failed");
    }
    if (event instanceof Event.PeerLost it) {
      return "connection to " + it.peer() + " broke";
    }
    return "tick";
  }

  private static String describe(Event.Appointed appointed) {
    StringBuilder text = new StringBuilder();
    appointed
        .membership()
        .standing()
        .forEach(
            it ->
                text.append(text.length() == 0 ? ", " : " and ")
                    .append(it.copies())
                    .append(" of ")
                    .append(it.replicas()));
    return text.toString();
  }

  private static String describeEffect(Effect effect) {
    if (effect instanceof Effect.Send it) {
      return "▶ " + it.to() + "  " + describeMessage(it.message());
    }
    if (effect instanceof Effect.Append it) {
      return "append " + describeBatch(it.batch());
    }
    if (effect instanceof Effect.Cut it) {
      return "cut from " + it.fromIndex();
    }
    if (effect instanceof Effect.Commit it) {
      return "commit up to " + it.index();
    }
    if (effect instanceof Effect.PersistPromise it) {
      return "write promise of epoch " + it.epoch();
    }
    if (effect instanceof Effect.AnswerFence it) {
      return "answer fence for epoch "
          + it.promised()
          + ": last "
          + it.last()
          + (it.counts() ? "" : ", does not count");
    }
    if (effect instanceof Effect.BecameLeader it) {
      return "LEADS epoch " + it.epoch() + " from index " + it.openingIndex();
    }
    if (effect instanceof Effect.BecameFollower it) {
      return "follows "
          + (it.leader() == null ? "nobody" : it.leader())
          + " in epoch "
          + it.epoch();
    }
    if (effect instanceof Effect.Diverged it) {
      return "DIVERGED from epoch "
          + it.epoch()
          + ": saves "
          + it.fromIndex()
          + ".."
          + it.toIndex();
    }
    if (effect instanceof Effect.ReadLog it) {
      return "read journal for " + it.follower() + " from " + it.fromIndex();
    }
    if (effect instanceof Effect.SendSnapshot it) {
      return "send snapshot to " + it.follower();
    }
    Effect.PersistCounts counts = (Effect.PersistCounts) effect;
    return "write that this copy " + (counts.counts() ? "counts" : "does not count");
  }

  static String describeMessage(Message message) {
    String epoch = message.getClass().getSimpleName() + " epoch=" + message.epoch();
    if (message instanceof Message.Append it) {
      return epoch
          + " after "
          + it.previous()
          + " commit="
          + it.commitIndex()
          + (it.batch() == null ? "" : "  " + describeBatch(it.batch()));
    }
    if (message instanceof Message.Appended it) {
      return epoch + " up to " + it.index() + (it.counts() ? "" : ", does not count");
    }
    if (message instanceof Message.Mismatch it) {
      return epoch + " not " + it.rejected() + ", perhaps " + it.last();
    }
    return epoch;
  }

  private static String describeBatch(EntryBatch batch) {
    String range =
        batch.count() == 1
            ? batch.last().toString()
            : batch.epoch() + ":" + batch.firstIndex() + ".." + batch.lastIndex();
    return range + " [" + Operation.describe(batch.body(), batch.count()) + "]";
  }
}
