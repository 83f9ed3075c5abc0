package io.trefoil.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real process that is killed while it appends as fast as it can. */
@Timeout(60)
class KilledProcessTest {
  private static final JournalSettings SETTINGS = new JournalSettings(7, 1 << 20, 1 << 16, 5);
  private static final int TURN_ENTRIES = 20;
  private static final long ENOUGH = 10_000;

  @TempDir Path folder;

  @Test
  void everythingAcknowledgedIsThereAfterKill() throws Exception {
    long last = 0;
    for (int life = 0; life < 3; life++) {
      long acknowledged = appendUntilKilled(last + ENOUGH);
      assertThat(acknowledged).isGreaterThanOrEqualTo(last + ENOUGH);
      JournalModel replayed = new JournalModel();
      try (Journal journal = Journal.open(folder, SETTINGS, replayed)) {
        assertThat(journal.recovery().unbroken()).isTrue();
        last = journal.last(1).index();
        assertThat(last).isGreaterThanOrEqualTo(acknowledged);
        replayed
            .copies
            .get(1L)
            .entries
            .forEach(
                (index, entry) ->
                    assertThat(new ByteSource(entry.bytes().array()).getLong()).isEqualTo(index));
      }
    }
  }

  /** The last index that the child said was written, when it was killed. */
  private long appendUntilKilled(long wanted) throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledProcessTest.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long acknowledged = 0;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII))) {
      String line = lines.readLine();
      while (line != null && acknowledged < wanted) {
        acknowledged = Long.parseLong(line);
        line = lines.readLine();
      }
      // Through its handle, as the process itself would close the pipe that is read on.
      child.toHandle().destroyForcibly();
      // What it had printed before it died counts too; its last line may be half.
      String next = line == null ? null : lines.readLine();
      while (line != null && next != null) {
        acknowledged = Long.parseLong(line);
        line = next;
        next = lines.readLine();
      }
    } finally {
      child.destroyForcibly();
      assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
    return acknowledged;
  }

  /** The child: appends, writes, prints the last index, and so on until it is killed. */
  public static void main(String[] args) throws IOException {
    JournalModel replayed = new JournalModel();
    Journal journal = Journal.open(Path.of(args[0]), SETTINGS, replayed);
    if (replayed.copies.isEmpty()) {
      journal.appendStart(1, Position.ZERO, new byte[0]);
    }
    try (JournalThreads threads = JournalThreads.start(journal, "child", new Silent())) {
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
      while (journal.written() > 0) {
        long last = appendTurn(journal);
        threads.requestSync(journal.write());
        out.print(last + "\n");
        out.flush();
        // Everything but the last megabyte may go, so that segments are recycled meanwhile.
        journal.release(1, Math.max(last - 8_000, 0));
      }
    }
  }

  private static long appendTurn(Journal journal) {
    long first = journal.last(1).index() + 1;
    byte[][] entries = new byte[TURN_ENTRIES][];
    for (int i = 0; i < TURN_ENTRIES; i++) {
      entries[i] = new ByteSink(128).putLong(first + i).toArray();
    }
    byte[] body = JournalModel.body(entries);
    journal.appendBatch(1, 1, first, TURN_ENTRIES, 0, 0, 1, body, 0, body.length);
    return first + TURN_ENTRIES - 1;
  }

  private static final class Silent implements JournalThreads.Listener {
    @Override
    public void onSynced(long offset) {}

    @Override
    public void onFailed(JournalFailed failure) {
      throw failure;
    }
  }
}
