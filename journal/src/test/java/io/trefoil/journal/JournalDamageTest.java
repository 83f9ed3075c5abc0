package io.trefoil.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.journal.memory.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JournalDamageTest {
  private static final JournalSettings SETTINGS = new JournalSettings(7, 1 << 16, 1 << 12, 20);
  private static final JournalSettings SMALL = new JournalSettings(7, 1 << 13, 1 << 12, 20);
  private static final String FIRST = RecordFormat.fileName(1);

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private Journal journal;

  @BeforeEach
  void begin() {
    journal = open(disk);
  }

  private static Journal open(SimulatedDisk disk) {
    return Journal.open(disk.hold(), SETTINGS, new JournalModel());
  }

  private static void append(Journal journal, long index, int bytes) {
    byte[] entry = new byte[bytes];
    Arrays.fill(entry, (byte) index);
    byte[] body = JournalModel.body(entry);
    journal.appendBatch(1, 1, index, 1, 0, 0, 1, body, 0, body.length);
  }

  private void appendSynced(long from, long to, int bytes) {
    for (long index = from; index <= to; index++) {
      append(journal, index, bytes);
      journal.write();
      journal.sync();
    }
  }

  @Test
  void everyFlippedByteIsFoundOrLiesInTheTailThatIsCut() {
    SimulatedDisk disk = new SimulatedDisk(2);
    Journal journal = Journal.open(disk.hold(), SMALL, new JournalModel());
    List<Long> starts = new ArrayList<>();
    journal.appendStart(1, Position.ZERO, new byte[20]);
    journal.putNote(3, new byte[9]);
    journal.write();
    journal.sync();
    for (int index = 1; index <= 8; index++) {
      starts.add(journal.appended());
      append(journal, index, 10 * index);
      journal.write();
      if (index <= 4) {
        journal.sync();
      }
    }
    // The fifth batch says that the fourth is synced; the others may be torn.
    long synced = journal.synced();
    assertThat(synced).isEqualTo(starts.get(4));
    long end = journal.written();

    int damaged = 0;
    for (int position = 0; position < end + 100; position++) {
      int mask = 1 << position % 8;
      SimulatedDisk rebooted = disk.copy(position);
      rebooted.crash(100);
      rebooted.flip(FIRST, position, mask);
      long recovered = openedEnd(rebooted);
      SimulatedDisk sameBoot = disk.copy(position);
      sameBoot.flip(FIRST, position, mask);
      long recoveredSameBoot = openedEnd(sameBoot);
      if (position < synced) {
        assertThat(recovered).as("byte %d", position).isEqualTo(-1);
        damaged++;
      } else {
        assertThat(recovered).as("byte %d", position).isEqualTo(recordAt(starts, position, end));
      }
      long lastRecord = starts.get(7);
      assertThat(recoveredSameBoot)
          .as("byte %d on the same boot", position)
          .isEqualTo(position < lastRecord ? -1 : recordAt(starts, position, end));
    }
    assertThat(damaged).isEqualTo((int) synced);
  }

  private static long recordAt(List<Long> starts, long position, long end) {
    return position >= end
        ? end
        : starts.stream().filter(at -> at <= position).reduce(0L, Math::max);
  }

  /** Where the journal ends, or -1 when it is refused as damaged. */
  private static long openedEnd(SimulatedDisk disk) {
    try {
      return Journal.open(disk.hold(), SMALL, new JournalModel()).recovery().endOffset();
    } catch (JournalDamaged e) {
      assertThat(e).hasMessageContaining(FIRST).hasMessageContaining("./trefoil heal");
      return -1;
    }
  }

  @Test
  void damageToTheLastRecordsHeadInALaterSegmentIsFound() {
    fillSegments();
    String last = lastSegment();
    disk.flip(last, 40, 1);
    disk.crash(100);
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(JournalDamaged.class)
        .hasMessageContaining(last);
  }

  @Test
  void damageToTheOldestSegmentsHeadIsFound() {
    fillSegments();
    disk.flip(FIRST, 40, 1);
    disk.crash(100);
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(JournalDamaged.class)
        .hasMessageContaining(FIRST + " at byte 0")
        .hasMessageContaining("its first record is unreadable");
  }

  @Test
  void aMissingSegmentIsNamed() throws IOException {
    fillSegments();
    disk.kill();
    disk.delete(RecordFormat.fileName(2));
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(JournalDamaged.class)
        .hasMessageContaining("file " + RecordFormat.fileName(2))
        .hasMessageContaining("the file is missing");
  }

  @Test
  void aFailedOpeningChangesNothing() throws IOException {
    fillSegments();
    disk.kill();
    disk.flip(FIRST, 3_000, 1);
    byte[] before = disk.contents(FIRST);
    List<String> names = disk.list();
    assertThatThrownBy(() -> open(disk)).isInstanceOf(JournalDamaged.class);
    assertThat(disk.contents(FIRST)).isEqualTo(before);
    assertThat(disk.list()).isEqualTo(names);
    disk.flip(FIRST, 3_000, 1);
    assertThat(open(disk).recovery().found()).isTrue();
  }

  private void fillSegments() {
    journal.appendStart(1, Position.ZERO, new byte[0]);
    appendSynced(1, 100, 2_000);
    assertThat(disk.list()).hasSizeGreaterThan(2);
  }

  private String lastSegment() {
    return disk.list().get(disk.list().size() - 1);
  }

  @Test
  void anotherJournalsFolderIsRefused() {
    disk.kill();
    assertThatThrownBy(
            () ->
                Journal.open(
                    disk, new JournalSettings(8, 1 << 16, 1 << 12, 20), new JournalModel()))
        .isInstanceOf(JournalUnusable.class)
        .hasMessageContaining("belongs to journal 0000000000000007, expected is 0000000000000008");
  }

  @Test
  void aNewerFormatIsRefusedByNumber() throws IOException {
    disk.kill();
    byte[] newer = Arrays.copyOf(RecordFormat.prelude(3, 99), RecordFormat.PRELUDE_FIXED_BYTES);
    disk.open(FIRST).write(ByteBuffer.wrap(newer), 0);
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(JournalUnusable.class)
        .hasMessageContaining("has journal format 3, this version reads 1 to 2");
  }

  @Test
  void theFormatBeforeIsReadAndGoneOnWith() throws IOException {
    journal.appendStart(1, Position.ZERO, new byte[0]);
    appendSynced(1, 3, 50);
    disk.kill();
    disk.open(FIRST).write(ByteBuffer.wrap(RecordFormat.prelude(1, 7)), 0);
    journal = open(disk);
    assertThat(journal.last(1).index()).isEqualTo(3);
    appendSynced(4, 4, 50);
    disk.kill();
    assertThat(open(disk).last(1).index()).isEqualTo(4);
  }

  @Test
  void aFailedSyncIsNeverTriedAgainAndWhatIsReadAfterwardsIsOnDisk() throws IOException {
    journal.appendStart(1, Position.ZERO, new byte[0]);
    append(journal, 1, 50);
    journal.write();
    disk.failForceAfter(0);
    assertThatThrownBy(journal::sync).isInstanceOf(JournalFailed.class);
    assertThatThrownBy(journal::sync).isInstanceOf(JournalFailed.class);
    assertThatThrownBy(() -> append(journal, 2, 50))
        .isInstanceOf(JournalFailed.class)
        .hasMessageContaining("failed at syncing");
    journal.close();

    // The system still shows the bytes that it will never write: opening must write them anew.
    disk.kill();
    Journal reopened = open(disk);
    assertThat(reopened.last(1)).isEqualTo(new Position(1, 1));
    disk.crash(0);
    assertThat(open(disk).last(1)).isEqualTo(new Position(1, 1));
  }

  @Test
  void aFailedWriteEndsTheJournalAndKeepsWhatWasWrittenBefore() {
    journal.appendStart(1, Position.ZERO, new byte[0]);
    appendSynced(1, 3, 50);
    append(journal, 4, 3_000);
    disk.failWriteAfter(0);
    assertThatThrownBy(journal::write)
        .isInstanceOf(JournalFailed.class)
        .hasMessageContaining("failed at writing: Input/output error");
    assertThatThrownBy(() -> journal.appendCommit(1, 1)).isInstanceOf(JournalFailed.class);
    disk.kill();
    assertThat(open(disk).last(1)).isEqualTo(new Position(1, 3));
  }

  @Test
  void aFullDiskIsNamed() {
    journal.appendStart(1, Position.ZERO, new byte[0]);
    disk.limitCapacity(100_000);
    assertThatThrownBy(() -> appendSynced(1, 100, 2_000))
        .isInstanceOf(JournalFailed.class)
        .hasMessageContaining("beginning the next segment of 65536 bytes")
        .hasMessageContaining("No space left on device; free some space on this disk");
    disk.kill();
    disk.limitCapacity(Long.MAX_VALUE);
    assertThat(open(disk).last(1).index()).isGreaterThan(20);
  }

  @Test
  void aFullDiskAtPreparingIsNoFailureYet() throws IOException {
    disk.limitCapacity(100_000);
    assertThatThrownBy(journal::prepare).isInstanceOf(IOException.class);
    journal.appendStart(1, Position.ZERO, new byte[0]);
    disk.limitCapacity(Long.MAX_VALUE);
    assertThat(journal.prepare()).isTrue();
    assertThat(journal.prepare()).isFalse();
    appendSynced(1, 100, 2_000);
    disk.kill();
    assertThat(open(disk).last(1).index()).isEqualTo(100);
  }

  @Test
  void staleRecordsOfARecycledSegmentAreNeverRead() throws IOException {
    journal.appendStart(1, Position.ZERO, new byte[0]);
    appendSynced(1, 200, 2_000);
    journal.release(1, 190);
    while (journal.prepare()) {}
    // Goes on until it stands in a file that still holds whole records of its former life.
    long index = 200;
    while (!standsInRecycledFile(journal)) {
      index++;
      appendSynced(index, index, 2_000);
      assertThat(index).isLessThan(1_000);
    }
    long end = journal.written();
    disk.kill();
    Journal reopened = open(disk);
    assertThat(reopened.recovery().endOffset()).isEqualTo(end);
    assertThat(reopened.last(1).index()).isEqualTo(index);
  }

  private boolean standsInRecycledFile(Journal journal) {
    byte[] prelude = RecordFormat.prelude(RecordFormat.VERSION, 7);
    return disk.list().stream()
        .map(disk::contents)
        .filter(file -> Arrays.equals(Arrays.copyOf(file, prelude.length), prelude))
        .anyMatch(file -> endsInside(file, journal.written()) && !isZero(file, 50_000));
  }

  /** Whether the journal's end is near the beginning of this file. */
  private static boolean endsInside(byte[] file, long end) {
    io.trefoil.base.ByteSource first =
        new io.trefoil.base.ByteSource(
            file, RecordFormat.PRELUDE_BYTES + RecordFormat.OFFSET_AT, 8);
    long base = first.getLong() - RecordFormat.PRELUDE_BYTES;
    return end > base && end - base < 10_000;
  }

  private static boolean isZero(byte[] file, int from) {
    return Bytes.copyOf(file, from, file.length - from)
        .equals(Bytes.wrap(new byte[file.length - from]));
  }

  @Test
  void onlyWhatIsNeededIsKept() throws IOException {
    journal.appendStart(1, Position.ZERO, new byte[] {5});
    journal.appendStart(2, Position.ZERO, new byte[0]);
    journal.putNote(1, new byte[] {1, 2});
    appendSynced(1, 200, 2_000);
    assertThat(journal.bytesHeldBy(1)).isGreaterThan(400_000);
    assertThat(journal.bytesHeldBy(2)).isZero();
    long before = journal.sizeBytes();
    journal.release(1, 150);
    assertThat(journal.sizeBytes()).isLessThan(before - 200_000);
    while (journal.prepare()) {}
    assertThat(journal.firstIndex(1)).isEqualTo(151);
    assertThat(journal.read(1, 150, 1 << 20, new JournalModel())).isEqualTo(150);
    disk.kill();
    JournalModel replayed = new JournalModel();
    Journal reopened = Journal.open(disk.hold(), SETTINGS, replayed);
    assertThat(replayed.copies.get(1L).start.index()).isBetween(100L, 150L);
    assertThat(replayed.copies.get(1L).meta).isEqualTo(Bytes.wrap(new byte[] {5}));
    assertThat(replayed.copies.get(1L).entries).hasSizeGreaterThan(49);
    assertThat(replayed.notes).containsEntry(1L, Bytes.wrap(new byte[] {1, 2}));
    assertThat(reopened.last(1).index()).isEqualTo(200);
  }

  @Test
  void manyRestartsLeaveOnlySmallFiles() throws IOException {
    for (int i = 0; i < 10; i++) {
      while (journal.prepare()) {}
      disk.kill();
      journal = open(disk);
    }
    long bytes = disk.list().stream().mapToLong(name -> disk.contents(name).length).sum();
    assertThat(bytes).isLessThan(2 * SETTINGS.segmentBytes() + 10_000);
  }
}
