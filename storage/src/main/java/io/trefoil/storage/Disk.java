package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.Holder;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The layout of cells in RocksDB, and every call to it.
 *
 * <p>Two column families, flushed together. {@code cells}: copy id (8 bytes, big-endian), top 32
 * bits of the key's hash (big-endian), key → {@link StoredCell}. {@code default}: copy id → format,
 * state, position, count, the caller's bytes.
 *
 * <p>RocksDB's own log is off, so what is written survives a crash only after {@link #flush}; a
 * memtable written out earlier holds whole batches all the same.
 *
 * <p>Thread-safe, as RocksDB is; only the flusher thread writes.
 */
final class Disk implements AutoCloseable {
  static final int KEY_HEADER = 12;

  private static final int META_FORMAT = 1;
  private static final int READY = 1;
  private static final int LOADING = 2;
  private static final byte[] CELLS = "cells".getBytes(StandardCharsets.UTF_8);
  private static final int BLOOM_BITS_PER_KEY = 10;
  private static final int RANDOM_READ_BLOCK = 4 << 10;
  private static final int READ_ERRORS_SHOWN = 200;

  static {
    RocksDB.loadLibrary();
  }

  private final RocksDB db;
  private final ColumnFamilyHandle metas;
  private final ColumnFamilyHandle cells;
  private final List<AutoCloseable> natives = new ArrayList<>();
  private final ReadOptions reads = new ReadOptions();
  private final WriteOptions writes = new WriteOptions().setDisableWAL(true);

