package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The conflicts that this node's replicas found: the newest in memory, for those who ask, and all
 * in files, which are written in the background. Bounded everywhere. Belongs to the data loop's
 * thread.
 */
final class ConflictLog {
  private static final Logger LOG = LoggerFactory.getLogger(ConflictLog.class);

  /** Of a partition, so many are kept in memory. */
  static final int MAX_KEPT = 1_000;

  /** So much is kept in memory of all partitions together, about. */
  static final long MAX_KEPT_BYTES = 16L << 20;

  /** So many wait for the writer at most; more are not written, and counted. */
  static final int MAX_UNWRITTEN = 10_000;

  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Executor loop;
  private final Executor background;
  private final LongSupplier nowNanos;
  private final ConflictFolder folder;
  private final SortedMap<PartitionId, OfPartition> partitions = new TreeMap<>();
  private final List<ConflictRecord> unwritten = new ArrayList<>();
  private boolean writing;
  private long keptBytes;
  private boolean warned;
  private long warnedNanos;

  private static final class OfPartition {
    /** The oldest first. */
    final Deque<ConflictRecord> kept = new ArrayDeque<>();

    Position last = Position.ZERO;
    int lastNumber = -1;
    long recorded;
    long notWritten;
  }

  /**
   * What became of a partition's conflicts.
   *
   * @param recorded since the node started, and before as far as the files tell
   * @param kept can be asked for
   * @param notWritten as the disk did not keep up, or failed, since the node started
   */
  record Counts(long recorded, long kept, long notWritten) {
    static final Counts NONE = new Counts(0, 0, 0);

    Counts plus(Counts other) {
      return new Counts(
          recorded + other.recorded, kept + other.kept, notWritten + other.notWritten);
    }
  }

  /**
   * @param loop comes back to the owner's thread
   * @param found lines of the folder, the oldest first; those that are no conflicts are left out
   */
  ConflictLog(
      Executor loop,
      Executor background,
      LongSupplier nowNanos,
      ConflictFolder folder,
      List<String> found) {
    this.loop = loop;
    this.background = background;
    this.nowNanos = nowNanos;
    this.folder = folder;
    found.forEach(this::load);
  }

  private void load(String line) {
    try {
      keep(ConflictRecord.parse(line));
    } catch (IOException e) {
      LOG.debug("a line of a conflict file is left out: {}", e.getMessage());
    }
  }

  /** Records a conflict, unless it was: the journal brings entries again after a restart. */
  void add(ConflictRecord conflict) {
    if (keep(conflict)) {
      write(conflict);
    }
  }

  private boolean keep(ConflictRecord conflict) {
    OfPartition partition =
        partitions.computeIfAbsent(conflict.partition(), id -> new OfPartition());
    if (!conflict.isAfter(partition.last, partition.lastNumber)) {
      return false;
    }
    partition.last = conflict.position();
    partition.lastNumber = conflict.number();
    partition.recorded++;
    partition.kept.add(conflict);
    keptBytes += conflict.sizeBytes();
    if (partition.kept.size() > MAX_KEPT) {
      dropOldest(partition);
    }
    while (keptBytes > MAX_KEPT_BYTES) {
      dropOldest(longest());
    }
    return true;
  }

  /** So that a partition with many conflicts does not push out those of others. */
  private OfPartition longest() {
    return partitions.values().stream()
        .max(Comparator.comparingInt(each -> each.kept.size()))
        .orElseThrow();
  }

  private void dropOldest(OfPartition partition) {
    keptBytes -= partition.kept.poll().sizeBytes();
  }

  /** Some were found that nobody can tell any more, as there were too many at once. */
  void addLost(PartitionId id, long count) {
    OfPartition partition = partitions.computeIfAbsent(id, it -> new OfPartition());
    partition.recorded += count;
    partition.notWritten += count;
  }

  /** A partition's copy here goes. */
  void forget(PartitionId id) {
    OfPartition gone = partitions.remove(id);
    if (gone != null) {
      gone.kept.forEach(each -> keptBytes -= each.sizeBytes());
    }
  }

  /** A partition's conflicts that somebody wants, the newest first. */
  List<ConflictRecord> newest(PartitionId id, Predicate<ConflictRecord> wanted, int maxCount) {
    List<ConflictRecord> found = new ArrayList<>();
    OfPartition partition = partitions.get(id);
    if (partition == null) {
      return found;
    }
    Iterator<ConflictRecord> newestFirst = partition.kept.descendingIterator();
    while (newestFirst.hasNext() && found.size() < maxCount) {
      ConflictRecord each = newestFirst.next();
      if (wanted.test(each)) {
        found.add(each);
      }
    }
    return found;
  }

  Counts counts(PartitionId id) {
    OfPartition partition = partitions.get(id);
    return partition == null
        ? Counts.NONE
        : new Counts(partition.recorded, partition.kept.size(), partition.notWritten);
  }

  // Writing.

  private void write(ConflictRecord conflict) {
    if (unwritten.size() >= MAX_UNWRITTEN) {
      countNotWritten(conflict);
      return;
    }
    unwritten.add(conflict);
    if (!writing) {
      writing = true;
      loop.execute(this::writeAll); // with those that this turn finds yet
    }
  }

  private void countNotWritten(ConflictRecord conflict) {
    OfPartition partition = partitions.get(conflict.partition());
    if (partition != null) {
      partition.notWritten++;
    }
  }

  private void writeAll() {
    List<ConflictRecord> batch = List.copyOf(unwritten);
    unwritten.clear();
    background.execute(
        () -> {
          IOException broken = append(batch);
          loop.execute(() -> written(batch, broken));
        });
  }

  private IOException append(List<ConflictRecord> batch) {
    try {
      folder.append(batch.stream().map(ConflictRecord::toLine).toList());
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  private void written(List<ConflictRecord> batch, IOException broken) {
    if (broken != null) {
      batch.forEach(this::countNotWritten);
      warn(batch.size(), broken);
    }
    writing = !unwritten.isEmpty();
    if (writing) {
      writeAll();
    }
  }

  private void warn(int count, IOException broken) {
    long now = nowNanos.getAsLong();
    if (!warned || now - warnedNanos > QUIET_NANOS) {
      warned = true;
      warnedNanos = now;
      LOG.warn(
          "{} conflicts can't be written, and are kept in memory only: {}",
          count,
          broken.toString());
    }
  }
}
