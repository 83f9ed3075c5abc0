package io.trefoil.journal;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The segments that are in use, the spare ones prepared ahead, and the retired ones that wait to be
 * recycled or deleted. Numbers only grow, and a spare has the number that it will be begun with.
 *
 * <p>Called by the owner, by the one who prepares, by the one who syncs and by readers; everything
 * is guarded by this object, and no disk call is made while it is held.
 */
final class Segments {
  /** One to take and one that a retired segment was made into, which saves writing zeros. */
  private static final int MAX_SPARES = 2;

  /** For so long others have the disk and the core to themselves while a spare is prepared. */
  private static final int REST_MILLIS = 5;

  private record Spare(long number, SegmentFile file) {}

  private final JournalDisk disk;
  private final long segmentBytes;

  private final List<Segment> used = new ArrayList<>();
  private final Deque<Segment> unsynced = new ArrayDeque<>();
  private final Deque<Spare> spares = new ArrayDeque<>();
  private final Deque<Segment> retired = new ArrayDeque<>();
  private boolean preparing;

  /** Nobody waits for what is being prepared. */
  private boolean leisure = true;

  private long nextNumber;

  Segments(JournalDisk disk, long segmentBytes, List<Segment> recovered, long nextNumber) {
    this.disk = disk;
    this.segmentBytes = segmentBytes;
    this.used.addAll(recovered);
    this.nextNumber = nextNumber;
  }

  /** Keeps a file that was prepared before the journal was closed, under a number of its own. */
  void adoptSpare(String name) throws IOException {
    long number = nextNumber++;
    disk.rename(name, RecordFormat.fileName(number));
    spares.add(new Spare(number, disk.open(RecordFormat.fileName(number))));
  }

  /** Ends the last segment at {@code base} and begins the next one there. */
  Segment begin(long base) throws IOException {
    Spare spare = takeSpare();
    if (spare == null) {
      spare = create(() -> {});
    }
    Segment next = new Segment(spare.number, base, spare.file);
    synchronized (this) {
      if (!used.isEmpty()) {
        used.get(used.size() - 1).end = base;
      }
      used.add(next);
      unsynced.add(next);
      notifyAll();
    }
    return next;
  }

  private synchronized Spare takeSpare() {
    boolean interrupted = false;
    // One that is nearly ready is waited for: it has the next number, and making another takes as
    // long.
    while (spares.isEmpty() && preparing) {
      leisure = false;
      notifyAll();
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    leisure = true;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return spares.poll();
  }

  private Spare create(Runnable rest) throws IOException {
    long number;
    synchronized (this) {
      number = nextNumber++;
    }
    SegmentFile file = disk.create(RecordFormat.fileName(number), segmentBytes, rest);
    disk.forceNames();
    return new Spare(number, file);
  }

  /**
   * Does one piece of background work: recycles or deletes a retired segment, or prepares a spare.
   *
   * @return false when there was nothing to do
   */
  boolean prepare() throws IOException {
    Segment old;
    boolean recycle;
    synchronized (this) {
      if (!hasWork()) {
        return false;
      }
      old = retired.peek();
      recycle = old != null && spares.size() < MAX_SPARES;
      preparing = true;
    }
    boolean done = false;
    Spare spare = null;
    try {
      if (old == null) {
        spare = create(this::rest);
      } else if (recycle && old.file.sizeBytes() == segmentBytes) {
        spare = recycle(old);
      } else {
        delete(old);
      }
      done = true;
    } finally {
      prepared(done ? old : null, spare);
    }
    return true;
  }

  private synchronized void rest() {
    if (!leisure) {
      return;
    }
    try {
      wait(REST_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One that could not be removed stays the first to go, so that no gap comes before it. */
  private synchronized void prepared(Segment removed, Spare spare) {
    preparing = false;
    if (removed != null) {
      retired.remove(removed);
    }
    if (spare != null) {
      spares.add(spare);
    }
    notifyAll();
  }

  private Spare recycle(Segment old) throws IOException {
    long number;
    synchronized (this) {
      number = nextNumber++;
    }
    disk.rename(old.name(), RecordFormat.fileName(number));
    disk.forceNames();
    return new Spare(number, old.file);
  }

  /** The oldest first and each for good, so that a crash never leaves a gap. */
  private void delete(Segment old) throws IOException {
    disk.delete(old.name());
    disk.forceNames();
    old.file.close();
  }

  private boolean hasWork() {
    return !preparing && (!retired.isEmpty() || spares.isEmpty());
  }

  /** Waits until there is something to {@link #prepare}, but not longer than {@code millis}. */
  synchronized void awaitWork(boolean evenIfThereIs, long millis) throws InterruptedException {
    if (evenIfThereIs || !hasWork()) {
      wait(millis);
    }
  }

  /** Ends what {@link #awaitWork} waits for; what is being prepared is finished without rests. */
  synchronized void wake() {
    leisure = false;
    notifyAll();
  }

  String place() {
    return disk.place();
  }

  /** Retires the segments that end at or below {@code needed} and that a synced head replaces. */
  synchronized void retire(long needed, long synced) {
    while (used.size() > 1) {
      Segment oldest = used.get(0);
      boolean replaced = used.get(1).headEnd <= synced;
      if (oldest.end > needed || !replaced || oldest.readers > 0) {
        return;
      }
      used.remove(0);
      retired.add(oldest);
      notifyAll();
    }
  }

  synchronized void headWritten(Segment segment, long headEnd) {
    segment.headEnd = headEnd;
  }

  /** Those that may hold unsynced bytes, the oldest first. */
  synchronized List<Segment> unsynced() {
    return List.copyOf(unsynced);
  }

  synchronized void synced(long offset) {
    while (unsynced.size() > 1 && unsynced.element().end <= offset) {
      unsynced.remove();
    }
  }

  /** The segment that holds {@code offset}, kept until {@link #free}; null when it is gone. */
  synchronized Segment keep(long offset) {
    for (int i = used.size() - 1; i >= 0; i--) {
      Segment segment = used.get(i);
      if (segment.base <= offset) {
        segment.readers++;
        return segment;
      }
    }
    return null;
  }

  synchronized void free(Segment segment) {
    segment.readers--;
  }

  synchronized long endOf(Segment segment) {
    return segment.end;
  }

  synchronized long firstOffset() {
    return used.get(0).base;
  }

  /** Closes all files. */
  synchronized void close() throws IOException {
    for (Segment segment : used) {
      segment.file.close();
    }
    for (Segment segment : retired) {
      segment.file.close();
    }
    for (Spare spare : spares) {
      spare.file.close();
    }
  }
}
