package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * All cells of a copy at one position, while writes go on. Used by one thread at a time, any
 * thread; holds back RocksDB's clean-up until closed.
 *
 * <p>Chunks are pieces of one stream of cells, cut anywhere: key length (4), stored length (4),
 * key, stored cell, again and again. The fields of a key follow it in the same form, the top bit of
 * their length set; then the nodes of their {@link FieldOrder}, with more bits set. Fields whose
 * key is gone are left out.
 */
public final class CellSnapshot implements AutoCloseable {
  private static final int CELLS_BETWEEN_LOOKS = 256;

  /** In a length of the stream: a field of the key before. */
  static final int FIELD_BIT = 1 << 31;

  /** Beside that: no field, but a node of their order. */
  static final int NODE_BIT = 1 << 30;

  /** Beside both: of elements of a list. */
  static final int LIST_BIT = 1 << 29;

  private final CellDisk disk;
  private final CellDisk.View view;
  private final CopyState state;
  private final ByteSink pending = new ByteSink();
  private CellDisk.CellIterator cells;

  /** Those of the key sent last, while they are sent: of the first number of these. */
  private CellDisk.CellIterator fields;

  private final ArrayDeque<Long> numbers = new ArrayDeque<>();

  private int sent;

  /** Keys that are present among those put into chunks. */
  private long keys;

  CellSnapshot(CellDisk disk, CellDisk.View view, CopyState state) {
    this.disk = disk;
    this.view = view;
    this.state = state;
  }

  /** The copy's position, count and caller's bytes as of this snapshot. */
  public CopyState state() {
    return state;
  }

  /**
   * The next piece of the stream, of {@code maxBytes} at most, or null at its end. May wait for the
   * disk.
   *
   * @throws StorageDamaged when the disk has not as many keys as were written: whoever gets the
   *     stream refuses it, and would do so again and again
   */
  public byte[] nextChunk(int maxBytes) {
    if (cells == null) {
      cells = disk.cells(state.copy(), 0, view);
    }
    if (sent == pending.size()) {
      fill(maxBytes);
    }
    if (pending.size() == 0) {
      return null;
    }
    int end = Math.min(pending.size(), sent + maxBytes);
    byte[] chunk = Arrays.copyOfRange(pending.array(), sent, end);
    sent = end;
    return chunk;
  }

  private void fill(int maxBytes) {
    pending.clear();
    sent = 0;
    while (pending.size() < maxBytes) {
      if (fields != null && fields.isValid()) {
        add(fields, bitsOf(numbers.peek()));
      } else if (!nextFields()) {
        if (!cells.isValid()) {
          checkKeys();
          return;
        }
        byte[] stored = cells.stored();
        keys += StoredCell.isPresent(stored) ? 1 : 0;
        if (StoredCell.isHead(stored)) {
          begin(StoredCell.numbers(stored));
        }
        add(cells, 0);
      }
    }
  }

  private void checkKeys() {
    if (keys != state.keyCount()) {
      throw disk.foundDamaged(
          "of " + state.keyCount() + " keys of a copy " + keys + " are there", null);
    }
  }

  private static int bitsOf(long number) {
    int node = FieldOrder.isOrder(number) ? FIELD_BIT | NODE_BIT : FIELD_BIT;
    return FieldOrder.isOfList(number) ? node | LIST_BIT : node;
  }

  private void begin(long[] all) {
    for (long number : all) {
      numbers.add(number);
    }
    if (!numbers.isEmpty()) {
      fields = disk.fields(state.copy(), numbers.peek(), view);
    }
  }

  /** Goes on with the next number of the key; false when there is none. */
  private boolean nextFields() {
    closeFields();
    numbers.poll();
    if (numbers.isEmpty()) {
      return false;
    }
    fields = disk.fields(state.copy(), numbers.peek(), view);
    return true;
  }

  private void add(CellDisk.CellIterator from, int bit) {
    byte[] key = from.diskKey();
    byte[] stored = from.stored();
    int length = key.length - from.header();
    pending.putInt(length | bit).putInt(stored.length);
    pending.putBytes(key, from.header(), length).putBytes(stored, 0, stored.length);
    from.next();
  }

