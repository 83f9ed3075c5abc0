package io.trefoil.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Position;
import io.trefoil.journal.memory.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class JournalThreadsTest {
  private static final JournalSettings SETTINGS = new JournalSettings(7, 1 << 16, 1 << 12, 5);

  @TempDir Path folder;

  /** Hands over what it hears. */
  private static final class Heard implements JournalThreads.Listener {
    final BlockingQueue<Long> synced = new LinkedBlockingQueue<>();
    final CompletableFuture<JournalFailed> failed = new CompletableFuture<>();

    @Override
    public void onSynced(long offset) {
      synced.add(offset);
    }

    @Override
    public void onFailed(JournalFailed failure) {
      failed.complete(failure);
    }

    void await(long offset) throws InterruptedException {
      long last;
      do {
        last = synced.take();
      } while (last < offset);
    }
  }

  private static void append(Journal journal, long index, int bytes) {
    byte[] body = JournalModel.body(new byte[bytes]);
    journal.appendBatch(1, 1, index, 1, 0, 0, 1, body, 0, body.length);
  }

  @Test
  void whoWaitsIsToldAndWhoDoesNotIsSyncedAtTheInterval() throws Exception {
    Heard heard = new Heard();
    try (Journal journal = Journal.open(folder, SETTINGS, new JournalModel());
        JournalThreads threads = JournalThreads.start(journal, "test", heard)) {
      journal.appendStart(1, Position.ZERO, new byte[0]);
      for (int index = 1; index <= 50; index++) {
        append(journal, index, 100);
        long offset = journal.write();
        threads.requestSync(offset);
        heard.await(offset);
        assertThat(journal.synced()).isGreaterThanOrEqualTo(offset);
      }
      append(journal, 51, 100);
      heard.await(journal.write());
    }
  }

  @Test
  void allThatWaitShareOneSync() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Journal journal = Journal.open(disk.hold(), SETTINGS, new JournalModel());
    journal.appendStart(1, Position.ZERO, new byte[0]);
    CountDownLatch firstTold = new CountDownLatch(1);
    Heard heard = new Heard();
    BlockingListener listener = new BlockingListener(heard, firstTold, new CountDownLatch(1));
    try (JournalThreads threads = JournalThreads.start(journal, "test", listener)) {
      threads.requestSync(journal.write());
      firstTold.await();
      long before = disk.forces();
      for (int index = 1; index <= 100; index++) {
        append(journal, index, 100);
        threads.requestSync(journal.write());
      }
      listener.release.countDown();
      heard.await(journal.written());
      assertThat(disk.forces()).isEqualTo(before + 1);
    }
  }

  /** Holds the syncing thread in its first call. */
  private record BlockingListener(Heard heard, CountDownLatch firstTold, CountDownLatch release)
      implements JournalThreads.Listener {
    @Override
    public void onSynced(long offset) {
      heard.onSynced(offset);
      firstTold.countDown();
      try {
        release.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void onFailed(JournalFailed failure) {
      heard.onFailed(failure);
    }
  }

  @Test
  void aFailedSyncIsToldOnceAndEndsTheJournal() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Journal journal = Journal.open(disk.hold(), SETTINGS, new JournalModel());
    disk.failForceAfter(0);
    Heard heard = new Heard();
    try (JournalThreads threads = JournalThreads.start(journal, "test", heard)) {
      journal.putNote(1, new byte[3]);
      threads.requestSync(journal.write());
      JournalFailed failure = heard.failed.get(20, TimeUnit.SECONDS);
      assertThat(failure).hasMessageContaining("failed at syncing");
      assertThatThrownBy(journal::write).isInstanceOf(JournalFailed.class);
      assertThat(heard.synced).isEmpty();
    }
  }

  @Test
  void readersSeeWholeHistoryWhileTheOwnerAppendsCutsAndReleases() throws Exception {
    Heard heard = new Heard();
    try (Journal journal = Journal.open(folder, SETTINGS, new JournalModel());
        JournalThreads threads = JournalThreads.start(journal, "test", heard)) {
      journal.appendStart(1, Position.ZERO, new byte[0]);
      journal.appendStart(2, Position.ZERO, new byte[0]);
      AtomicLong read = new AtomicLong(1);
      CompletableFuture<Void> reader =
          CompletableFuture.runAsync(() -> readUntil(journal, 2_000, read));
      byte[] body = JournalModel.body(new byte[400]);
      for (int index = 1; index <= 2_000; index++) {
        append(journal, index, 500);
        // Another copy, whose last entry is cut each time.
        journal.appendBatch(2, 1, 1, 1, 0, 0, 1, body, 0, body.length);
        journal.appendCut(2, Position.ZERO);
        threads.requestSync(journal.write());
        if (index % 50 == 0) {
          long done = read.get() - 1;
          journal.release(1, Math.max(done - 10, 0));
        }
      }
      reader.get(20, TimeUnit.SECONDS);
      assertThat(read.get()).isEqualTo(2_001);
      // All was read, so nearly all can go.
      journal.sync();
      journal.release(1, 2_000);
      journal.release(1, 2_000);
      assertThat(journal.sizeBytes()).isLessThan(4 * SETTINGS.segmentBytes());
    }
  }

  private static void readUntil(Journal journal, long last, AtomicLong next) {
    while (next.get() <= last) {
      long from = next.get();
      long[] expected = {from};
      long after =
          journal.read(
              1,
              from,
              20_000,
              (copyId, epoch, first, count, commit, time, issuer, array, offset, length) -> {
                assertThat(first).isEqualTo(expected[0]);
                expected[0] += count;
              });
      assertThat(after).isEqualTo(expected[0]);
      next.set(after);
    }
  }

  @Test
  void aFolderIsForOneProcess() throws IOException {
    try (Journal journal = Journal.open(folder, SETTINGS, new JournalModel())) {
      assertThat(journal.recovery().found()).isFalse();
      assertThatThrownBy(() -> Journal.open(folder, SETTINGS, new JournalModel()))
          .isInstanceOf(JournalUnusable.class)
          .hasMessageContaining("is held by process " + ProcessHandle.current().pid());
    }
    try (Journal again = Journal.open(folder, SETTINGS, new JournalModel())) {
      assertThat(again.recovery().unbroken()).isTrue();
    }
  }

  @Test
  void aFolderThatCanNotBeMadeIsNamed() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> Journal.open(file.resolve("journal"), SETTINGS, new JournalModel()))
        .isInstanceOf(JournalUnusable.class)
        .hasMessageContaining("can't be written by this user")
        .hasMessageContaining("data.dir");
  }
}
