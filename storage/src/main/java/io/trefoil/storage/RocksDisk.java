package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.DataBlockIndexType;
import org.rocksdb.Env;
import org.rocksdb.FlushOptions;
import org.rocksdb.Holder;
import org.rocksdb.HyperClockCache;
import org.rocksdb.Priority;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * Cells in RocksDB, and every call to it. A meta's record is: format, state, position, count, the
 * caller's bytes. Format 1 had strings only; 2 has fields, too.
 *
 * <p>RocksDB's own log is off: {@link #flush} alone makes durable. Its two column families are
 * flushed together, and a memtable that is written out earlier holds whole batches.
 */
final class RocksDisk extends CellDisk {
  private static final int META_FORMAT = 2;
  private static final int FORMAT_OF_STRINGS = 1;
  private static final int READY = 1;
  private static final int LOADING = 2;
  private static final byte[] CELLS = "cells".getBytes(StandardCharsets.UTF_8);
  private static final int BLOOM_BITS_PER_KEY = 10;
  private static final int RANDOM_READ_BLOCK = 4 << 10;
  private static final int READ_ERRORS_SHOWN = 200;

  /** From so many on, two threads look them up. */
  private static final int MANY_HEADS = 256;

  private static final long LOOKUP_SECONDS = 60;

  /** Longer keys are rare. */
  private static final int KEY_BYTES = 1 << 10;

  /** Of a file that is there once damage was found, and says what was. */
  private static final String DAMAGED = "DAMAGED";

  static {
    RocksDB.loadLibrary();
    // A compaction keeps a core busy for a second; the loops come first.
    Env.getDefault().lowerThreadPoolCPUPriority(Priority.LOW);
  }

  private final Path folder;
  private final RocksDB db;
  private final ColumnFamilyHandle metas;
  private final ColumnFamilyHandle cells;
  private final List<AutoCloseable> natives = new ArrayList<>();
  private final ReadOptions reads = new ReadOptions();

  /** For what is read once, and does not push out of the cache what others read. */
  private final ReadOptions passingReads = new ReadOptions().setFillCache(false);

