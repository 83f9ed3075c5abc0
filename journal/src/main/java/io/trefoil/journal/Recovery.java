package io.trefoil.journal;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Reads a journal's segments from the oldest to the end, and decides what the end is.
 *
 * <p><b>The walk.</b> Each record must be valid and follow the one before it. A segment ends where
 * the next one begins. Where that fails, at offset X, is either the end of what was written, or
 * damage.
 *
 * <p><b>The rule.</b> Everything behind X is searched for valid records, in this segment and the
 * later ones. Without any, X is the end. With one it is damage
 *
 * <ul>
 *   <li>when one of them says that more than X was synced, as those bytes were on disk;
 *   <li>when the machine has not been started again since, as then everything written can be read
 *       and a later write was never without the earlier ones.
 * </ul>
 *
 * Otherwise the machine crashed before X was synced and kept later pages only: a torn tail, which
 * is cut.
 *
 * <p><b>What remains.</b> Damage to the last synced records, when nothing behind them is readable,
 * looks like a torn tail. Only a copy elsewhere could tell.
 */
final class Recovery {
  /** A file whose name is a segment's. */
  private static final class Found {
    final long number;
    final String name;
    final SegmentFile file;
    final long sizeBytes;

    /** Whether its first record is valid; what follows is known only then. */
    boolean begun;

    long base;
    long previousNumber;
    int previousCrc;
    UUID bootId = JournalDisk.UNKNOWN_BOOT;

    Found(long number, String name, SegmentFile file) throws IOException {
      this.number = number;
      this.name = name;
      this.file = file;
      this.sizeBytes = file.sizeBytes();
    }
  }

  /** Segments of a torn tail begin within this distance; it keeps chance hits out of a search. */
  private static final long FARTHEST_BASE_BYTES = 1L << 40;

  private static final int FIXED = RecordFormat.PRELUDE_FIXED_BYTES;

  private final JournalDisk disk;
  private final JournalSettings settings;
  private final JournalReplay replay;
  private final Copies copies;
  private final Map<Long, byte[]> notes;

  private final List<Found> files = new ArrayList<>();
  private final List<Segment> segments = new ArrayList<>();
  private long endOffset;
  private long syncedOffset;
  private int lastCrc;
  private long records;
  private boolean closed;
  private boolean headOnly;
  private int crcBeforeSegment;
  private UUID lastBootId = JournalDisk.UNKNOWN_BOOT;

  Recovery(
      JournalDisk disk,
      JournalSettings settings,
      JournalReplay replay,
      Copies copies,
      Map<Long, byte[]> notes) {
    this.disk = disk;
    this.settings = settings;
    this.replay = replay;
    this.copies = copies;
    this.notes = notes;
  }

  void run() throws IOException {
    for (String name : disk.list()) {
      long number = RecordFormat.segmentNumber(name);
      if (number > 0) {
        files.add(new Found(number, name, disk.open(name)));
      }
    }
    files.sort(Comparator.comparingLong(file -> file.number));
    for (Found file : files) {
      inspect(file);
    }
    List<Found> begun = files.stream().filter(file -> file.begun).toList();
    if (begun.isEmpty()) {
      decide(null, Segment.OPEN);
    } else {
      walk(begun);
    }
  }

  private void inspect(Found file) throws IOException {
    boolean prelude = checkPrelude(file);
    RecordCursor cursor = cursor(file, 0, RecordCursor.FIRST_RECORD_BYTES);
    int first = RecordFormat.PRELUDE_BYTES;
    if (cursor.find(first, first + 1, 0, Long.MAX_VALUE) != first
        || cursor.type() != RecordFormat.SEGMENT) {
      return;
    }
    if (!prelude) {
      throw damaged(file.name, 0, "its prelude is unreadable, its first record is not");
    }
    ByteSource fields = cursor.fields();
    file.begun = true;
    file.base = cursor.base();
    file.previousCrc = cursor.previousCrc();
    file.previousNumber = fields.getLong();
    file.bootId = new UUID(fields.getLong(), fields.getLong());
  }

