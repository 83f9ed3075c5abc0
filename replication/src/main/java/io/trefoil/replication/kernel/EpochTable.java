package io.trefoil.replication.kernel;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import java.util.Arrays;

/**
 * Which epoch wrote which indexes: epoch → first index, in order. Never shortened at its beginning,
 * so it tells of any position, however old, whether it is history. One entry a leadership: small.
 */
public final class EpochTable {
  private static final int MAX_EPOCHS = 1 << 20;

  private long[] epochs = new long[4];
  private long[] firstIndexes = new long[4];
  private int size;

  /** Notes that {@code epoch} wrote {@code firstIndex} and what follows. Known already: nothing. */
  public void append(long epoch, long firstIndex) {
    if (size > 0 && epochs[size - 1] == epoch) {
      return;
    }
    Invariants.check(
        size == 0 || epoch > epochs[size - 1] && firstIndex >= firstIndexes[size - 1],
        "epochs only grow",
        epoch,
        firstIndex);
    if (size > 0 && firstIndexes[size - 1] == firstIndex) {
      size--; // that epoch wrote nothing that is left
    }
    if (size == epochs.length) {
      epochs = Arrays.copyOf(epochs, size * 2);
      firstIndexes = Arrays.copyOf(firstIndexes, size * 2);
    }
    epochs[size] = epoch;
    firstIndexes[size++] = firstIndex;
  }

  /** Forgets the indexes from {@code fromIndex} on. */
  public void cut(long fromIndex) {
    while (size > 0 && firstIndexes[size - 1] >= fromIndex) {
      size--;
    }
  }

  /** The epoch that wrote {@code index}; 0 before the first entry. */
  public long epochAt(long index) {
    for (int i = size - 1; i >= 0; i--) {
      if (firstIndexes[i] <= index) {
        return epochs[i];
      }
    }
    return 0;
  }

  /**
   * The last index below {@code end} that an epoch of at most {@code epoch} wrote: where a log that
   * ends with {@code epoch} can at best agree with this one.
   */
  public long lastIndexUpTo(long epoch, long end) {
    long last = end;
    for (int i = size - 1; i >= 0 && epochs[i] > epoch; i--) {
      last = Math.min(last, firstIndexes[i] - 1);
    }
    return last;
  }

  /**
   * The last index, at most {@code end}, up to which this history and the other are the same.
   * Relies on log matching: once two histories part they have no position in common any more.
   */
  public long lastCommon(EpochTable other, long end) {
    long last = end;
    while (epochAt(last) != other.epochAt(last)) {
      long here = epochAt(last);
      long there = other.epochAt(last);
      last = here > there ? lastIndexUpTo(there, last) : other.lastIndexUpTo(here, last);
    }
    return last;
  }

  public Position positionAt(long index) {
    return new Position(epochAt(index), index);
  }

  public long lastEpoch() {
    return size == 0 ? 0 : epochs[size - 1];
  }

  public EpochTable copy() {
    EpochTable copy = new EpochTable();
    copy.epochs = epochs.clone();
    copy.firstIndexes = firstIndexes.clone();
    copy.size = size;
    return copy;
  }

  public void writeTo(ByteSink sink) {
    sink.putVarint(size);
    for (int i = 0; i < size; i++) {
      sink.putVarint(epochs[i]).putVarint(firstIndexes[i]);
    }
  }

  /**
   * Reads what {@link #writeTo} wrote.
   *
   * @throws MalformedBytesException when it is not that
   */
  public static EpochTable readFrom(ByteSource source) {
    EpochTable table = new EpochTable();
    int count = source.getCount(MAX_EPOCHS);
    for (int i = 0; i < count; i++) {
      table.append(source.getVarint(), source.getVarint());
    }
    return table;
  }

  /** As in {@code 3@1 5@1021}: epoch 3 from index 1, epoch 5 from index 1021. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < size; i++) {
      text.append(i == 0 ? "" : " ").append(epochs[i]).append('@').append(firstIndexes[i]);
    }
    return text.toString();
  }
}