  Disk(StorageSettings settings) {
    Path folder = settings.folder();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new StorageException("storage folder " + folder + " can't be created: " + e, e);
    }
    if (!Files.isWritable(folder)) {
      throw new StorageException("storage folder " + folder + " is not writable");
    }
    LRUCache cache = new LRUCache(settings.blockCacheBytes());
    BloomFilter bloom = new BloomFilter(BLOOM_BITS_PER_KEY, false);
    // Filters and indexes stay in memory outside the cache (1.3 bytes a key), so that a missing key
    // is never a reason to wait for the disk.
    BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setFilterPolicy(bloom)
            .setBlockSize(RANDOM_READ_BLOCK);
    ColumnFamilyOptions families =
        new ColumnFamilyOptions()
            .setTableFormatConfig(table)
            .setWriteBufferSize(settings.memtableBytes())
            .setCompressionType(CompressionType.LZ4_COMPRESSION);
    DBOptions options =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setAtomicFlush(true)
            .setAvoidFlushDuringShutdown(true)
            .setMaxBackgroundJobs(2)
            .setMaxLogFileSize(4 << 20)
            .setKeepLogFileNum(3)
            .setStatsDumpPeriodSec(0);
    natives.addAll(List.of(options, families, bloom, cache));
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    db = open(folder, options, families, handles);
    metas = handles.get(0);
    cells = handles.get(1);
  }

  private RocksDB open(
      Path folder,
      DBOptions options,
      ColumnFamilyOptions families,
      List<ColumnFamilyHandle> handles) {
    try {
      return RocksDB.open(
          options,
          folder.toString(),
          List.of(
              new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, families),
              new ColumnFamilyDescriptor(CELLS, families)),
          handles);
    } catch (RocksDBException e) {
      closeNatives();
      throw new StorageException(openFailure(folder, e), e);
    }
  }

  private static String openFailure(Path folder, RocksDBException e) {
    String text = shown(e);
    if (text.contains("LOCK") || text.contains("lock ")) {
      return "storage folder " + folder + " is in use by another process: " + text;
    }
    if (text.startsWith("Corruption") || text.contains("CURRENT") || text.contains("MANIFEST")) {
      return "storage in " + folder + " is damaged and must be replaced from a replica: " + text;
    }
    return "storage folder " + folder + " can't be opened: " + text;
  }

  private static String shown(RocksDBException e) {
    String code = e.getStatus() == null ? "" : e.getStatus().getCode() + ": ";
    String text = code + e.getMessage();
    return text.substring(0, Math.min(text.length(), READ_ERRORS_SHOWN));
  }

  private static StorageException failed(String what, RocksDBException e) {
    return new StorageException("storage can't " + what + ": " + shown(e), e);
  }

  // ---- keys

  static byte[] key(long copy, int hash, byte[] key, int offset, int length) {
    byte[] full = new byte[KEY_HEADER + length];
    ByteBuffer.wrap(full).putLong(copy).putInt(hash).put(key, offset, length);
    return full;
  }

  static int hashOf(byte[] diskKey) {
    return ByteBuffer.wrap(diskKey).getInt(8);
  }

  private static byte[] copyPrefix(long copy) {
    return ByteBuffer.allocate(8).putLong(copy).array();
  }

  // ---- reading

  /** Answers of {@link #peek} that are no cell. */
  static final byte[] ABSENT = new byte[0];

  /**
   * Looks a cell up in memtables and cached blocks only.
   *
   * @return the stored cell, {@link #ABSENT}, or null when only the disk knows
   */
  byte[] peek(byte[] diskKey) {
    Holder<byte[]> value = new Holder<>();
    if (!db.keyMayExist(cells, reads, diskKey, value)) {
      return ABSENT;
    }
    return value.getValue();
  }

  /** Looks a cell up, waiting for the disk; {@link #ABSENT} when there is none. */
  byte[] get(byte[] diskKey) {
    try {
      byte[] value = db.get(cells, reads, diskKey);
      return value == null ? ABSENT : value;
    } catch (RocksDBException e) {
      throw failed("read a cell", e);
    }
  }

  /** The cells of a copy in hash order, seen as they are now, or in {@code snapshot} if given. */
  CellIterator cells(long copy, int fromHash, Snapshot snapshot) {
    return new CellIterator(copy, fromHash, snapshot);
  }

  final class CellIterator implements AutoCloseable {
    private final Slice end;
    private final ReadOptions options;
    private final RocksIterator rocks;

    private CellIterator(long copy, int fromHash, Snapshot snapshot) {
      end = new Slice(copyPrefix(copy + 1));
      options = new ReadOptions().setIterateUpperBound(end);
      if (snapshot != null) {
        options.setSnapshot(snapshot).setFillCache(false);
      }
      rocks = db.newIterator(cells, options);
      rocks.seek(key(copy, fromHash, ABSENT, 0, 0));
    }

    /** Whether there is a cell here. */
    boolean isValid() {
      if (rocks.isValid()) {
        return true;
      }
      try {
        rocks.status();
        return false;
      } catch (RocksDBException e) {
        throw failed("read cells", e);
      }
    }

    byte[] diskKey() {
      return rocks.key();
    }

    byte[] stored() {
      return rocks.value();
    }

    void next() {
      rocks.next();
    }

    @Override
    public void close() {
      rocks.close();
      options.close();
      end.close();
    }
  }

  Snapshot snapshot() {
    return db.getSnapshot();
  }

  void release(Snapshot snapshot) {
    db.releaseSnapshot(snapshot);
    snapshot.close();
  }

  /** The copies that are whole. */
  List<CopyState> copies() {
    List<CopyState> found = new ArrayList<>();
    try (RocksIterator all = db.newIterator(metas)) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        if (all.value()[1] == READY) {
          found.add(copyState(all.key(), all.value()));
        }
      }
      all.status();
    } catch (RocksDBException e) {
      throw failed("list the copies", e);
    }
    return found;
  }

  /** Copies whose loading from a snapshot was never finished. */
  List<Long> unfinishedCopies() {
    List<Long> found = new ArrayList<>();
    try (RocksIterator all = db.newIterator(metas)) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        if (all.value()[1] == LOADING) {
          found.add(ByteBuffer.wrap(all.key()).getLong());
        }
      }
    }
    return found;
  }

  private static CopyState copyState(byte[] key, byte[] value) {
    try {
      ByteSource source = new ByteSource(value);
      int format = source.getByte();
      if (format != META_FORMAT) {
        throw new StorageException("storage format " + format + " is not known to this version");
      }
      source.getByte();
      Position position = new Position(source.getLong(), source.getLong());
      long count = source.getLong();
      Bytes meta = Bytes.wrap(source.getBytes(source.remaining()));
      return new CopyState(ByteBuffer.wrap(key).getLong(), position, count, meta);
    } catch (MalformedBytesException e) {
      throw new StorageException("the record of a copy is damaged: " + e.getMessage(), e);
    }
  }

  // ---- writing

  /** Changes that reach RocksDB together or not at all. */
  final class Batch implements AutoCloseable {
    private final WriteBatch batch = new WriteBatch();
    private ByteBuffer key = ByteBuffer.allocateDirect(256);
    private ByteBuffer value = ByteBuffer.allocateDirect(4096);

    /** A buffer for the next cell's key, its header filled in. */
    ByteBuffer key(long copy, int hash, int length) {
      key = room(key, (long) KEY_HEADER + length);
      return key.putLong(copy).putInt(hash);
    }

    /** A buffer for a {@link StoredCell} with {@code length} bytes of value. */
    ByteBuffer value(int length) {
      value = room(value, (long) StoredCell.HEADER + length).order(ByteOrder.LITTLE_ENDIAN);
      return value;
    }

    private ByteBuffer room(ByteBuffer current, long bytes) {
      if (bytes <= current.capacity()) {
        return current.clear();
      }
      return ByteBuffer.allocateDirect(Math.toIntExact(Math.min(bytes * 2, Integer.MAX_VALUE)));
    }

    /** Puts what was filled into the buffers. */
    void put() throws RocksDBException {
      batch.put(cells, key.flip(), value.flip());
    }

    void put(byte[] diskKey, byte[] stored) throws RocksDBException {
      batch.put(cells, diskKey, stored);
    }

    void delete() throws RocksDBException {
      batch.delete(cells, key.flip());
    }

    void clear(long copy) throws RocksDBException {
      batch.deleteRange(cells, copyPrefix(copy), copyPrefix(copy + 1));
    }

    void drop(long copy) throws RocksDBException {
      clear(copy);
      batch.delete(metas, copyPrefix(copy));
    }

    void ready(CopyState state) throws RocksDBException {
      ByteSink sink = new ByteSink();
      sink.putByte(META_FORMAT).putByte(READY);
      sink.putLong(state.position().epoch()).putLong(state.position().index());
      sink.putLong(state.keyCount());
      sink.putBytes(state.meta().array(), 0, state.meta().length());
      batch.put(metas, copyPrefix(state.copy()), sink.toArray());
    }

    void loading(long copy) throws RocksDBException {
      batch.put(metas, copyPrefix(copy), new byte[] {META_FORMAT, LOADING});
    }

    void write() throws RocksDBException {
      db.write(writes, batch);
    }

    @Override
    public void close() {
      batch.close();
    }
  }

  /** Makes one kind of change in a batch of its own. */
  void write(String what, Change change) {
    try (Batch batch = new Batch()) {
      change.addTo(batch);
      batch.write();
    } catch (RocksDBException e) {
      throw failed(what, e);
    }
  }

  @FunctionalInterface
  interface Change {
    void addTo(Batch batch) throws RocksDBException;
  }

  /** Makes all that was written durable: both column families at one point. */
  void flush() {
    try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
      db.flush(options, Arrays.asList(metas, cells));
    } catch (RocksDBException e) {
      throw failed("make cells durable", e);
    }
  }

  /** Closes without flushing; what was not flushed is lost. */
  @Override
  public void close() {
    metas.close();
    cells.close();
    db.close();
    reads.close();
    writes.close();
    closeNatives();
  }

  private void closeNatives() {
    for (AutoCloseable each : natives) {
      try {
        each.close();
      } catch (Exception e) {
        throw new StorageException("storage can't be closed: " + e, e);
      }
    }
  }
}