  /** Whether the prelude is one; refuses what is of another journal or a newer format. */
  private boolean checkPrelude(Found file) throws IOException {
    byte[] bytes = new byte[RecordFormat.PRELUDE_BYTES];
    if (file.file.read(ByteBuffer.wrap(bytes), 0) < bytes.length) {
      return false;
    }
    ByteSource source = new ByteSource(bytes, RecordFormat.PRELUDE_VERSION_AT, 16);
    int version = source.getInt();
    source.getInt();
    long journalId = source.getLong();
    byte[] expected = RecordFormat.prelude(version, journalId);
    if (!Arrays.equals(bytes, 0, FIXED, expected, 0, FIXED)) {
      return false;
    }
    if (version < RecordFormat.OLDEST_VERSION || version > RecordFormat.VERSION) {
      throw new JournalUnusable(
          "file "
              + file.name
              + " in "
              + disk.place()
              + " has journal format "
              + version
              + ", this version reads "
              + RecordFormat.OLDEST_VERSION
              + " to "
              + RecordFormat.VERSION
              + "; start the version of trefoil that wrote it");
    }
    if (!Arrays.equals(bytes, expected)) {
      return false;
    }
    if (journalId != settings.journalId()) {
      throw new JournalUnusable(
          "file "
              + file.name
              + " in "
              + disk.place()
              + " belongs to journal "
              + hex(journalId)
              + ", expected is "
              + hex(settings.journalId())
              + "; data.dir names another node's folder, or the file was copied here");
    }
    return true;
  }

  private static String hex(long id) {
    return String.format("%016x", id);
  }

  private void walk(List<Found> begun) throws IOException {
    Found current = begun.get(0);
    requireNoFile(current.previousNumber);
    lastBootId = begun.get(begun.size() - 1).bootId;
    endOffset = current.base;
    lastCrc = current.previousCrc;
    for (int i = 0; ; i++) {
      Found next = i + 1 < begun.size() ? begun.get(i + 1) : null;
      boolean chained = next != null && next.previousNumber == current.number;
      long limit = chained ? next.base : Segment.OPEN;
      read(current, limit, i == 0);
      if (!chained || endOffset != limit || next.previousCrc != lastCrc) {
        requirePrevious(next);
        decide(current, limit);
        dropHeadWithoutRecords();
        return;
      }
      current = next;
    }
  }

  /** The oldest segment's predecessor was deleted; if it is there, its first record is damaged. */
  private void requireNoFile(long number) {
    for (Found file : files) {
      if (number > 0 && file.number == number) {
        throw damaged(file.name, 0, "its first record is unreadable, and a later segment follows");
      }
    }
  }

  private void requirePrevious(Found next) {
    boolean there =
        next == null || files.stream().anyMatch(file -> file.number == next.previousNumber);
    if (!there) {
      String missing = RecordFormat.fileName(next.previousNumber);
      throw damaged(missing, 0, "the file is missing, and " + next.name + " follows it");
    }
  }

  /**
   * Gives up the last segment when it holds nothing but its head, which may be torn: otherwise it
   * could one day be the oldest, and its copies incomplete. The next segment has them all.
   */
  private void dropHeadWithoutRecords() {
    if (segments.size() > 1 && headOnly) {
      Segment dropped = segments.remove(segments.size() - 1);
      endOffset = dropped.base;
      lastCrc = crcBeforeSegment;
    }
  }

