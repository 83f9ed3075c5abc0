package io.trefoil.base;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A fast 64-bit hash of a byte range, the same on every node and for all time: it orders the keys
 * on disk, so changing it is a new storage format. Not for secrets.
 *
 * <p>Eight bytes a step, each folded through a 128-bit product, after Wang Yi's wyhash (2019).
 */
public final class Hash64 {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long P0 = 0xa0761d6478bd642fL;
  private static final long P1 = 0xe7037ed1a0b428dbL;
  private static final long P2 = 0x8ebc6af09c88c6e3L;

  private Hash64() {}

  public static long of(byte[] array, int offset, int length) {
    long h = P0 ^ length;
    int at = offset;
    int left = length;
    while (left >= 8) {
      h = fold((long) LONG.get(array, at) ^ P1, h ^ P2);
      at += 8;
      left -= 8;
    }
    long tail = 0;
    for (int i = 0; i < left; i++) {
      tail |= (array[at + i] & 0xffL) << (8 * i);
    }
    return fold(tail ^ P1, fold(h ^ P2, length ^ P0));
  }

  public static long of(byte[] array) {
    return of(array, 0, array.length);
  }

  /** Mixes two hashes into one; the order matters. */
  public static long combine(long a, long b) {
    return fold(a ^ P0, b ^ P1);
  }

  private static long fold(long a, long b) {
    return (a * b) ^ Math.multiplyHigh(a, b);
  }
}
