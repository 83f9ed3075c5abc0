package io.trefoil.simulation.cluster;

import io.trefoil.cell.CellType;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.Opened;

/** Changes of entries of which only some are looked at. */
abstract class IgnoredChanges implements EntryReader.Changes {
  @Override
  public void put(
      CellType type,
      long expireAtMillis,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {}

  @Override
  public void remove(byte[] key, int offset, int length) {}

  @Override
  public void expire(long expireAtMillis, byte[] key, int offset, int length) {}

  @Override
  public void clear() {}

  @Override
  public void field(
      Opened of,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {}

  @Override
  public void drop(Opened of, byte[] field, int offset, int length) {}

  @Override
  public void head(Opened of, long expireAtMillis, long count) {}

  @Override
  public void mark(long id, long timeMillis) {}

  @Override
  public void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength) {}

  @Override
  public void part(
      CellType type,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] change,
      int at,
      int changeLength) {}

  @Override
  public void fill(long purged) {}

  @Override
  public void from(int origin, long originIndex, int count) {}

  @Override
  public void entry(long entryStamp) {}

  @Override
  public void told(int region, byte[] what, int offset, int length) {}

  @Override
  public void adopt(byte[] key, int offset, int length) {}

  @Override
  public void adopted() {}

  @Override
  public void reached(int region, long epoch, long upTo) {}
}
