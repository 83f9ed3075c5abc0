package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.node.PartitionReplica.Mark;
import io.trefoil.node.PartitionReport.DifferingKey;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import io.trefoil.storage.BucketDigests;
import io.trefoil.storage.CellList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The comparison of one partition's replicas, at their leader.
 *
 * <p><b>Mark.</b> The leader writes a mark. Each replica, when it has committed exactly the entries
 * up to it, takes a snapshot and digests it: so all look at the same point of one history, while
 * writes go on. A replica that can't take a snapshot just then is busy, and all is begun again with
 * a new mark after a pause.
 *
 * <p><b>Time.</b> Compared is what is visible at the mark's time, which lies ahead: replicas
 * collect expired cells by the time of their logs, each a little sooner or later, and up to a time
 * that none has reached yet they differ in nothing that counts.
 *
 * <p><b>Keys.</b> Where buckets of digests differ, the replicas list the cells in them, one range
 * after the other, until enough keys are found.
 *
 * <p>Belongs to the data loop's thread.
 */
final class PartitionVerification implements Verifications.Verification {
  /** A replica that is silent for so long is not compared. */
  static final long SILENCE_NANOS = 10_000_000_000L;

  /** By how much a mark's time lies ahead: replicas have so long to come to it. */
  private static final long AHEAD_MILLIS = 10_000;

  private static final int MAX_MARKS = 20;
  private static final long PAUSE_NANOS = 250_000_000L;
  private static final long SIGN_OF_LIFE_NANOS = 1_000_000_000L;

  /** Lists asked for, so that a partition that differs everywhere is no endless work. */
  private static final int MAX_LISTS = 64;

  private static final Comparator<CellList.Cell> BY_KEY =
      Comparator.comparingLong(CellList.Cell::keyHash)
          .thenComparing(CellList.Cell::shownKey)
          .thenComparingInt(CellList.Cell::keyLength);

  private final PartitionReplica replica;
  private final DataLoop loop;
  private final BiConsumer<NodeId, VerifyMessage> network;
  private final Consumer<PartitionReport> receiver;
  private final Runnable signOfLife;
  private final long epoch;

  private int marks;
  private long markId;
  private Position position = Position.ZERO;
  private boolean pausing;
  private long resumeNanos;
  private long toldNanos;

  /** Who still owes an answer, and when it last gave a sign of life. */
  private final Map<NodeId, Long> awaited = new HashMap<>();

  private final SortedMap<NodeId, String> problems = new TreeMap<>();
  private final SortedMap<NodeId, BucketDigests> digests = new TreeMap<>();
  private int[] differing = new int[0];
  private int bucket;
  private long fromHash;
  private int lists;
  private final Map<NodeId, CellList> listed = new HashMap<>();
  private final List<DifferingKey> keys = new ArrayList<>();

  /**
   * @param replica that leads
   * @param network sends to a node, this one included
   * @param receiver gets the outcome, once
   * @param signOfLife called about every second until then
   */
  PartitionVerification(
      PartitionReplica replica,
      BiConsumer<NodeId, VerifyMessage> network,
      Consumer<PartitionReport> receiver,
      Runnable signOfLife) {
    this.replica = replica;
    this.loop = replica.loop();
    this.network = network;
    this.receiver = receiver;
    this.signOfLife = signOfLife;
    this.epoch = replica.epoch();
    this.toldNanos = loop.nowNanos();
  }

  @Override
  public void begin() {
    String refusal = replica.refuseWrite();
    if (refusal != null) {
      end(PartitionReport.notCompared(refusal));
      return;
    }
    marks++;
    if (!replica.store().canFreeze() && marks < MAX_MARKS) {
      pause(); // no use in a mark that finds the leader itself busy
      return;
    }
    awaitReplicas();
    markId = loop.nextStamp();
    long now = Math.max(replica.machine().logTimeMillis(), loop.wallMillis());
    replica.writeMark(markId, now + AHEAD_MILLIS);
  }

  private void awaitReplicas() {
    for (NodeId node : replica.terms().state().replicas()) {
      if (node.equals(loop.self()) || replica.machine().isReachable(node)) {
        awaited.put(node, loop.nowNanos());
      } else {
        problems.put(node, "is not connected");
      }
    }
  }

  /** This replica has committed the mark. */
  @Override
  public void onMark(Mark mark) {
    if (mark.id() == markId) {
      position = replica.positionOf(mark);
    }
  }

  @Override
  public void onMessage(NodeId from, VerifyMessage message) {
    if (message.id() != markId || pausing || !awaited.containsKey(from)) {
      return; // of a mark that was given up, or too late
    }
    awaited.put(from, loop.nowNanos());
    if (message instanceof VerifyMessage.Busy) {
      onBusy(from);
    } else if (message instanceof VerifyMessage.Unable unable) {
      giveUp(from, unable.why());
    } else if (message instanceof VerifyMessage.Digests own && differing.length == 0) {
      onDigests(from, own);
    } else if (message instanceof VerifyMessage.Cells cells && cells.fromHash() == fromHash) {
      onCells(from, cells.list());
    }
  }

  private void onBusy(NodeId from) {
    if (marks < MAX_MARKS) {
      pause();
    } else {
      giveUp(from, "is busy writing to its disk");
    }
  }