  /** Reads the records of {@code file} up to {@code limit} or the first that can't be next. */
  private void read(Found file, long limit, boolean first) throws IOException {
    Segment segment = new Segment(file.number, file.base, file.file);
    segments.add(segment);
    headOnly = true;
    crcBeforeSegment = lastCrc;
    RecordCursor cursor = cursor(file, file.base, RecordCursor.WINDOW_BYTES);
    long position = RecordFormat.PRELUDE_BYTES;
    endOffset = file.base + position;
    while (endOffset < limit && cursor.moveTo(position) && cursor.previousCrc() == lastCrc) {
      apply(cursor, segment, first);
      lastCrc = cursor.crc();
      headOnly &= RecordFormat.isHead(cursor.type());
      syncedOffset = Math.max(syncedOffset, cursor.synced());
      position += cursor.length();
      endOffset = file.base + position;
      records++;
    }
    segment.end = endOffset;
  }

  private void apply(RecordCursor record, Segment segment, boolean first) {
    ByteSource fields = record.fields();
    closed = record.type() == RecordFormat.CLOSE;
    switch (record.type()) {
      case RecordFormat.SEGMENT, RecordFormat.CLOSE -> {}
      case RecordFormat.BATCH -> batch(fields, record.offset(), segment);
      case RecordFormat.CUT -> {
        long copyId = fields.getLong();
        Position lastKept = new Position(fields.getLong(), fields.getLong());
        copies.get(copyId).cut(lastKept, record.offset());
        replay.cut(copyId, lastKept);
      }
      case RecordFormat.START -> {
        long copyId = fields.getLong();
        start(copyId, new Position(fields.getLong(), fields.getLong()), rest(fields));
      }
      case RecordFormat.END -> {
        long copyId = fields.getLong();
        copies.remove(copyId);
        replay.end(copyId);
      }
      case RecordFormat.COMMIT -> commit(fields.getLong(), fields.getLong());
      case RecordFormat.NOTE -> note(fields.getLong(), rest(fields));
      case RecordFormat.KEPT_COPY -> keptCopy(fields, first);
      case RecordFormat.KEPT_NOTE -> keptNote(fields.getLong(), rest(fields), first);
      default ->
          throw new JournalUnusable(
              "a record of type "
                  + record.type()
                  + " in "
                  + segment.name()
                  + " is not known to this version");
    }
  }

  private void batch(ByteSource fields, long offset, Segment segment) {
    long copyId = fields.getLong();
    long epoch = fields.getLong();
    long firstIndex = fields.getLong();
    int count = fields.getInt();
    long commitIndex = fields.getLong();
    long logTimeMillis = fields.getLong();
    long issuer = fields.getLong();
    copies.get(copyId).batch(epoch, firstIndex, count, commitIndex, offset, segment);
    int length = fields.remaining();
    replay.batch(
        copyId,
        epoch,
        firstIndex,
        count,
        commitIndex,
        logTimeMillis,
        issuer,
        fields.array(),
        fields.skip(length),
        length);
  }

  private void start(long copyId, Position start, byte[] meta) {
    copies.put(new CopyLog(copyId, start, meta));
    replay.start(copyId, start, meta);
  }

  private void commit(long copyId, long commitIndex) {
    copies.get(copyId).commit(commitIndex);
    replay.commit(copyId, commitIndex);
  }

  private void note(long kind, byte[] value) {
    notes.put(kind, value);
    replay.note(kind, value);
  }

  /** In the oldest segment it is where the copy begins; in others it must be what was read. */
  private void keptCopy(ByteSource fields, boolean first) {
    long copyId = fields.getLong();
    Position last = new Position(fields.getLong(), fields.getLong());
    long commitIndex = fields.getLong();
    if (first) {
      start(copyId, last, rest(fields));
      if (commitIndex > 0) {
        commit(copyId, commitIndex);
      }
    } else {
      long read = copies.get(copyId).lastIndex();
      Invariants.check(read == last.index(), "a kept copy differs", read, last.index());
    }
  }

  private void keptNote(long kind, byte[] value, boolean first) {
    if (first) {
      note(kind, value);
    } else {
      Invariants.check(Arrays.equals(notes.get(kind), value), "a kept note differs", kind, 0);
    }
  }

  private static byte[] rest(ByteSource fields) {
    return fields.getBytes(fields.remaining());
  }