  private final ExecutorService lookups =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "storage-lookup"));
  private final WriteOptions writes = new WriteOptions().setDisableWAL(true);

  RocksDisk(StorageSettings settings) {
    folder = settings.folder();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new StorageException("storage folder " + folder + " can't be created: " + e, e);
    }
    if (!Files.isWritable(folder)) {
      throw new StorageException("storage folder " + folder + " is not writable");
    }
    refuseWhatWasFoundDamaged();
    // Several threads read: no lock, and found in less time than with the least-recently-used one.
    Cache cache = new HyperClockCache(settings.blockCacheBytes(), 0, -1, false);
    BloomFilter bloom = new BloomFilter(BLOOM_BITS_PER_KEY, false);
    // Filters and indexes stay in memory outside the cache (1.3 bytes a key), so that a missing key
    // is never a reason to wait for the disk.
    BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setFilterPolicy(bloom)
            .setDataBlockIndexType(DataBlockIndexType.kDataBlockBinaryAndHash)
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
    db = open(options, families, handles);
    metas = handles.get(0);
    cells = handles.get(1);
  }

  /** A process that found damage stopped: the next one would serve until it finds it again. */
  private void refuseWhatWasFoundDamaged() {
    Path mark = folder.resolve(DAMAGED);
    if (Files.exists(mark)) {
      try {
        throw new StorageDamaged(Files.readString(mark), null);
      } catch (IOException e) {
        throw new StorageDamaged(mark + " says that this storage is damaged", e);
      }
    }
  }

  private RocksDB open(
      DBOptions options, ColumnFamilyOptions families, List<ColumnFamilyHandle> handles) {
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
      throw openFailure(e);
    }
  }

  private StorageException openFailure(RocksDBException e) {
    String text = shown(e);
    if (text.contains("LOCK") || text.contains("lock ")) {
      return new StorageException(
          "storage folder " + folder + " is in use by another process: " + text, e);
    }
    if (isDamage(e) || text.contains("CURRENT") || text.contains("MANIFEST")) {
      return new StorageDamaged(damage(text), e);
    }
    return new StorageException("storage folder " + folder + " can't be opened: " + text, e);
  }

  private String damage(String text) {
    return "storage in "
        + folder
        + " is damaged: "
        + text
        + "; ./trefoil heal has the others fill it anew";
  }

  private static boolean isDamage(RocksDBException e) {
    return e.getStatus() != null && e.getStatus().getCode() == Status.Code.Corruption;
  }

  private static String shown(RocksDBException e) {
    String code = e.getStatus() == null ? "" : e.getStatus().getCode() + ": ";
    String text = code + e.getMessage();
    return text.substring(0, Math.min(text.length(), READ_ERRORS_SHOWN));
  }

  private StorageException failed(String what, RocksDBException e) {
    String text = "can't " + what + ": " + shown(e);
    return isDamage(e) ? foundDamaged(text, e) : new StorageException("storage " + text, e);
  }

  @Override
  StorageDamaged foundDamaged(String text, Exception cause) {
    StorageDamaged damaged = new StorageDamaged(damage(text), cause);
    try {
      Files.writeString(folder.resolve(DAMAGED), damaged.getMessage());
    } catch (IOException e) {
      damaged.addSuppressed(e); // a later start finds it by reading there again
    }
    return damaged;
  }

  // ---- reading

  @Override
  byte[] peek(byte[] diskKey) {
    Holder<byte[]> value = new Holder<>();
    if (!db.keyMayExist(cells, reads, diskKey, value)) {
      return ABSENT;
    }
    return value.getValue();
  }

  @Override
  byte[] get(byte[] diskKey) {
    try {
      byte[] value = db.get(cells, reads, diskKey);
      return value == null ? ABSENT : value;
    } catch (RocksDBException e) {
      throw failed("read a cell", e);
    }
  }

  @Override
  List<byte[]> heads(List<byte[]> diskKeys) {
    if (diskKeys.size() < MANY_HEADS) {
      return headsOf(diskKeys);
    }
    int half = diskKeys.size() / 2;
    Future<List<byte[]>> others =
        lookups.submit(() -> headsOf(diskKeys.subList(half, diskKeys.size())));
    List<byte[]> all = new ArrayList<>(headsOf(diskKeys.subList(0, half)));
    try {
      all.addAll(others.get());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof StorageException
          ? (StorageException) e.getCause()
          : new StorageException("storage can't look cells up: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException("storage was interrupted", e);
    }
    return all;
  }

  private List<byte[]> headsOf(List<byte[]> diskKeys) {
    List<byte[]> heads = new ArrayList<>(diskKeys.size());
    ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES);
    ByteBuffer value = ByteBuffer.allocateDirect(StoredCell.HEADER + Head.BYTES);
    for (byte[] diskKey : diskKeys) {
      heads.add(diskKey.length > KEY_BYTES ? get(diskKey) : head(diskKey, key, value));
    }
    return heads;
  }

  private byte[] head(byte[] diskKey, ByteBuffer key, ByteBuffer value) {
    key.clear().put(diskKey).flip();
    value.clear();
    int size;
    try {
      size = db.get(cells, passingReads, key, value);
    } catch (RocksDBException e) {
      throw failed("read a cell", e);
    }
    if (size == RocksDB.NOT_FOUND) {
      return ABSENT;
    }
    byte[] stored = new byte[Math.min(size, value.capacity())];
    value.get(0, stored);
    return StoredCell.isHead(stored) && size > stored.length ? get(diskKey) : stored;
  }

  @Override
  CellIterator range(byte[] from, byte[] end, int header, View view) {
    return new RocksCells(from, end, header, view == null ? null : ((RocksView) view).snapshot());
  }

  private record RocksView(Snapshot snapshot) implements View {}

  private final class RocksCells extends CellIterator {
    private final Slice end;
    private final ReadOptions options;
    private final RocksIterator rocks;

    private RocksCells(byte[] from, byte[] end, int header, Snapshot snapshot) {
      super(header);
      this.end = new Slice(end);
      options = new ReadOptions().setIterateUpperBound(this.end);
      if (snapshot != null) {
        options.setSnapshot(snapshot).setFillCache(false);
      }
      rocks = db.newIterator(cells, options);
      rocks.seek(from);
    }

    @Override
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

    @Override
    byte[] diskKey() {
      return rocks.key();
    }

    @Override
    byte[] stored() {
      return rocks.value();
    }

    @Override
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

  @Override
  View view() {
    return new RocksView(db.getSnapshot());
  }

  @Override
  void release(View view) {
    Snapshot snapshot = ((RocksView) view).snapshot();
    db.releaseSnapshot(snapshot);
    snapshot.close();
  }

  @Override
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

  @Override
  List<Long> unfinishedCopies() {
    List<Long> found = new ArrayList<>();
    try (RocksIterator all = db.newIterator(metas)) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        if (all.value()[1] == LOADING) {
          found.add(ByteBuffer.wrap(all.key()).getLong());
        }
      }
      all.status();
    } catch (RocksDBException e) {
      throw failed("list the unfinished copies", e);
    }
    return found;
  }

  private CopyState copyState(byte[] key, byte[] value) {
    try {
      ByteSource source = new ByteSource(value);
      int format = source.getByte();
      if (format != META_FORMAT && format != FORMAT_OF_STRINGS) {
        throw new StorageException("storage format " + format + " is not known to this version");
      }
      source.getByte();
      Position position = new Position(source.getLong(), source.getLong());
      long count = source.getLong();
      Bytes meta = Bytes.wrap(source.getBytes(source.remaining()));
      return new CopyState(ByteBuffer.wrap(key).getLong(), position, count, meta);
    } catch (MalformedBytesException e) {
      throw foundDamaged("the record of a copy is malformed: " + e.getMessage(), e);
    }
  }

  // ---- writing

  private final class RocksBatch extends Batch implements AutoCloseable {
    private final WriteBatch batch = new WriteBatch();

    @Override
    ByteBuffer buffer(int bytes) {
      return ByteBuffer.allocateDirect(bytes);
    }

    @Override
    void put(ByteBuffer diskKey, ByteBuffer stored) {
      try {
        batch.put(cells, diskKey, stored);
      } catch (RocksDBException e) {
        throw failed("put a cell", e);
      }
    }

    @Override
    void put(byte[] diskKey, byte[] stored) {
      try {
        batch.put(cells, diskKey, stored);
      } catch (RocksDBException e) {
        throw failed("put a cell", e);
      }
    }

    @Override
    void delete(ByteBuffer diskKey) {
      try {
        batch.delete(cells, diskKey);
      } catch (RocksDBException e) {
        throw failed("delete a cell", e);
      }
    }

    @Override
    void delete(byte[] diskKey) {
      try {
        batch.delete(cells, diskKey);
      } catch (RocksDBException e) {
        throw failed("delete a cell", e);
      }
    }

    @Override
    void deleteRange(byte[] from, byte[] end) {
      try {
        batch.deleteRange(cells, from, end);
      } catch (RocksDBException e) {
        throw failed("delete cells", e);
      }
    }

    @Override
    void forget(long copy) {
      try {
        batch.delete(metas, copyPrefix(copy));
      } catch (RocksDBException e) {
        throw failed("forget a copy", e);
      }
    }

    @Override
    void ready(CopyState state) {
      ByteSink sink = new ByteSink();
      sink.putByte(META_FORMAT).putByte(READY);
      sink.putLong(state.position().epoch()).putLong(state.position().index());
      sink.putLong(state.keyCount());
      sink.putBytes(state.meta().array(), 0, state.meta().length());
      putMeta(state.copy(), sink.toArray());
    }

    @Override
    void loading(long copy) {
      putMeta(copy, new byte[] {META_FORMAT, LOADING});
    }

    private void putMeta(long copy, byte[] meta) {
      try {
        batch.put(metas, copyPrefix(copy), meta);
      } catch (RocksDBException e) {
        throw failed("put the state of a copy", e);
      }
    }

    @Override
    public void close() {
      batch.close();
    }
  }

  @Override
  void write(String what, Change change) {
    try (RocksBatch batch = new RocksBatch()) {
      change.addTo(batch);
      db.write(writes, batch.batch);
    } catch (RocksDBException e) {
      throw failed(what, e);
    }
  }

  @Override
  void flush() {
    try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
      db.flush(options, Arrays.asList(metas, cells));
    } catch (RocksDBException e) {
      throw failed("make cells durable", e);
    }
  }

  @Override
  public void close() {
    endLookups();
    metas.close();
    cells.close();
    db.close();
    reads.close();
    passingReads.close();
    writes.close();
    closeNatives();
  }

  /** A lookup whose other half failed may still read; what is closed must not be read. */
  private void endLookups() {
    lookups.shutdown();
    try {
      if (!lookups.awaitTermination(LOOKUP_SECONDS, TimeUnit.SECONDS)) {
        throw new StorageException("storage can't be closed: it is still being read");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException("storage was interrupted", e);
    }
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