  private void pause() {
    release();
    awaited.clear();
    digests.clear();
    problems.clear();
    pausing = true;
    resumeNanos = loop.nowNanos() + PAUSE_NANOS;
  }

  private void onDigests(NodeId from, VerifyMessage.Digests own) {
    if (!own.position().equals(position)) {
      giveUp(from, "answers for " + own.position());
      return;
    }
    digests.put(from, own.digests());
    answered(from);
  }

  private void giveUp(NodeId node, String why) {
    problems.putIfAbsent(node, why);
    answered(node);
  }

  private void answered(NodeId node) {
    awaited.remove(node);
    if (!awaited.isEmpty()) {
      return;
    }
    if (differing.length > 0) {
      mergeLists();
    } else {
      compare();
    }
  }

  private void compare() {
    Collection<BucketDigests> all = digests.values();
    differing =
        IntStream.range(0, BucketDigests.COUNT)
            .filter(each -> all.stream().mapToLong(own -> own.sum(each)).distinct().count() > 1)
            .toArray();
    fromHash = differing.length == 0 ? 0 : BucketDigests.firstHash(differing[0]);
    listOrEnd();
  }

  // Which keys differ.

  private void listOrEnd() {
    boolean all = bucket == differing.length;
    if (all || keys.size() >= PartitionReport.MAX_KEYS || lists == MAX_LISTS) {
      endCompared(all);
      return;
    }
    lists++;
    listed.clear();
    long toHash = BucketDigests.firstHash(differing[bucket] + 1);
    for (NodeId node : digests.keySet()) {
      awaited.put(node, loop.nowNanos());
      network.accept(node, new VerifyMessage.ListCells(replica.id(), markId, fromHash, toHash));
    }
  }

  private void onCells(NodeId from, CellList list) {
    listed.put(from, list);
    answered(from);
  }

  private void mergeLists() {
    if (listed.size() < digests.size()) {
      endCompared(false); // a snapshot is gone; that they differ is known
      return;
    }
    long toHash = BucketDigests.firstHash(differing[bucket] + 1);
    long end = listed.values().stream().mapToLong(CellList::endHash).min().orElseThrow();
    addDifferingKeys(end);
    if (end >= toHash) {
      bucket++;
      fromHash = bucket < differing.length ? BucketDigests.firstHash(differing[bucket]) : 0;
    } else {
      fromHash = end;
    }
    listOrEnd();
  }

  private void addDifferingKeys(long endHash) {
    SortedMap<CellList.Cell, Map<NodeId, Long>> byKey = new TreeMap<>(BY_KEY);
    listed.forEach(
        (node, list) -> {
          for (CellList.Cell cell : list.cells()) {
            if (cell.keyHash() >>> 32 < endHash) {
              byKey.computeIfAbsent(cell, key -> new HashMap<>()).put(node, cell.digest());
            }
          }
        });
    byKey.forEach(
        (cell, own) -> {
          Set<Long> distinct = new HashSet<>(own.values());
          if (own.size() < digests.size() || distinct.size() > 1) {
            keys.add(new DifferingKey(cell.shownKey(), cell.keyLength(), own));
          }
        });
  }

  // The end.

  private void endCompared(boolean allKeys) {
    if (digests.isEmpty() && position.equals(Position.ZERO)) {
      end(PartitionReport.notCompared("the mark was not committed"));
      return;
    }
    SortedMap<NodeId, ReplicaDigest> replicas = new TreeMap<>();
    problems.forEach((node, why) -> replicas.put(node, new ReplicaDigest(node, why, 0)));
    digests.forEach((node, own) -> replicas.put(node, new ReplicaDigest(node, null, own.total())));
    long keyCount = digests.values().stream().mapToLong(BucketDigests::keyCount).max().orElse(0);
    boolean fits = keys.size() <= PartitionReport.MAX_KEYS;
    end(
        new PartitionReport(
            null,
            position,
            keyCount,
            List.copyOf(replicas.values()),
            differing.length,
            fits ? keys : keys.subList(0, PartitionReport.MAX_KEYS),
            allKeys && fits));
  }

  private void end(PartitionReport report) {
    release();
    receiver.accept(report);
  }

  /** Lets the replicas drop their snapshots. */
  private void release() {
    if (markId != 0) {
      VerifyMessage done = new VerifyMessage.Done(replica.id(), markId);
      replica.terms().state().replicas().forEach(node -> network.accept(node, done));
    }
  }

  @Override
  public void onLost(NodeId peer) {
    if (awaited.containsKey(peer)) {
      giveUp(peer, "the connection broke");
    }
  }

  @Override
  public void tick() {
    long now = loop.nowNanos();
    if (!replica.machine().isLeader() || replica.epoch() != epoch) {
      end(PartitionReport.notCompared("the leader changed"));
      return;
    }
    if (now - toldNanos > SIGN_OF_LIFE_NANOS) {
      toldNanos = now;
      signOfLife.run();
    }
    if (pausing && now - resumeNanos >= 0) {
      pausing = false;
      begin();
    }
    for (NodeId node : List.copyOf(awaited.keySet())) {
      Long heard = awaited.get(node);
      if (heard != null && now - heard > SILENCE_NANOS) {
        giveUp(node, "did not answer for " + SILENCE_NANOS / 1_000_000_000 + " s");
      }
    }
  }
}
