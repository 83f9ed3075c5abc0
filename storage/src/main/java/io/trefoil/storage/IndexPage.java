package io.trefoil.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A piece of an index, in an {@link Arena}'s chunks: outside the Java heap as the records are, but
 * never moved or evicted. What it holds is undefined at first.
 */
final class IndexPage {
  /** What the objects of a page take on the Java heap, and that which holds it. */
  private static final int OVERHEAD_BYTES = 192;

  private final Arena arena;

  /** Where it is in the arena; 0 when it is larger than a slot can be, and on its own. */
  private final int handle;

  private ByteBuffer memory;

  IndexPage(Arena arena, int bytes) {
    this.arena = arena;
    if (bytes <= Arena.LARGEST_SLOT) {
      handle = arena.allocatePage(bytes);
      memory = arena.page(handle, bytes);
      arena.addIndexBytes(OVERHEAD_BYTES);
    } else {
      handle = 0;
      memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
      arena.addIndexBytes(OVERHEAD_BYTES + bytes);
    }
  }

  ByteBuffer memory() {
    return memory;
  }

  /** Whoever still has the memory must not use it any more: others will. */
  void free() {
    if (handle != 0) {
      arena.freePage(handle);
      arena.addIndexBytes(-OVERHEAD_BYTES);
    } else {
      arena.addIndexBytes(-OVERHEAD_BYTES - memory.capacity());
    }
    memory = null;
  }
}
