package io.trefoil.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import java.util.Map;
import java.util.TreeMap;

/** What a journal should hold, kept the slow and obvious way. Also collects a replay. */
final class JournalModel implements JournalReplay {
  record Entry(long epoch, long logTimeMillis, long issuer, Bytes bytes) {}

  static final class Copy {
    Position start = Position.ZERO;
    Bytes meta = Bytes.EMPTY;
    long commitIndex;
    long released;
    final TreeMap<Long, Entry> entries = new TreeMap<>();

    Position last() {
      return entries.isEmpty()
          ? start
          : new Position(entries.lastEntry().getValue().epoch(), entries.lastKey());
    }
  }

  final Map<Long, Copy> copies = new TreeMap<>();
  final Map<Long, Bytes> notes = new TreeMap<>();

  /** A body of the framing that batches have. */
  static byte[] body(byte[]... entries) {
    ByteSink sink = new ByteSink();
    for (byte[] entry : entries) {
      sink.putBlock(entry, 0, entry.length);
    }
    return sink.toArray();
  }

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
    Copy copy = copies.get(copyId);
    assertThat(firstIndex).isEqualTo(copy.last().index() + 1);
    ByteSource source = new ByteSource(array, offset, length);
    for (int i = 0; i < count; i++) {
      Bytes bytes = Bytes.wrap(source.getBlock());
      copy.entries.put(firstIndex + i, new Entry(epoch, logTimeMillis, issuer, bytes));
    }
    source.expectEnd();
    copy.commitIndex = Math.max(copy.commitIndex, commitIndex);
  }

  @Override
  public void cut(long copyId, Position lastKept) {
    Copy copy = copies.get(copyId);
    copy.entries.tailMap(lastKept.index(), false).clear();
    if (copy.entries.isEmpty()) {
      copy.start = lastKept;
    }
    copy.commitIndex = Math.min(copy.commitIndex, lastKept.index());
  }

  @Override
  public void start(long copyId, Position start, byte[] meta) {
    Copy copy = new Copy();
    copy.start = start;
    copy.meta = Bytes.wrap(meta);
    copies.put(copyId, copy);
  }

  @Override
  public void end(long copyId) {
    copies.remove(copyId);
  }

  @Override
  public void commit(long copyId, long commitIndex) {
    Copy copy = copies.get(copyId);
    copy.commitIndex = Math.max(copy.commitIndex, commitIndex);
  }

  @Override
  public void note(long kind, byte[] value) {
    notes.put(kind, Bytes.wrap(value));
  }

  /** Checks that {@code replayed} is this, but for entries at or below what was released. */
  void requireSame(JournalModel replayed) {
    assertThat(replayed.notes).isEqualTo(notes);
    assertThat(replayed.copies.keySet()).isEqualTo(copies.keySet());
    copies.forEach(
        (id, copy) -> {
          Copy other = replayed.copies.get(id);
          long from = other.start.index();
          assertThat(from)
              .as("nothing that is needed is gone of copy %s", id)
              .isLessThanOrEqualTo(Math.max(copy.start.index(), copy.released));
          assertThat(other.entries).isEqualTo(copy.entries.tailMap(from, false));
          assertThat(other.last()).isEqualTo(copy.last());
          assertThat(other.commitIndex).isEqualTo(copy.commitIndex);
          assertThat(other.meta).isEqualTo(copy.meta);
        });
  }
}
