package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsNotInMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/** The cells of one partition in a map, in the order of their keys' hashes. */
final class MapCells implements Cells {
  private record Cell(Bytes value, long expireAtMillis, long stamp) {}

  private final NavigableMap<Long, Map<Bytes, Cell>> byHash = new TreeMap<>();
  private final Random random = new Random(1);
  private Cell found;
  private boolean inMemory = true;
  private long lastStamp;
  private long nowMillis = 1_000_000_000_000L;

  void setNowMillis(long millis) {
    nowMillis = millis;
  }

  private static long hash(Bytes key) {
    return Hash64.of(key.array()) >>> 33;
  }

  private Cell visible(Cell cell) {
    boolean expired =
        cell != null && cell.expireAtMillis != NEVER && cell.expireAtMillis <= nowMillis;
    return expired ? null : cell;
  }

  /** Makes the next look-up fail as one whose cell is only on disk. */
  void writeOut() {
    inMemory = false;
  }

  private Cell get(Bytes key) {
    if (!inMemory) {
      inMemory = true;
      throw new CellsNotInMemory(key.toArray());
    }
    Map<Bytes, Cell> bucket = byHash.get(hash(key));
    return bucket == null ? null : visible(bucket.get(key));
  }

  private void put(Bytes key, Cell cell) {
    found = null;
    byHash.computeIfAbsent(hash(key), h -> new TreeMap<>()).put(key, cell);
  }

  @Override
  public boolean find(byte[] key, int offset, int length) {
    found = get(Bytes.copyOf(key, offset, length));
    return found != null;
  }

  private Cell found() {
    if (found == null) {
      throw new IllegalStateException("no key was found, or something was changed since");
    }
    return found;
  }

  @Override
  public CellType type() {
    found();
    return CellType.STRING;
  }

  @Override
  public long expireAtMillis() {
    return found().expireAtMillis;
  }

  /** Counts writes from 1. */
  @Override
  public long stamp() {
    return found().stamp;
  }

  @Override
  public int valueLength() {
    return found().value.length();
  }

  @Override
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    System.arraycopy(found().value.array(), from, to, toOffset, length);
  }

  @Override
  public void putString(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    put(
        Bytes.copyOf(key, keyOffset, keyLength),
        new Cell(Bytes.copyOf(value, valueOffset, valueLength), expireAtMillis, ++lastStamp));
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    found = null;
    Bytes removed = Bytes.copyOf(key, offset, length);
    Map<Bytes, Cell> bucket = byHash.get(hash(removed));
    if (bucket != null) {
      bucket.remove(removed);
    }
  }

  @Override
  public void setExpiry(byte[] key, int offset, int length, long expireAtMillis) {
    Bytes changed = Bytes.copyOf(key, offset, length);
    Cell cell = get(changed);
    if (cell != null) {
      put(changed, new Cell(cell.value, expireAtMillis, ++lastStamp));
    }
  }

  @Override
  public void clear() {
    found = null;
    byHash.clear();
  }

  @Override
  public long keyCount() {
    return byHash.values().stream().mapToLong(Map::size).sum();
  }

  @Override
  public long scan(long cursor, int count, KeyVisitor visitor) {
    int visited = 0;
    for (Map.Entry<Long, Map<Bytes, Cell>> bucket : byHash.tailMap(cursor).entrySet()) {
      if (visited >= count) {
        return bucket.getKey();
      }
      for (Map.Entry<Bytes, Cell> cell : bucket.getValue().entrySet()) {
        if (visible(cell.getValue()) != null) {
          visitor.visit(cell.getKey().array(), 0, cell.getKey().length(), CellType.STRING);
          visited++;
        }
      }
    }
    return 0;
  }

  @Override
  public byte[] randomKey() {
    List<Bytes> keys = new ArrayList<>();
    scan(
        0,
        Integer.MAX_VALUE,
        (key, offset, length, type) -> keys.add(Bytes.copyOf(key, offset, length)));
    return keys.isEmpty() ? null : keys.get(random.nextInt(keys.size())).toArray();
  }

  @Override
  public long nowMillis() {
    return nowMillis;
  }
}
