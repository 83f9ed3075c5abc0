package io.trefoil.bench.inner;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.EntryWriter;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalReplay;
import io.trefoil.journal.JournalSettings;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A write becomes an entry, and entries a record with its CRC32C in the journal's buffer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class JournalLoop {
  private static final long COPY = 1;
  private static final int BATCH = 16;

  /** So many records are appended before the journal lets go of them. */
  private static final int KEPT = 1 << 16;

  private final byte[] key = new byte[16];
  private final byte[] value = new byte[64];
  private final ByteSink entry = new ByteSink();
  private final ByteSink one = new ByteSink();
  private final ByteSink many = new ByteSink();
  private Journal journal;
  private long index;
  private int appended;

  @Setup
  public void open() {
    journal = Journal.open(new NoDisk(), JournalSettings.of(7), new Nothing());
    journal.appendStart(COPY, Position.ZERO, new byte[0]);
    encode();
    one.putBlock(entry.array(), 0, entry.size());
    for (int i = 0; i < BATCH; i++) {
      many.putBlock(entry.array(), 0, entry.size());
    }
  }

  @TearDown
  public void close() throws IOException {
    journal.close();
  }

  @Benchmark
  public int encode() {
    entry.clear();
    EntryWriter.begin(entry, index);
    EntryWriter.put(entry, CellType.STRING, 0, key, 0, key.length, value, 0, value.length);
    return entry.size();
  }

  @Benchmark
  public long recordOfOneEntry() throws IOException {
    return append(one, 1);
  }

  /** The time is of all of them. */
  @Benchmark
  public long recordOfSixteenEntries() throws IOException {
    return append(many, BATCH);
  }

  private long append(ByteSink body, int count) throws IOException {
    journal.appendBatch(COPY, 1, index + 1, count, index, index, 1, body.array(), 0, body.size());
    index += count;
    long written = journal.write();
    if (++appended % KEPT == 0) {
      journal.sync();
      journal.release(COPY, index);
      journal.prepare();
    }
    return written;
  }

  /** There is nothing to replay. */
  private static final class Nothing implements JournalReplay {
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
        int length) {}

    @Override
    public void cut(long copyId, Position lastKept) {}

    @Override
    public void start(long copyId, Position start, byte[] meta) {}

    @Override
    public void end(long copyId) {}

    @Override
    public void commit(long copyId, long commitIndex) {}

    @Override
    public void note(long kind, byte[] value) {}
  }
}
