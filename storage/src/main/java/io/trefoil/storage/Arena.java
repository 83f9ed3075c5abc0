package io.trefoil.storage;

import io.trefoil.base.Invariants;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Records outside the Java heap, for the stores of one loop.
 *
 * <p><b>Chunks.</b> Memory is taken in chunks of 256 KiB. A chunk is cut into slots of one size
 * class, and goes back to the pool when its last slot is freed. Size classes are a quarter of a
 * power of two apart, so a slot wastes a fifth at most. A record larger than half a chunk takes a
 * chain of whole chunks. Pages of indexes have chunks of their own, which the evictor does not see.
 *
 * <p><b>Handles.</b> A record is named by an int: chunk number and offset in units of 16 bytes. 0
 * is none.
 *
 * <p><b>Budget.</b> Allocation never fails: a write that was let in finds room. Callers stop
 * letting writes in, and evict, when {@link #usedBytes()} passes the budget.
 *
 * <p>Used by one thread.
 */
final class Arena extends Records {
  private static final int MAX_CHUNKS = 1 << 32 - OFFSET_BITS;
  static final long MAX_BYTES = (long) MAX_CHUNKS / 2 * CHUNK;

  private static final int WHOLE = 127;
  private static final int TAIL = 126;
  static final int LARGEST_SLOT = CHUNK / 2;
  private static final int CACHE_LINE = 64;

  /** Of the classes of records, and then of those of pages, which are the same. */
  private static final int[] SLOT_BYTES = slotSizes();

  private static final int PAGES = SLOT_BYTES.length / 2;
  private static final byte[] CLASS_OF_UNITS = classTable();

  private final int budgetChunks;
  private byte[] classOf = new byte[64];
  private int[] live = new int[64];
  private int[] bump = new int[64];
  private int[] freeSlot = new int[64];
  private int[] previous = new int[64];
  private int chunkLimit = 1;
  private int chunksHeld;
  private int pooled;
  private int[] pool = new int[64];

  /** First chunk with a free slot, per class; 0 when none. */
  private final int[] open = new int[SLOT_BYTES.length];

  private final int[] freeSlots = new int[SLOT_BYTES.length];
  private long indexBytes;

  Arena(long budgetBytes) {
    super(new ByteBuffer[64], new int[64]);
    budgetChunks = (int) (budgetBytes >>> CHUNK_BITS);
  }

  private static int[] slotSizes() {
    int[] sizes = new int[128];
    int count = 0;
    for (int base = 64; base < LARGEST_SLOT / 2; base *= 2) {
      for (int quarter = 0; quarter < 4; quarter++) {
        sizes[count++] = base + base / 4 * quarter;
      }
    }
    sizes[count++] = LARGEST_SLOT / 2;
    sizes[count++] = CHUNK / 3 & -16;
    sizes[count++] = LARGEST_SLOT;
    System.arraycopy(sizes, 0, sizes, count, count);
    return Arrays.copyOf(sizes, 2 * count);
  }

  private static byte[] classTable() {
    byte[] table = new byte[(LARGEST_SLOT >> UNIT_BITS) + 1];
    int sizeClass = 0;
    for (int units = 0; units < table.length; units++) {
      while (SLOT_BYTES[sizeClass] < units << UNIT_BITS) {
        sizeClass++;
      }
      table[units] = (byte) sizeClass;
    }
    return table;
  }

  // ---- memory

  /** Room for a record of {@code bytes}, its content undefined. */
  int allocate(long bytes) {
    if (bytes > LARGEST_SLOT) {
      return allocateChain(bytes);
    }
    return allocateSlot(CLASS_OF_UNITS[(int) bytes + 15 >> UNIT_BITS]);
  }

  private int allocateSlot(int sizeClass) {
    int chunk = open[sizeClass];
    return takeSlot(chunk != 0 ? chunk : openChunk(sizeClass), sizeClass);
  }

  /** Room in another chunk than {@code handle}'s and of its class, or 0 when there is none. */
  int allocateElsewhere(int handle) {
    int chunk = handle >>> OFFSET_BITS;
    int sizeClass = classOf[chunk];
    if (sizeClass == WHOLE) {
      return 0;
    }
    int other = open[sizeClass] == chunk ? next[chunk] : open[sizeClass];
    return other == 0 ? 0 : takeSlot(other, sizeClass);
  }

  private int takeSlot(int chunk, int sizeClass) {
    int slot = freeSlot[chunk];
    if (slot >= 0) {
      freeSlot[chunk] = buffers[chunk].getInt((slot << UNIT_BITS) + AT_INDEX);
    } else {
      slot = bump[chunk];
      bump[chunk] = slot + (SLOT_BYTES[sizeClass] >> UNIT_BITS);
    }
    live[chunk]++;
    freeSlots[sizeClass]--;
    if (freeSlot[chunk] < 0 && !fitsAnother(chunk, sizeClass)) {
      unlink(chunk, sizeClass);
    }
    return chunk << OFFSET_BITS | slot;
  }

  private boolean fitsAnother(int chunk, int sizeClass) {
    return (bump[chunk] << UNIT_BITS) + SLOT_BYTES[sizeClass] <= CHUNK;
  }

  void free(int handle) {
    int chunk = handle >>> OFFSET_BITS;
    int sizeClass = classOf[chunk];
    if (sizeClass == WHOLE) {
      freeChain(chunk);
      return;
    }
    Invariants.check(state(handle) != FREE, "freed twice", chunk, handle & OFFSET_MASK);
    freeSlot(chunk, handle & OFFSET_MASK, sizeClass);
  }

  private void freeSlot(int chunk, int slot, int sizeClass) {
    ByteBuffer buffer = buffers[chunk];
    boolean wasFull = freeSlot[chunk] < 0 && !fitsAnother(chunk, sizeClass);
    buffer.put((slot << UNIT_BITS) + AT_FLAGS, (byte) FREE);
    buffer.putInt((slot << UNIT_BITS) + AT_INDEX, freeSlot[chunk]);
    freeSlot[chunk] = slot;
    freeSlots[sizeClass]++;
    if (wasFull) {
      link(chunk, sizeClass);
    }
    if (--live[chunk] == 0) {
      unlink(chunk, sizeClass);
      freeSlots[sizeClass] -= CHUNK / SLOT_BYTES[sizeClass];
      release(chunk);
    }
  }

  /** Room for an {@link IndexPage}, of {@link #LARGEST_SLOT} at most. */
  int allocatePage(int bytes) {
    return allocateSlot(PAGES + CLASS_OF_UNITS[bytes + 15 >> UNIT_BITS]);
  }

  ByteBuffer page(int handle, int bytes) {
    return buffers[handle >>> OFFSET_BITS].slice(at(handle), bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  void freePage(int handle) {
    int chunk = handle >>> OFFSET_BITS;
    freeSlot(chunk, handle & OFFSET_MASK, classOf[chunk]);
  }

  private int openChunk(int sizeClass) {
    int chunk = takeChunk(sizeClass);
    freeSlots[sizeClass] += CHUNK / SLOT_BYTES[sizeClass];
    link(chunk, sizeClass);
    return chunk;
  }

  private void link(int chunk, int sizeClass) {
    int first = open[sizeClass];
    next[chunk] = first;
    previous[chunk] = 0;
    if (first != 0) {
      previous[first] = chunk;
    }
    open[sizeClass] = chunk;
  }

  private void unlink(int chunk, int sizeClass) {
    if (open[sizeClass] == chunk) {
      open[sizeClass] = next[chunk];
    } else {
      next[previous[chunk]] = next[chunk];
    }
    if (next[chunk] != 0) {
      previous[next[chunk]] = previous[chunk];
    }
  }

  private int allocateChain(long bytes) {
    int head = takeChunk(WHOLE);
    live[head] = 1;
    int last = head;
    for (long covered = CHUNK; covered < bytes; covered += CHUNK) {
      int chunk = takeChunk(TAIL);
      next[last] = chunk;
      last = chunk;
    }
    next[last] = 0;
    return head << OFFSET_BITS;
  }

  private void freeChain(int head) {
    buffers[head].put(AT_FLAGS, (byte) FREE);
    int chunk = head;
    while (chunk != 0) {
      int after = next[chunk];
      release(chunk);
      chunk = after;
    }
  }

  private int takeChunk(int sizeClass) {
    int chunk;
    if (pooled > 0) {
      chunk = pool[--pooled];
    } else {
      chunk = chunkLimit++;
      Invariants.check(chunk < MAX_CHUNKS, "the memory table is larger than handles reach");
      growTo(chunkLimit);
    }
    if (buffers[chunk] == null) {
      buffers[chunk] = alignedChunk();
    }
    chunksHeld++;
    classOf[chunk] = (byte) sizeClass;
    live[chunk] = 0;
    bump[chunk] = 0;
    freeSlot[chunk] = -1;
    return chunk;
  }

  /**
   * So that the header of a record, which is looked at alone, is mostly in one line of the cache.
   */
  private static ByteBuffer alignedChunk() {
    return ByteBuffer.allocateDirect(CHUNK + CACHE_LINE)
        .alignedSlice(CACHE_LINE)
        .slice(0, CHUNK)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private void release(int chunk) {
    classOf[chunk] = 0;
    live[chunk] = 0;
    bump[chunk] = 0;
    // What was taken beyond the budget is left to the collector; the rest is used again.
    if (chunksHeld > budgetChunks) {
      buffers[chunk] = null;
    }
    chunksHeld--;
    if (pooled == pool.length) {
      pool = Arrays.copyOf(pool, pooled * 2);
    }
    pool[pooled++] = chunk;
  }

  private void growTo(int chunks) {
    if (chunks <= buffers.length) {
      return;
    }
    int length = Math.min(buffers.length * 2, MAX_CHUNKS);
    // A new array, because the flusher may be reading through the old one.
    buffers = Arrays.copyOf(buffers, length);
    classOf = Arrays.copyOf(classOf, length);
    live = Arrays.copyOf(live, length);
    bump = Arrays.copyOf(bump, length);
    freeSlot = Arrays.copyOf(freeSlot, length);
    next = Arrays.copyOf(next, length);
    previous = Arrays.copyOf(previous, length);
  }

  /** Memory in use: whole chunks, and what of the stores' indexes is not in them. */
  long usedBytes() {
    return ((long) chunksHeld << CHUNK_BITS) + indexBytes;
  }

  long budgetBytes() {
    return (long) budgetChunks << CHUNK_BITS;
  }

  void addIndexBytes(long bytes) {
    indexBytes += bytes;
  }

  /** Bytes that a record takes in memory. */
  long footprint(int handle) {
    int chunk = handle >>> OFFSET_BITS;
    int sizeClass = classOf[chunk];
    if (sizeClass != WHOLE) {
      return SLOT_BYTES[sizeClass];
    }
    return bytesWith(handle, valueLength(handle)) + CHUNK - 1 & -(long) CHUNK;
  }

  // ---- chunks, as the evictor sees them

  int chunkLimit() {
    return chunkLimit;
  }

  /** Whether the chunk holds records, or the beginning of a large one. */
  boolean holdsRecords(int chunk) {
    return live[chunk] > 0 && (classOf[chunk] < PAGES || classOf[chunk] == WHOLE);
  }

  int liveIn(int chunk) {
    return live[chunk];
  }

  /** Free slots in other chunks of this chunk's class. */
  int roomElsewhere(int chunk) {
    int sizeClass = classOf[chunk];
    if (sizeClass == WHOLE) {
      return 0;
    }
    return freeSlots[sizeClass] - (CHUNK / SLOT_BYTES[sizeClass] - live[chunk]);
  }

  int slotsUsed(int chunk) {
    int sizeClass = classOf[chunk];
    return sizeClass == WHOLE ? 1 : (bump[chunk] << UNIT_BITS) / SLOT_BYTES[sizeClass];
  }

  int handleAt(int chunk, int slot) {
    int sizeClass = classOf[chunk];
    int unit = sizeClass == WHOLE ? 0 : slot * (SLOT_BYTES[sizeClass] >> UNIT_BITS);
    return chunk << OFFSET_BITS | unit;
  }

  /** The records as they can be read from another thread, as long as nobody changes them. */
  Records view() {
    return new Records(buffers, next);
  }

  /** Copies a record into a slot of the same class. */
  void copyRecord(int from, int to) {
    buffers[to >>> OFFSET_BITS].put(
        at(to), buffers[from >>> OFFSET_BITS], at(from), (int) bytesWith(from, valueLength(from)));
  }
}
