package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import io.trefoil.base.NodeId;
import io.trefoil.cell.EntryWriter;
import io.trefoil.node.http.RepairCounts;
import io.trefoil.replication.leaderless.AntiEntropy;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.leaderless.RepairCounters;
import io.trefoil.replication.leaderless.RepairEffect;
import io.trefoil.replication.leaderless.RepairEffects;
import io.trefoil.replication.leaderless.RepairEvent;
import io.trefoil.replication.leaderless.RepairMessage;
import io.trefoil.replication.leaderless.RepairSettings;
import io.trefoil.replication.leaderless.SumTree;
import io.trefoil.storage.MergedStore;
import io.trefoil.transport.Lane;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The shell around the anti-entropy of one replica: lists and tells cells, merges what is told,
 * forgets what was removed, and carries the machine's messages.
 *
 * <p><b>Purging</b> is up to a horizon that is durable, and that another one has passed since: one
 * above all stamps that were given until the first was known here. Who counted without knowing of a
 * removal did so before, and that is here, too, by then. Each frame tells its sender's last stamp,
 * so that a stamp given here is above those of all whose word the horizon rests on.
 *
 * <p>Belongs to the data loop's thread.
 */
final class QuorumRepair implements RepairEffects, SumTree {
  /** Keys of a partition that are looked at each tick: a thousand a second. */
  private static final int PURGE_STEPS = 10;

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
  private long granted;

  /** Origins of whose streams the machine knows that something is missing here. */
  private SortedSet<Integer> toldGaps;

  /** What was removed up to this stamp may be forgotten. */
  private long purged;

  /** The same, once the horizon is beyond {@link #waitsFor}; 0 for none. */
  private long purgesNext;

  private long waitsFor;

  /**
   * @param state of the copy, as far as that is durable
   */
  QuorumRepair(QuorumReplica replica, Origins origins, CopyState state) {
    this.replica = replica;
    this.loop = replica.loop();
    this.toldGaps = new TreeSet<>(origins.gaps());
    this.cells = MergedStore.waiting(replica.store(), origins.state());
    this.machine =
        new AntiEntropy(
            loop.self(),
            loop.incarnation(),
            this,
            RepairSettings.pausing(replica.host().repairPauseMillis()),
            new AntiEntropy.Recovered(
                state, origins.state().horizon(), new TreeSet<>(origins.gaps())));
  }

  AntiEntropy machine() {
    return machine;
  }

  /** What its rounds came to since it is here. */
  RepairCounts counts() {
    RepairCounters counters = machine.counters();
    return new RepairCounts(
        counters.bytesSent(),
        counters.roundsEqual(),
        counters.roundsDiffering(),
        counters.roundsFailed());
  }

  @Override
  public long sum(int level, int node) {
    return cells.state().tree().sum(level, node);
  }

  /** Whether the keys of a leaf add up to the sum that the tree has. Reads the disk. */
  boolean isLeafRight(int leaf) {
    long[] recounted = {0};
    cells.listLeaf(leaf, (key, digest) -> recounted[0] += digest);
    return recounted[0] == sum(LEAF_LEVEL, leaf);
  }

  /**
   * The same wherever the same is to be seen in the keys of a leaf, whatever of what was removed is
   * held. Reads the disk.
   */
  long shownIn(int leaf, long nowMillis) {
    List<byte[]> keys = new ArrayList<>();
    cells.listLeaf(leaf, (key, digest) -> keys.add(key));
    long shown = 0;
    for (byte[] key : keys) {
      long digest = cells.open(key, 0, key.length).visibleDigest(nowMillis);
      shown += digest == 0 ? 0 : Hash64.combine(Hash64.of(key), digest);
    }
    return shown;
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

  /** Whether the copy forgot something, and has not got all of it back. */
  boolean isFillingUp() {
    return machine.state() == CopyState.FORGOT;
  }

  /** Sets what rounds may take in a second. */
  void grant(long bytesPerSecond) {
    if (bytesPerSecond != granted) {
      granted = bytesPerSecond;
      step(new RepairEvent.Budget(granted));
    }
  }

  /** Begins rounds with all others. */
  void runNow() {
    step(new RepairEvent.RunNow());
  }

  /**
   * @param stamp the last one of the sender
   */
  void receive(NodeId from, long stamp, RepairMessage message) {
    loop.observeStamp(stamp);
    step(new RepairEvent.Received(from, message));
  }

  void tick() {
    tellGaps();
    step(new RepairEvent.Tick(loop.nowNanos() / 1_000_000, replica.host().toldClock()));
    runWhenStable();
    purge();
  }

  /**
   * What is merged from here on is merged by this horizon, and so it will be when the journal is
   * read: the note stands behind all that was merged before.
   */
  private void horizonGrew(long horizon) {
    replica.propose();
    ReplicaNote.HORIZON.put(loop.journal(), replica.id(), horizon);
    cells.state().reach(horizon);
    loop.observeStamp(horizon);
    loop.afterSync(() -> isDurable(horizon));
  }

  private void isDurable(long horizon) {
    if (horizon > waitsFor) {
      purged = purgesNext;
      purgesNext = horizon;
      waitsFor = loop.nextStamp();
    }
  }

  /** A copy that is filling up keeps what it has until it was compared with all others. */
  private void purge() {
    if (purged > 0 && machine.state() == CopyState.VOUCHES) {
      cells.purge(purged, loop.wallMillis(), PURGE_STEPS);
      cells.takeExpired().stream().filter(this::isToRemove).forEach(replica::removeExpired);
    }
  }

  /** All replicas find the same keys expired, and one of them removes each. */
  private boolean isToRemove(byte[] key) {
    List<NodeId> replicas = replica.terms().state().configuration().replicas();
    return loop.self().equals(replicas.get(Math.floorMod(Hash64.of(key), replicas.size())));
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
      if (send.message() instanceof RepairMessage.Compare
          && !replica.machine().isReachable(send.to())) {
        later.add(() -> step(new RepairEvent.PeerLost(send.to()))); // others need not wait for it
      } else {
        send(send.to(), send.message());
      }
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
    } else if (effect instanceof RepairEffect.HorizonGrew grew) {
      later.add(() -> horizonGrew(grew.horizon()));
    } else {
      throw new IllegalStateException("no way to carry out " + effect);
    }
  }

  private void send(NodeId to, RepairMessage message) {
    frame.clear();
    frame.putByte(Frames.REPAIR);
    ReplicationCodec.putPartition(frame, replica.id());
    frame.putLong(loop.lastStamp());
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
    if (merge.restores()) {
      EntryWriter.fill(inner, merge.purged());
    }
    inner.putBytes(merge.changes().array(), 0, merge.changes().length());
    ByteSink body = new ByteSink(inner.size() + 8);
    body.putBlock(inner.array(), 0, inner.size());
    ByteSink entry = new ByteSink(body.size() + 16);
    EntryWriter.begin(entry, Math.max(1, loop.lastStamp()));
    EntryWriter.from(entry, 0, 0, 1, body.toArray());
    ByteSink batch = new ByteSink(entry.size() + 8);
    batch.putBlock(entry.array(), 0, entry.size());
    long keys = replica.keep(Bytes.wrap(batch.toArray()));
    step(new RepairEvent.Merged(merge.round(), merge.leaf(), keys));
  }

  private void became(RepairEffect.Became became) {
    replica.host().persistCopyState(replica, became.state());
    if (became.state() == CopyState.COUNTS) {
      replica.becameWhole(became.surely());
    }
  }

  void configured(LeaderlessEvent.Configured event) {
    step(new RepairEvent.Configured(event.version(), event.membership()));
  }
}
