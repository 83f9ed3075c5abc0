package io.trefoil.journal;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The append-only log of one event loop. Entries of all its partition copies share segments, so
 * that a turn costs one write and all that wait share one sync.
 *
 * <p><b>Offsets.</b> Appending puts a record into a buffer; {@link #write()} writes the buffer and
 * returns the offset up to which everything is <em>written</em>: it survives a killed process. What
 * is below {@link #synced()} survives a crash of the machine. Who waits for which is the caller's
 * choice, copy by copy.
 *
 * <p><b>Threads.</b> The thread that owns the loop appends, writes, releases and closes. {@link
 * #sync()} and {@link #prepare()} are background work, each for one other thread at a time ({@link
 * JournalThreads} has them); a simulator calls them when it likes. {@link #read} and the figures
 * may be called from any thread.
 *
 * <p><b>Failure.</b> A failed write or sync is never tried again. From then on every call throws
 * {@link JournalFailed}, but for {@link #close()}.
 *
 * <p><b>Large records.</b> A record is never split. One that is larger than a segment gets a
 * segment of its own that grows; its syncs are slower as they change the file's size.
 */
public final class Journal implements Closeable {
  /** No batch's body may be larger. */
  public static final int MAX_BODY_BYTES = 128 << 20;

  /** No note's value and no copy's meta may be larger, as segments begin with all of them. */
  public static final int MAX_META_BYTES = 1 << 20;

  private static final byte[] NOTHING = new byte[0];

  private final JournalDisk disk;
  private final JournalSettings settings;
  private final Copies copies = new Copies();
  private final Map<Long, byte[]> notes = new TreeMap<>();
  private final Segments segments;
  private final SegmentWriter writer;
  private final RecoveryReport recovery;

  private Segment current;

  /**
   * Nothing below {@code unneededBelow} is needed once {@code unneededAt} is synced. Owner only.
   */
  private long unneededBelow;

  private long unneededAt;
  private volatile long written;
  private volatile long synced;
  private volatile JournalFailed failure;
  private boolean closed;

  private Journal(JournalDisk disk, JournalSettings settings, JournalReplay replay)
      throws IOException {
    this.disk = disk;
    this.settings = settings;
    Recovery found = new Recovery(disk, settings, replay, copies, notes);
    try {
      found.run();
      found.makeDurable();
      recovery = found.report();
      List<Segment> recovered = found.segments();
      segments = new Segments(disk, settings.segmentBytes(), recovered, found.nextNumber());
      takeLeftOver(found.leftOver());
      writer = new SegmentWriter(settings.journalId(), settings.bufferBytes(), found.lastCrc());
      synced = recovery.endOffset();
      begin(recovery.endOffset(), found.lastNumber());
      writer.flush();
      written = writer.offset();
      disk.forceNames();
      sync();
      if (!recovered.isEmpty()) {
        dropTail(recovered.get(recovered.size() - 1));
      }
    } catch (IOException | RuntimeException e) {
      found.close();
      throw e;
    }
  }

  /**
   * Opens the journal in {@code folder}, which is made if it isn't there, and replays what it
   * holds.
   *
   * @throws JournalUnusable when another process holds the folder, or it isn't this journal's
   * @throws JournalDamaged when bytes that were on disk can't be read back
   * @throws JournalFailed when the disk fails or is full
   */
  public static Journal open(Path folder, JournalSettings settings, JournalReplay replay) {
    return open(FolderDisk.open(folder), settings, replay);
  }

  /**
   * As {@link #open(Path, JournalSettings, JournalReplay)} on any disk. The journal closes the
   * disk, also when opening fails.
   */
  public static Journal open(JournalDisk disk, JournalSettings settings, JournalReplay replay) {
    try {
      return new Journal(disk, settings, replay);
    } catch (IOException e) {
      closeAfter(disk, e);
      throw new JournalFailed(
          "the journal in " + disk.place() + " can't be opened: " + reason(e), e);
    } catch (RuntimeException e) {
      closeAfter(disk, e);
      throw e;
    }
  }

  private static void closeAfter(JournalDisk disk, Exception cause) {
    try {
      disk.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** One file that was prepared and not begun is kept as a spare; the others go. */
  private void takeLeftOver(List<String> names) throws IOException {
    boolean taken = false;
    for (int i = names.size() - 1; i >= 0; i--) {
      if (!taken && sizeBytes(names.get(i)) == settings.segmentBytes()) {
        segments.adoptSpare(names.get(i));
        taken = true;
      } else {
        disk.delete(names.get(i));
      }
    }
  }

  private long sizeBytes(String name) throws IOException {
    try (SegmentFile file = disk.open(name)) {
      return file.sizeBytes();
    }
  }

  /** What was cut goes for good, and the room behind the last segment's end is given back. */
  private static void dropTail(Segment last) throws IOException {
    long bytes = last.end - last.base;
    if (last.file.sizeBytes() > bytes) {
      last.file.truncate(bytes);
    }
  }

  JournalSettings settings() {
    return settings;
  }

  /** What opening found. */
  public RecoveryReport recovery() {
    return recovery;
  }

  // Appending. All of it only fills the buffer, unless that is full.

  /**
   * Appends entries of a copy. Owner only.
   *
   * @param epoch not below that of the copy's last entry
   * @param firstIndex the index after the copy's last entry
   * @param count how many entries the body holds, from 1
   * @param commitIndex the commit index known now
   * @param logTimeMillis log time, as the replay gives it back
   * @param issuer incarnation of the one who wrote the entries
   * @param body per entry a varint length and its bytes; at most {@link #MAX_BODY_BYTES}
   */
  public void appendBatch(
      long copyId,
      long epoch,
      long firstIndex,
      int count,
      long commitIndex,
      long logTimeMillis,
      long issuer,
      byte[] body,
      int offset,
      int length) {
    checkOpen();
    Invariants.check(count > 0, "a batch holds at least one entry", count, firstIndex);
    Invariants.check(length <= MAX_BODY_BYTES, "a batch's body is bounded", length, MAX_BODY_BYTES);
    CopyLog copy = copies.get(copyId);
    makeRoom(RecordFormat.BATCH_FIELDS_BYTES + (long) length);
    copy.batch(epoch, firstIndex, count, commitIndex, writer.offset(), current);
    record(RecordFormat.BATCH)
        .putLong(copyId)
        .putLong(epoch)
        .putLong(firstIndex)
        .putInt(count)
        .putLong(commitIndex)
        .putLong(logTimeMillis)
        .putLong(issuer);
    finish(body, offset, length);
  }

  /** Takes the entries of a copy after {@code lastKept} away. Owner only. */
  public void appendCut(long copyId, Position lastKept) {
    checkOpen();
    CopyLog copy = copies.get(copyId);
    makeRoom(24);
    copy.cut(lastKept, writer.offset());
    putPosition(record(RecordFormat.CUT).putLong(copyId), lastKept);
    finish(NOTHING, 0, 0);
  }

  /**
   * Begins a copy after {@code start}, for the first time or in place of all that it had. Owner
   * only.
   *
   * @param meta the caller's own, at most {@link #MAX_META_BYTES}; taken over, not copied
   */
  public void appendStart(long copyId, Position start, byte[] meta) {
    checkOpen();
    checkMeta(meta.length);
    makeRoom(24 + meta.length);
    copies.put(new CopyLog(copyId, start, meta));
    putPosition(record(RecordFormat.START).putLong(copyId), start);
    finish(meta, 0, meta.length);
  }

  /** Drops a copy. Owner only. */
  public void appendEnd(long copyId) {
    checkOpen();
    copies.get(copyId);
    makeRoom(8);
    copies.remove(copyId);
    record(RecordFormat.END).putLong(copyId);
    finish(NOTHING, 0, 0);
    retire();
  }

  /** Notes that a copy's entries up to {@code commitIndex} are committed. Owner only. */
  public void appendCommit(long copyId, long commitIndex) {
    checkOpen();
    CopyLog copy = copies.get(copyId);
    makeRoom(16);
    copy.commit(commitIndex);
    record(RecordFormat.COMMIT).putLong(copyId).putLong(commitIndex);
    finish(NOTHING, 0, 0);
  }

  /**
   * Keeps {@code value} until the next one of its kind. Owner only.
   *
   * @param value at most {@link #MAX_META_BYTES}; taken over, not copied
   */
  public void putNote(long kind, byte[] value) {
    checkOpen();
    checkMeta(value.length);
    makeRoom(8 + value.length);
    notes.put(kind, value);
    record(RecordFormat.NOTE).putLong(kind);
    finish(value, 0, value.length);
  }

  private static void checkMeta(int length) {
    Invariants.check(length <= MAX_META_BYTES, "a meta or note is bounded", length, MAX_META_BYTES);
  }

  private static void putPosition(ByteSink record, Position position) {
    record.putLong(position.epoch()).putLong(position.index());
  }

  private ByteSink record(int type) {
    return writer.record(type, synced);
  }

  private void finish(byte[] body, int offset, int length) {
    try {
      writer.finish(body, offset, length);
    } catch (IOException e) {
      throw fail("writing", e);
    }
  }

  /** Goes on in the next segment when a record of this size doesn't fit behind others. */
  private void makeRoom(long fieldsBytes) {
    long end = writer.position() + RecordFormat.HEADER_BYTES + fieldsBytes;
    boolean empty = writer.offset() == current.headEnd;
    if (end > settings.segmentBytes() && !empty) {
      try {
        writer.flush();
        begin(writer.offset(), current.number);
      } catch (IOException e) {
        throw fail("beginning the next segment of " + settings.segmentBytes() + " bytes", e);
      }
      retire();
    }
  }

  private void begin(long base, long previousNumber) throws IOException {
    current = segments.begin(base);
    writer.begin(current);
    UUID boot = disk.bootId();
    record(RecordFormat.SEGMENT)
        .putLong(previousNumber)
        .putLong(boot.getMostSignificantBits())
        .putLong(boot.getLeastSignificantBits());
    writer.finish(NOTHING, 0, 0);
    for (Map.Entry<Long, byte[]> note : notes.entrySet()) {
      record(RecordFormat.KEPT_NOTE).putLong(note.getKey());
      writer.finish(note.getValue(), 0, note.getValue().length);
    }
    for (CopyLog copy : copies.all()) {
      record(RecordFormat.KEPT_COPY)
          .putLong(copy.copyId())
          .putLong(copy.lastEpoch())
          .putLong(copy.lastIndex())
          .putLong(copy.commitIndex());
      writer.finish(copy.meta(), 0, copy.meta().length);
    }
    segments.headWritten(current, writer.offset());
  }

  /**
   * Writes what was appended. Owner only; one call a turn.
   *
   * @return the offset up to which everything is written
   */
  public long write() {
    checkOpen();
    try {
      writer.flush();
    } catch (IOException e) {
      throw fail("writing", e);
    }
    written = writer.offset();
    return written;
  }

  /** The offset behind everything appended, which the next {@link #write()} returns. Owner only. */
  public long appended() {
    return writer.offset();
  }

  /** Everything appended below this offset survives a killed process. */
  public long written() {
    return written;
  }

  /** Everything appended below this offset survives a crash of the machine. */
  public long synced() {
    return synced;
  }

  // Background work.

  /**
   * Syncs what is written now. For one thread at a time.
   *
   * @return the offset up to which everything is synced
   */
  public long sync() {
    checkOpen();
    long target = written;
    if (target > synced) {
      try {
        for (Segment segment : segments.unsynced()) {
          segment.file.force();
        }
      } catch (IOException e) {
        throw fail("syncing", e);
      }
      segments.synced(target);
      synced = target;
    }
    return synced;
  }

  /**
   * Does one piece of the work that should not be in the owner's way: prepares the next segment, or
   * recycles or deletes one that nobody needs. For one thread at a time, and optional: the owner
   * makes a segment itself when there is none.
   *
   * @return false when there is nothing to do
   * @throws IOException when it failed; nothing is lost, and it may be tried again
   */
  public boolean prepare() throws IOException {
    checkOpen();
    return segments.prepare();
  }

  /** Waits until there may be something to {@link #prepare}, but not longer than {@code millis}. */
  void awaitWork(boolean evenIfThereIs, long millis) throws InterruptedException {
    segments.awaitWork(evenIfThereIs, millis);
  }

  /** Ends what {@link #awaitWork} waits for. */
  void wake() {
    segments.wake();
  }

  // Reading and releasing.

  /**
   * Reads the batches of a copy from the one that holds {@code fromIndex}, as far as they are
   * written, without what was cut. Any thread; the owner goes on meanwhile. An entry that is cut
   * while this reads may still be given.
   *
   * @param maxBytes of bodies; a first batch is given whatever its size
   * @return the index after the last entry given, from which to go on; {@code fromIndex} when there
   *     was none, as all was read or the position was {@link #firstIndex released}
   */
  public long read(long copyId, long fromIndex, int maxBytes, BatchSink sink) {
    checkOpen();
    CopyLog copy = copies.find(copyId);
    if (copy == null) {
      return fromIndex;
    }
    try {
      return new CopyReader(segments, settings.journalId(), copy, written, maxBytes, sink)
          .read(fromIndex);
    } catch (IOException e) {
      throw new JournalFailed("the journal in " + disk.place() + " can't be read: " + e, e);
    }
  }

  /**
   * The first index that {@link #read} still gives of a copy; the index after its last entry when
   * it gives none. Any thread.
   *
   * @throws io.trefoil.base.InvariantViolation when there is no such copy
   */
  public long firstIndex(long copyId) {
    return copies.get(copyId).firstIndex();
  }

  /** The last entry of a copy, or where it began. Owner only. */
  public Position last(long copyId) {
    CopyLog copy = copies.get(copyId);
    return new Position(copy.lastEpoch(), copy.lastIndex());
  }

  /**
   * Says that a copy's entries up to {@code uptoIndex} are needed no longer, not even after a
   * crash. Segments that nobody needs are retired when what was appended until now is synced, at
   * the latest at the second release after that; {@link #prepare} removes them. Owner only.
   */
  public void release(long copyId, long uptoIndex) {
    checkOpen();
    copies.get(copyId).release(uptoIndex);
    retire();
  }

  /**
   * Retires what is needed no longer, once everything appended until then is synced: a crash that
   * takes back a cut, an end or a new start must find the entries that were there before it.
   */
  private void retire() {
    retireUnneeded();
    if (unneededAt <= synced) {
      unneededBelow = neededOffset();
      unneededAt = writer.offset();
      retireUnneeded();
    }
  }

  private void retireUnneeded() {
    if (unneededAt <= synced) {
      segments.retire(unneededBelow, synced);
    }
  }

  private long neededOffset() {
    // What is appended from now on is needed, whatever is needed now.
    long needed = writer.offset();
    for (CopyLog copy : copies.all()) {
      needed = Math.min(needed, copy.neededOffset());
    }
    return needed;
  }

  /**
   * Up to which entry a copy must be released for the journal to begin at {@code offset}; may be
   * some 64 KiB of journal behind that. Owner only.
   */
  public long lastIndexBefore(long copyId, long offset) {
    return copies.get(copyId).lastIndexBefore(offset);
  }

  /** How many bytes of journal, of all copies, must stay because of this copy. Owner only. */
  public long bytesHeldBy(long copyId) {
    long needed = copies.get(copyId).neededOffset();
    return needed == Long.MAX_VALUE ? 0 : writer.offset() - needed;
  }

  /** The bytes of journal that are kept, without the room prepared for more. Any thread. */
  public long sizeBytes() {
    return Math.max(written - segments.firstOffset(), 0);
  }

  private void checkOpen() {
    JournalFailed failed = failure;
    if (failed != null) {
      throw new JournalFailed(failed.getMessage(), failed);
    }
    Invariants.check(!closed, "the journal is closed");
  }

  private JournalFailed fail(String doing, IOException e) {
    JournalFailed failed =
        new JournalFailed(
            "the journal in " + disk.place() + " failed at " + doing + ": " + reason(e), e);
    failure = failed;
    return failed;
  }

  private static String reason(IOException e) {
    String text = String.valueOf(e.getMessage());
    boolean full = text.contains("No space left") || text.contains("quota");
    return text + (full ? "; free some space on this disk, then start the node again" : "");
  }

  /**
   * Writes and syncs what was appended, marks the journal as closed cleanly, and closes the disk.
   * After a failure it only closes. Owner only, once no other thread uses the journal.
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    try {
      if (failure == null) {
        write();
        sync();
        makeRoom(0);
        record(RecordFormat.CLOSE);
        finish(NOTHING, 0, 0);
        write();
        sync();
      }
    } finally {
      closed = true;
      segments.close();
      disk.close();
    }
  }
}