  /**
   * Returns when the walk's end is the journal's end, else throws.
   *
   * @param at the segment in which the walk ended; null when there was none to walk
   * @param limit the offset at which the next segment begins; what is behind it was cut before
   */
  private void decide(Found at, long limit) throws IOException {
    // Nothing is ever written behind a clean close, but in later segments.
    if (at != null && !(closed && limit == Segment.OPEN)) {
      long to = Math.min(at.sizeBytes, limit - at.base);
      judge(at, at, endOffset - at.base, to);
    }
    for (Found file : files) {
      if (at == null || file.number > at.number) {
        judge(at, file, 0, file.sizeBytes);
      }
    }
  }

  /** Searches {@code file} for a valid record that shows the bytes at the walk's end damaged. */
  private void judge(Found at, Found file, long from, long to) throws IOException {
    long minBase = file == at ? at.base : endOffset;
    long maxBase = file == at ? at.base : endOffset + FARTHEST_BASE_BYTES;
    RecordCursor cursor = cursor(file, minBase, RecordCursor.WINDOW_BYTES);
    long found = cursor.find(from, to, minBase, maxBase);
    while (found >= 0) {
      String name = at == null ? file.name : at.name;
      long position = at == null ? 0 : endOffset - at.base;
      String later = file.name + " at byte " + found;
      if (cursor.synced() > endOffset) {
        throw damaged(name, position, "what was here was synced before " + later + " was written");
      }
      if (sameBoot()) {
        throw damaged(
            name,
            position,
            "what was here was written before "
                + later
                + ", and the machine has not crashed since");
      }
      found = cursor.find(found + cursor.length(), to, minBase, maxBase);
    }
  }

  private boolean sameBoot() {
    return !lastBootId.equals(JournalDisk.UNKNOWN_BOOT) && lastBootId.equals(disk.bootId());
  }

  private RecordCursor cursor(Found file, long base, int window) {
    return new RecordCursor(
        file.file, file.sizeBytes, base, settings.journalId(), file.number, window);
  }

  private JournalDamaged damaged(String file, long position, String why) {
    return new JournalDamaged(disk.place(), file, position, why);
  }

  /**
   * Writes the tail that is not known to be synced once more and syncs it, so that all that was
   * read is on disk. (After a failed sync the system may show bytes that it will never write.)
   */
  void makeDurable() throws IOException {
    if (closed) {
      return;
    }
    ByteBuffer piece = ByteBuffer.allocate(64 << 10);
    for (Segment segment : segments) {
      if (segment.end <= syncedOffset) {
        continue;
      }
      long at = Math.max(syncedOffset - segment.base, 0);
      long end = segment.end - segment.base;
      while (at < end) {
        piece.clear().limit((int) Math.min(piece.capacity(), end - at));
        segment.file.read(piece, at);
        piece.flip();
        Invariants.check(piece.hasRemaining(), "what was read is there", at, end);
        int length = piece.remaining();
        segment.file.write(piece, at);
        at += length;
      }
      segment.file.force();
    }
  }

  /** The names of the files that hold no record of the journal, in ascending order. */
  List<String> leftOver() throws IOException {
    List<String> names = new ArrayList<>();
    for (Found file : files) {
      if (segments.stream().noneMatch(segment -> segment.number == file.number)) {
        file.file.close();
        names.add(file.name);
      }
    }
    return names;
  }

  void close() throws IOException {
    for (Found file : files) {
      file.file.close();
    }
  }

  List<Segment> segments() {
    return segments;
  }

  int lastCrc() {
    return lastCrc;
  }

  long lastNumber() {
    return segments.isEmpty() ? 0 : segments.get(segments.size() - 1).number;
  }

  /** A number that no file has. */
  long nextNumber() {
    return files.isEmpty() ? 1 : files.get(files.size() - 1).number + 1;
  }

  RecoveryReport report() {
    boolean found = !segments.isEmpty();
    return new RecoveryReport(found, found && (closed || sameBoot()), endOffset, records);
  }
}
