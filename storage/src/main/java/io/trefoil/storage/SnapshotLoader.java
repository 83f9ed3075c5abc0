package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import java.util.concurrent.CompletableFuture;

/**
 * Fills a new copy from the chunks of a {@link CellSnapshot}. The copy counts for nothing until it
 * is finished: a crash before drops it at the next start. Once finished it is durable, and the
 * caller switches to it and drops the old one: a snapshot replaces, it is never merged.
 *
 * <p>Methods return at once and the flusher thread does the work, in order; the futures complete on
 * that thread. The sender is held back by waiting for a chunk's future before asking for the next.
 */
public final class SnapshotLoader {
  private static final int MAX_CELL_BYTES = (512 << 20) + (64 << 10);

  private final Storage storage;
  private final long copy;
  private final ByteSink pending = new ByteSink();
  private long count;

  /** Of the key that came last: the number of its collection, and how many fields are to come. */
  private long collection;

  private long fieldsToCome;

  /** How many places its order is to have, and has so far; of keys that one leader writes. */
  private long placesToCome;

  private boolean countsPlaces;
  private final OrderNode node = new OrderNode();

  SnapshotLoader(Storage storage, long copy) {
    this.storage = storage;
    this.copy = copy;
  }

  /** Marks the copy as unfinished and removes whatever lies under its id. */
  CompletableFuture<Void> begin() {
    return storage.onFlusher(
        () ->
            storage
                .disk()
                .write(
                    "begin a copy",
                    batch -> {
                      batch.drop(copy);
                      batch.loading(copy);
                    }));
  }

  /**
   * Adds the next piece of the stream. The future fails with {@link MalformedBytesException} when
   * it is none.
   */
  public CompletableFuture<Void> addChunk(byte[] chunk) {
    return storage.onFlusher(() -> storage.disk().write("load cells", batch -> add(batch, chunk)));
  }

  private void add(CellDisk.Batch batch, byte[] chunk) {
    pending.putBytes(chunk, 0, chunk.length);
    ByteSource source = new ByteSource(pending.array(), 0, pending.size());
    while (source.remaining() >= 8) {
      int start = source.position();
      int keyWord = source.getInt();
      boolean field = (keyWord & CellSnapshot.FIELD_BIT) != 0;
      int bits = field ? keyWord & (CellSnapshot.NODE_BIT | CellSnapshot.LIST_BIT) : 0;
      boolean isNode = (bits & CellSnapshot.NODE_BIT) != 0;
      int keyLength = length(keyWord & ~(CellSnapshot.FIELD_BIT | (isNode ? bits : 0)), 0);
      int storedLength = length(source.getInt(), StoredCell.HEADER);
      if (source.remaining() < (long) keyLength + storedLength) {
        keepFrom(start);
        return;
      }
      byte[] key = source.getBytes(keyLength);
      byte[] stored = source.getBytes(storedLength);
      if (isNode) {
        addNode(batch, (bits & CellSnapshot.LIST_BIT) != 0, key, stored);
      } else if (field) {
        addField(batch, key, stored);
      } else {
        addKey(batch, key, stored);
      }
    }
    keepFrom(source.position());
  }

  private void addKey(CellDisk.Batch batch, byte[] key, byte[] stored) {
    checkFields();
    boolean head = StoredCell.isHead(stored);
    boolean merged = head && CellType.ofStored(StoredCell.type(stored)).isMerged();
    int headBytes = stored.length - StoredCell.HEADER;
    if (head && (merged ? headBytes <= Head.BYTES : headBytes != Head.BYTES)) {
      throw new MalformedBytesException("a snapshot with a head of " + stored.length + " bytes");
    }
    collection = head ? StoredCell.collection(stored) : 0;
    long fields = head ? Head.count(stored, StoredCell.HEADER) : 0;
    CellType type = CellType.ofStored(StoredCell.type(stored));
    fieldsToCome = type == CellType.LIST ? 0 : fields;
    placesToCome = type.isOrdered() ? fields : 0;
    countsPlaces = !merged;
    int hash = HashIndex.hash(key, 0, key.length);
    batch.put(CellDisk.key(copy, hash, key, 0, key.length), stored);
    count += StoredCell.isPresent(stored) ? 1 : 0;
  }

  private void addField(CellDisk.Batch batch, byte[] field, byte[] stored) {
    int hash = HashIndex.hash(field, 0, field.length);
    batch.put(CellDisk.fieldKey(copy, collection, hash, field, 0, field.length), stored);
    fieldsToCome--;
  }

  private void addNode(CellDisk.Batch batch, boolean ofList, byte[] id, byte[] stored) {
    long number = FieldOrder.number(ofList ? CellType.LIST : CellType.ZSET, collection);
    int hash = HashIndex.hash(id, 0, id.length);
    batch.put(CellDisk.fieldKey(copy, number, hash, id, 0, id.length), stored);
    FieldOrder.read(node, id, 0, stored, StoredCell.HEADER);
    placesToCome -= countsPlaces && node.isLeaf() ? node.count() : 0;
  }

  private void checkFields() {
    if (placesToCome != 0) {
      throw new MalformedBytesException(
          "a snapshot with a key whose order lacks of its fields: " + placesToCome);
    }
    if (fieldsToCome != 0) {
      throw new MalformedBytesException(
          "a snapshot with a key whose fields are not as many as it says: " + fieldsToCome);
    }
  }

  private static int length(int value, int min) {
    if (value < min || value > MAX_CELL_BYTES) {
      throw new MalformedBytesException("a snapshot with a cell of " + value + " bytes");
    }
    return value;
  }

  private void keepFrom(int start) {
    int rest = pending.size() - start;
    System.arraycopy(pending.array(), start, pending.array(), 0, rest);
    pending.truncate(rest);
  }

  /**
   * Makes the copy whole and durable; from then on {@link Storage#copies()} lists it.
   *
   * @param expectedCount the sender's {@link CopyState#keyCount()}; the future fails with {@link
   *     MalformedBytesException} when another number of cells came
   */
  public CompletableFuture<Void> finish(Position position, long expectedCount, Bytes meta) {
    return storage.onFlusher(
        () -> {
          if (pending.size() != 0 || count != expectedCount) {
            throw new MalformedBytesException(
                "a snapshot of " + expectedCount + " cells of which " + count + " came whole");
          }
          checkFields();
          storage.finishCopy(new CopyState(copy, position, count, meta));
        });
  }

  /** Gives up: what was loaded is removed. */
  public CompletableFuture<Void> abandon() {
    return storage.drop(copy);
  }
}
