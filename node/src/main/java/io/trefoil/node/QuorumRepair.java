package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.cell.EntryWriter;
import io.trefoil.replication.leaderless.AntiEntropy;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.leaderless.RepairEffect;
import io.trefoil.replication.leaderless.RepairEffects;
import io.trefoil.replication.leaderless.RepairEvent;
import io.trefoil.replication.leaderless.RepairMessage;
import io.trefoil.replication.leaderless.RepairSettings;
import io.trefoil.replication.leaderless.SumTree;
import io.trefoil.storage.MergedStore;
import io.trefoil.transport.Lane;
import java.util.ArrayDeque;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The shell around the anti-entropy of one replica: lists and tells cells, merges what is told, and
 * carries the machine's messages.
 *
 * <p>Nothing is purged yet: what is told of horizons is kept by nobody.
 *
 * <p>Belongs to the data loop's thread.
 */
final class QuorumRepair implements RepairEffects, SumTree {
  private final QuorumReplica replica;
  private final DataLoop loop;

  /** Lists and tells: may wait for the disk. */
  private final MergedStore cells;

  private final AntiEntropy machine;
  private final ByteSink frame = new ByteSink(4096);

  /** What waits until all that the copy holds is stable. */
  private final ArrayDeque<Runnable> whenStable = new ArrayDeque<>();

  /** What may feed the machine again, when its step is over. */
  private final ArrayDeque<Runnable> later = new ArrayDeque<>();

  private boolean carryingOut;

  /** Origins of whose streams the machine knows that something is missing here. */
  private SortedSet<Integer> toldGaps;

  QuorumRepair(QuorumReplica replica, Origins origins, boolean counts) {
    this.replica = replica;
    this.loop = replica.loop();
    this.toldGaps = new TreeSet<>(origins.gaps());
    this.cells = MergedStore.waiting(replica.store(), origins.state());
    this.machine =
        new AntiEntropy(
            loop.self(),
            loop.incarnation(),
            this,
            RepairSettings.DEFAULT,
            new AntiEntropy.Recovered(
                counts ? CopyState.VOUCHES : CopyState.FORGOT, 0, new TreeSet<>(origins.gaps())));
  }

  AntiEntropy machine() {
    return machine;
  }

  @Override
  public long sum(int level, int node) {
    return cells.state().tree().sum(level, node);
  }

  void step(RepairEvent event) {
    machine.step(event, this);
    if (!carryingOut) {
      carryingOut = true;
      for (Runnable next = later.poll(); next != null; next = later.poll()) {
        next.run();
      }
      carryingOut = false;
    }
  }

  void receive(NodeId from, RepairMessage message) {
    step(new RepairEvent.Received(from, message));
  }

  void tick() {
    tellGaps();
    step(new RepairEvent.Tick(loop.nowNanos() / 1_000_000, loop.lastStamp()));
    runWhenStable();
  }

  /** Streams may have left something out here, be it that nothing came after it. */
  private void tellGaps() {
    SortedSet<Integer> gaps = replica.machine().gaps();
    if (!gaps.equals(toldGaps)) {
      toldGaps = new TreeSet<>(gaps);
      step(new RepairEvent.Gaps(toldGaps));
    }
  }

  /** Runs at once when all that the copy holds is stable, else when it is. */
  void whenStable(Runnable task) {
    whenStable.add(task);
    runWhenStable();
  }

  /** More is stable. */
  void runWhenStable() {
    while (!whenStable.isEmpty() && replica.isAllStable()) {
      whenStable.poll().run();
    }
  }

  @Override
  public void add(RepairEffect effect) {
    if (effect instanceof RepairEffect.Send send) {
      send(send.to(), send.message());
    } else if (effect instanceof RepairEffect.ListLeaf list) {
      later.add(() -> list(list));
    } else if (effect instanceof RepairEffect.Examine examine) {
      later.add(() -> whenStable(() -> examine(examine)));
    } else if (effect instanceof RepairEffect.Merge merge) {
      later.add(() -> merge(merge));
    } else if (effect instanceof RepairEffect.AwaitStable await) {
      later.add(() -> whenStable(() -> step(new RepairEvent.Stable(await.round()))));
    } else if (effect instanceof RepairEffect.Became became) {
      later.add(() -> became(became));
    } else if (effect instanceof RepairEffect.GapsFilled filled) {
      later.add(() -> replica.gapsFilled(filled.origins()));
    } else if (!(effect instanceof RepairEffect.HorizonGrew)) {
      throw new IllegalStateException("no way to carry out " + effect);
    }
  }

  private void send(NodeId to, RepairMessage message) {
    frame.clear();
    frame.putByte(Frames.REPAIR);
    ReplicationCodec.putPartition(frame, replica.id());
    RepairCodec.encode(frame, message);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }

  private void list(RepairEffect.ListLeaf list) {
    Bytes listing = LeafListing.of(cells, list.leaf(), list.from());
    step(new RepairEvent.Listed(list.round(), list.leaf(), listing));
  }

  private void examine(RepairEffect.Examine asked) {
    LeafListing.Answer answer =
        LeafListing.answer(cells, asked.leaf(), asked.at(), asked.listing(), asked.forgot());
    step(
        new RepairEvent.Examined(
            asked.from(),
            asked.round(),
            asked.step(),
            asked.leaf(),
            answer.changes(),
            answer.next()));
  }

  /** As entries that are not streamed: each replica finds by itself what it lacks. */
  private void merge(RepairEffect.Merge merge) {
    ByteSink inner = new ByteSink(merge.changes().length() + 16);
    EntryWriter.begin(inner, Math.max(1, loop.lastStamp()));
    inner.putBytes(merge.changes().array(), 0, merge.changes().length());
    ByteSink body = new ByteSink(inner.size() + 8);
    body.putBlock(inner.array(), 0, inner.size());
    ByteSink entry = new ByteSink(body.size() + 16);
    EntryWriter.begin(entry, Math.max(1, loop.lastStamp()));
    EntryWriter.from(entry, 0, 0, 1, body.toArray());
    ByteSink batch = new ByteSink(entry.size() + 8);
    batch.putBlock(entry.array(), 0, entry.size());
    replica.keep(Bytes.wrap(batch.toArray()));
    step(new RepairEvent.Merged(merge.round(), merge.leaf(), 1));
  }

  private void became(RepairEffect.Became became) {
    if (became.state() == CopyState.COUNTS) {
      replica.becameWhole(became.surely());
    }
  }

  void configured(LeaderlessEvent.Configured event) {
    step(new RepairEvent.Configured(event.version(), event.membership()));
  }
}
