package io.trefoil.bench.inner;

import io.trefoil.journal.JournalDisk;
import io.trefoil.journal.SegmentFile;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** Takes a journal's bytes and keeps none, so that only the journal itself is measured. */
final class NoDisk implements JournalDisk {
  @Override
  public List<String> list() {
    return List.of();
  }

  @Override
  public SegmentFile create(String name, long sizeBytes, Runnable rest) {
    return new NoFile(sizeBytes);
  }

  @Override
  public SegmentFile open(String name) {
    throw new UnsupportedOperationException("nothing is kept");
  }

  @Override
  public void rename(String from, String to) {}

  @Override
  public void delete(String name) {}

  @Override
  public void forceNames() {}

  @Override
  public UUID bootId() {
    return UNKNOWN_BOOT;
  }

  @Override
  public String place() {
    return "nowhere";
  }

  @Override
  public void close() {}

  private record NoFile(long sizeBytes) implements SegmentFile {
    @Override
    public void write(ByteBuffer source, long position) {
      source.position(source.limit());
    }

    @Override
    public int read(ByteBuffer target, long position) {
      throw new UnsupportedOperationException("nothing is kept");
    }

    @Override
    public void force() {}

    @Override
    public void truncate(long sizeBytes) {}

    @Override
    public void close() {}
  }
}
