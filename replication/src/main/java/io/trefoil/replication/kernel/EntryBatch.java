package io.trefoil.replication.kernel;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.Position;

/**
 * Entries of one epoch with consecutive indexes, as one turn of the leader's loop wrote them. What
 * is in an entry is not the protocol's business.
 *
 * @param epoch the leadership that wrote them
 * @param firstIndex index of the first
 * @param count how many, at least one
 * @param logTimeMillis the leader's log time when they were written; judges expiry on every replica
 * @param issuer incarnation of the node that stamped them
 * @param body {@code count} times a varint length and that many bytes
 */
public record EntryBatch(
    long epoch, long firstIndex, int count, long logTimeMillis, int issuer, Bytes body) {
  public EntryBatch {
    Invariants.check(
        epoch > 0 && firstIndex > 0 && count > 0, "a batch has entries", firstIndex, count);
  }

  public long lastIndex() {
    return firstIndex + count - 1;
  }

  public Position last() {
    return new Position(epoch, lastIndex());
  }

  /** The entries from {@code index} on, which must be one of the batch's. */
  public EntryBatch from(long index) {
    if (index == firstIndex) {
      return this;
    }
    Invariants.check(index > firstIndex && index <= lastIndex(), "not in the batch", index, count);
    int start = offsetOf(index);
    int left = (int) (lastIndex() - index + 1);
    Bytes rest = Bytes.copyOf(body.array(), start, body.length() - start);
    return new EntryBatch(epoch, index, left, logTimeMillis, issuer, rest);
  }

  /** The entries before {@code index}, which must be one of the batch's but the first. */
  public EntryBatch before(long index) {
    Invariants.check(index > firstIndex && index <= lastIndex(), "not in the batch", index, count);
    Bytes head = Bytes.copyOf(body.array(), 0, offsetOf(index));
    int kept = (int) (index - firstIndex);
    return new EntryBatch(epoch, firstIndex, kept, logTimeMillis, issuer, head);
  }

  private int offsetOf(long index) {
    ByteSource source = new ByteSource(body.array());
    for (long at = firstIndex; at < index; at++) {
      source.skip(source.getBlockLength());
    }
    return source.position();
  }

  @Override
  public String toString() {
    return "entries " + epoch + ":" + firstIndex + ".." + lastIndex();
  }
}
