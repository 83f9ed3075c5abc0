package io.trefoil.bench.load;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One thread's requests, one after the other: drawn by chance for ever, or a write of each key
 * once. What it says is of the request that {@link #advance} came to.
 */
final class Requests {
  /** As in redis-benchmark: {@code key:} and twelve digits. */
  private static final int KEY_BYTES = 16;

  private static final int KEY_PREFIX = 4;

  /** Values begin at one of so many places of the same random bytes. */
  private static final int OFFSETS = 4_096;

  private final Workload workload;
  private final SplittableRandom random;

  /** The next key to be written, for all threads; null when keys are drawn. */
  private final AtomicLong next;

  private final byte[] values;
  private final byte[] key = new byte[KEY_BYTES];
  private boolean isRead;
  private int size;
  private int from;

  private Requests(Workload workload, SplittableRandom random, AtomicLong next) {
    this.workload = workload;
    this.random = random;
    this.next = next;
    values = new byte[workload.sizes().most() + OFFSETS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) random.nextInt();
    }
    key[0] = 'k';
    key[1] = 'e';
    key[2] = 'y';
    key[3] = ':';
  }

  static Requests drawn(Workload workload, SplittableRandom random) {
    return new Requests(workload, random, null);
  }

  /** Writes each key once, together with the other threads. */
  static Requests each(Workload workload, SplittableRandom random, AtomicLong next) {
    return new Requests(workload, random, next);
  }

  /** Goes to the next request; false when there is none. */
  boolean advance() {
    long number = next == null ? workload.choice().next(random) : next.getAndIncrement();
    if (number >= workload.keys()) {
      return false;
    }
    isRead = next == null && drawsRead();
    name(number);
    size = workload.sizes().next(random);
    from = random.nextInt(OFFSETS);
    return true;
  }

  private boolean drawsRead() {
    double share = workload.reads();
    return share >= 1 || share > 0 && random.nextDouble() < share;
  }

  boolean isRead() {
    return isRead;
  }

  /** Valid until the next one. */
  byte[] key() {
    return key;
  }

  /** The value is a part of these bytes. */
  byte[] values() {
    return values;
  }

  int valueFrom() {
    return from;
  }

  int valueSize() {
    return size;
  }

  private void name(long number) {
    long rest = number;
    for (int at = KEY_BYTES - 1; at >= KEY_PREFIX; at--, rest /= 10) {
      key[at] = (byte) ('0' + rest % 10);
    }
  }
}
