package io.trefoil.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.Position;
import io.trefoil.journal.memory.SimulatedDisk;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JournalTest {
  private static final JournalSettings SETTINGS = new JournalSettings(7, 1 << 20, 1 << 14, 20);

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private Journal open(JournalReplay replay) {
    return Journal.open(disk.hold(), SETTINGS, replay);
  }

  @Test
  void appendingTakesNoMemory() {
    Journal journal = open(new JournalModel());
    journal.appendStart(1_000, Position.ZERO, new byte[0]);
    byte[] body = JournalModel.body(new byte[10]);
    append(journal, body, 1, 1_000);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    append(journal, body, 1_001, 5_000);
    long perBatch = (threads.getCurrentThreadAllocatedBytes() - before) / 4_000;
    assertThat(perBatch).isLessThan(8);
  }

  private static void append(Journal journal, byte[] body, long from, long to) {
    for (long index = from; index <= to; index++) {
      journal.appendBatch(1_000, 1, index, 1, 0, 0, 1, body, 0, body.length);
      if (index % 20 == 0) {
        journal.write();
      }
    }
  }

  @Test
  void aBodyLargerThanASegmentIsKeptWhole() {
    byte[] entry = new byte[2 << 20];
    new Random(1).nextBytes(entry);
    byte[] body = JournalModel.body(new byte[100], entry);
    JournalModel expected = new JournalModel();
    Journal journal = open(expected);
    for (long copy = 1; copy <= 2; copy++) {
      journal.appendStart(copy, Position.ZERO, new byte[0]);
      expected.start(copy, Position.ZERO, new byte[0]);
      journal.appendBatch(copy, 1, 1, 2, 0, 0, 1, body, 0, body.length);
      expected.batch(copy, 1, 1, 2, 0, 0, 1, body, 0, body.length);
    }
    journal.write();
    JournalModel read = new JournalModel();
    read.start(2, Position.ZERO, new byte[0]);
    assertThat(journal.read(2, 1, 1, read)).isEqualTo(3);
    assertThat(read.copies.get(2L).entries).isEqualTo(expected.copies.get(2L).entries);
    disk.kill();
    JournalModel replayed = new JournalModel();
    open(replayed);
    expected.requireSame(replayed);
  }

  @Test
  void aReplayTellsEverythingInOrder() throws Exception {
    Journal journal = open(new JournalModel());
    byte[] body = JournalModel.body(new byte[1], new byte[2]);
    journal.putNote(4, new byte[] {1});
    journal.appendStart(5, new Position(2, 9), new byte[] {7});
    journal.appendBatch(5, 3, 10, 2, 9, 1_234, 77, body, 0, body.length);
    journal.appendCut(5, new Position(3, 10));
    journal.appendCommit(5, 10);
    journal.putNote(4, new byte[] {2});
    journal.appendEnd(5);
    journal.close();

    Recorder recorder = new Recorder();
    RecoveryReport report = open(recorder).recovery();
    assertThat(recorder.seen)
        .containsExactly(
            "note 4=1",
            "start 5 2:9 7",
            "batch 5 epoch=3 10+2 commit=9 time=1234 issuer=77 bytes=5",
            "cut 5 3:10",
            "commit 5 10",
            "note 4=2",
            "end 5");
    assertThat(report.found()).isTrue();
    assertThat(report.unbroken()).isTrue();
  }

  private static final class Recorder implements JournalReplay {
    final List<String> seen = new ArrayList<>();

    @Override
    public void batch(
        long copyId,
        long epoch,
        long firstIndex,
        int count,
        long commitIndex,
        long logTimeMillis,
        long issuer,
        byte[] array,
        int offset,
        int length) {
      seen.add(
          String.format(
              "batch %d epoch=%d %d+%d commit=%d time=%d issuer=%d bytes=%d",
              copyId, epoch, firstIndex, count, commitIndex, logTimeMillis, issuer, length));
    }

    @Override
    public void cut(long copyId, Position lastKept) {
      seen.add("cut " + copyId + " " + lastKept);
    }

    @Override
    public void start(long copyId, Position start, byte[] meta) {
      seen.add("start " + copyId + " " + start + " " + meta[0]);
    }

    @Override
    public void end(long copyId) {
      seen.add("end " + copyId);
    }

    @Override
    public void commit(long copyId, long commitIndex) {
      seen.add("commit " + copyId + " " + commitIndex);
    }

    @Override
    public void note(long kind, byte[] value) {
      seen.add("note " + kind + "=" + value[0]);
    }
  }

  @Test
  void anEntryOutOfOrderIsRefused() {
    Journal journal = open(new JournalModel());
    byte[] body = JournalModel.body(new byte[1]);
    assertThatThrownBy(() -> journal.appendBatch(1, 1, 1, 1, 0, 0, 1, body, 0, 2))
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("no such copy");
    journal.appendStart(1, new Position(5, 10), new byte[0]);
    assertThatThrownBy(() -> journal.appendBatch(1, 5, 12, 1, 0, 0, 1, body, 0, 2))
        .isInstanceOf(InvariantViolation.class)
        .hasMessage("a batch must follow the last entry (12, 10)");
    assertThatThrownBy(() -> journal.appendBatch(1, 4, 11, 1, 0, 0, 1, body, 0, 2))
        .isInstanceOf(InvariantViolation.class)
        .hasMessage("an epoch never goes back (4, 5)");
    assertThatThrownBy(() -> journal.appendCut(1, new Position(5, 11)))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> journal.release(1, 11)).isInstanceOf(InvariantViolation.class);
  }
}