  private void closeFields() {
    if (fields != null) {
      fields.close();
      fields = null;
    }
  }

  private void visitFields(long collection, CellWalk.Visitor visitor) {
    try (CellDisk.CellIterator all = disk.fields(state.copy(), collection, view)) {
      for (; all.isValid(); all.next()) {
        visitor.onDisk(all.diskKey(), all.stored());
      }
    }
  }

  /** The digest of the cells visible at {@code logTimeMillis}; reads them all. */
  public long digest(long logTimeMillis) {
    CellDigest digest = new CellDigest(null, logTimeMillis, this::visitFields);
    try (CellDisk.CellIterator all = disk.cells(state.copy(), 0, view)) {
      for (; all.isValid(); all.next()) {
        digest.onDisk(all.diskKey(), all.stored());
      }
    }
    return digest.sum();
  }

  /**
   * The digests of the cells visible at {@code logTimeMillis}, by range of hashes; reads them all.
   *
   * @param cancelled looked at now and then
   * @return empty when it was cancelled
   */
  public Optional<BucketDigests> bucketDigests(long logTimeMillis, BooleanSupplier cancelled) {
    long[] sums = new long[BucketDigests.COUNT];
    long keyCount = 0;
    long read = 0;
    try (CellDisk.CellIterator all = disk.cells(state.copy(), 0, view)) {
      for (; all.isValid(); all.next()) {
        if (read++ % CELLS_BETWEEN_LOOKS == 0 && cancelled.getAsBoolean()) {
          return Optional.empty();
        }
        byte[] key = all.diskKey();
        byte[] stored = all.stored();
        if (!StoredCell.expired(StoredCell.expireAt(stored), logTimeMillis)) {
          keyCount += StoredCell.isPresent(stored) ? 1 : 0;
          sums[BucketDigests.bucketOf(CellDisk.hashOf(key))] +=
              CellDigest.ofStored(keyHash(key), stored, null, this::visitFields);
        }
      }
    }
    return Optional.of(new BucketDigests(sums, keyCount));
  }

  /**
   * Lists the cells visible at {@code logTimeMillis} whose hashes are in a range, or the first of
   * them: a list that has {@link CellList#FULL} cells ends before the next hash.
   *
   * @param fromHash the first hash, 0 to 2^32 - 1
   * @param toHash the hash after the last, up to 2^32
   */
  public CellList list(long logTimeMillis, long fromHash, long toHash) {
    List<CellList.Cell> listed = new ArrayList<>();
    long lastHash = fromHash;
    try (CellDisk.CellIterator range = disk.cells(state.copy(), (int) fromHash, view)) {
      for (; range.isValid(); range.next()) {
        byte[] key = range.diskKey();
        long hash = CellDisk.hashOf(key) & 0xffffffffL;
        if (hash >= toHash) {
          break;
        }
        if (listed.size() >= CellList.FULL && hash != lastHash) {
          return new CellList(listed, hash);
        }
        lastHash = hash;
        byte[] stored = range.stored();
        if (StoredCell.isPresent(stored)
            && !StoredCell.expired(StoredCell.expireAt(stored), logTimeMillis)) {
          listed.add(listed(key, stored));
        }
      }
    }
    return new CellList(listed, toHash);
  }

  private CellList.Cell listed(byte[] diskKey, byte[] stored) {
    int length = diskKey.length - CellDisk.KEY_HEADER;
    long keyHash = keyHash(diskKey);
    int shown = Math.min(length, CellList.SHOWN_KEY_BYTES);
    return new CellList.Cell(
        keyHash,
        length,
        Bytes.copyOf(diskKey, CellDisk.KEY_HEADER, shown),
        CellDigest.ofStored(keyHash, stored, null, this::visitFields));
  }

  private static long keyHash(byte[] diskKey) {
    return Hash64.of(diskKey, CellDisk.KEY_HEADER, diskKey.length - CellDisk.KEY_HEADER);
  }

  @Override
  public void close() {
    closeFields();
    if (cells != null) {
      cells.close();
    }
    disk.release(view);
  }
}
