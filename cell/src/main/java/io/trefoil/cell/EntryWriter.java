package io.trefoil.cell;

import io.trefoil.base.ByteSink;

/**
 * Writes one entry: a stamp and the cells that one command changed. An entry takes effect whole or
 * not at all.
 *
 * <p>Format: stamp (8 bytes), then changes, each a tag and its fields, to the end of the entry. An
 * entry without changes is valid: it carries time, or opens an epoch. Numbers as in {@link
 * ByteSink}.
 *
 * <pre>
 * 1 put     type (1) · expireAt (varint, 0 = never) · key (block) · value (block)
 * 2 remove  key (block)
 * 3 expire  expireAt (varint) · key (block)
 * 4 clear
 * 5 mark    id (varint) · time in ms (varint)
 * 6 open    type (1) · collection (8) · key (block)
 * 7 field   field (block) · value (block)
 * 8 drop    field (block)
 * 9 head    expireAt (varint) · count (varint)
 * 10 merge  key (block) · change of the key (block)
 * 11 part   type (1) · field (block) · change of the field (block)
 * 12 from   origin (varint) · its index (varint) · entries (varint) · each a block
 * 13 fill   purged (8)
 * 14 reached region (varint) · epoch (varint) · index (varint)
 * 16 told    region (varint) · what (block)
 * 17 adopt   key (block)
 * 18 adopted
 * </pre>
 *
 * <p>7, 8 and 9 are about the collection that 6 opened last: its fields, and its key, which holds
 * it and so many fields from then on. The collection's number is of the fields' lifetime: a key
 * that is removed and made anew has another, and so none of the fields of before. An overwritten
 * field alone leaves the head as it is.
 *
 * <p>Where several nodes write, 10 and 11 merge changes, as {@link io.trefoil.cell.merge.MergedKey}
 * and {@link io.trefoil.cell.merge.Versions} write them, instead of setting anything; 11 is about a
 * field of the key that 10 named last. 12 wraps entries that another origin wrote, up to an index
 * of its log; or that nobody is to be sent, with origin 0. After 13, keys are told whole to a copy
 * that forgot: they are taken however old they are, and what is here of them up to a stamp and is
 * not told is dropped, as it was purged where they come from.
 *
 * <p>An entry that takes in what came from another region begins with 14: everything that is in
 * that region's log up to a position is here when the entry is. As many 12 follow as origins took
 * turns in it. With 16 a region says what it has, for all to know what all have.
 *
 * <p>Keys that one leader wrote, before several origins did, become such as those write: with the
 * first 10 about them, or with 17 alone. 18 says that there are no others left.
 *
 * <p>A mark changes no cell: it is a point of the log at which replicas are compared, by what is
 * visible at its time.
 */
public final class EntryWriter {
  static final int PUT = 1;
  static final int REMOVE = 2;
  static final int EXPIRE = 3;
  static final int CLEAR = 4;
  static final int MARK = 5;
  static final int OPEN = 6;
  static final int FIELD = 7;
  static final int DROP = 8;
  static final int HEAD = 9;
  static final int MERGE = 10;
  static final int PART = 11;
  static final int FROM = 12;
  static final int FILL = 13;
  static final int REACHED = 14;
  static final int TOLD = 16;
  static final int ADOPT = 17;
  static final int ADOPTED = 18;

  private EntryWriter() {}

  /** Begins an entry; the changes follow in the same sink. */
  public static void begin(ByteSink sink, long stamp) {
    sink.putLong(stamp);
  }

  public static void put(
      ByteSink sink,
      CellType type,
      long expireAtMillis,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    sink.putByte(PUT).putByte(type.code()).putVarint(expireAtMillis);
    sink.putBlock(key, keyOffset, keyLength).putBlock(value, valueOffset, valueLength);
  }

  public static void remove(ByteSink sink, byte[] key, int offset, int length) {
    sink.putByte(REMOVE).putBlock(key, offset, length);
  }

  public static void expire(
      ByteSink sink, long expireAtMillis, byte[] key, int offset, int length) {
    sink.putByte(EXPIRE).putVarint(expireAtMillis).putBlock(key, offset, length);
  }

  public static void clear(ByteSink sink) {
    sink.putByte(CLEAR);
  }

  public static void mark(ByteSink sink, long id, long timeMillis) {
    sink.putByte(MARK).putVarint(id).putVarint(timeMillis);
  }

  /** Names the collection, and its key, that the changes of fields and head after it are about. */
  public static void open(
      ByteSink sink, CellType type, long collection, byte[] key, int offset, int length) {
    sink.putByte(OPEN).putByte(type.code()).putLong(collection).putBlock(key, offset, length);
  }

  public static void field(
      ByteSink sink,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    sink.putByte(FIELD).putBlock(field, fieldOffset, fieldLength);
    sink.putBlock(value, valueOffset, valueLength);
  }

  public static void drop(ByteSink sink, byte[] field, int offset, int length) {
    sink.putByte(DROP).putBlock(field, offset, length);
  }

  public static void head(ByteSink sink, long expireAtMillis, long count) {
    sink.putByte(HEAD).putVarint(expireAtMillis).putVarint(count);
  }

  /** Merges a change into a key, and names the key for the parts that follow. */
  public static void merge(
      ByteSink sink, byte[] key, int offset, int length, byte[] change, int changeLength) {
    sink.putByte(MERGE).putBlock(key, offset, length).putBlock(change, 0, changeLength);
  }

  /** Merges a change into a field of the key that {@link #merge} named. */
  public static void part(
      ByteSink sink,
      CellType type,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] change,
      int changeLength) {
    sink.putByte(PART).putByte(type.code()).putBlock(field, fieldOffset, fieldLength);
    sink.putBlock(change, 0, changeLength);
  }

  /**
   * Wraps a batch body of another origin.
   *
   * @param origin 0 for entries that came otherwise and are not to be sent on
   * @param index of the last of them in that origin's log
   */
  public static void from(ByteSink sink, int origin, long index, int count, byte[] body) {
    sink.putByte(FROM).putVarint(origin).putVarint(index).putVarint(count);
    sink.putBytes(body, 0, body.length);
  }

  /** Says what a region has. */
  public static void told(ByteSink sink, int region, byte[] what, int length) {
    sink.putByte(TOLD).putVarint(region).putBlock(what, 0, length);
  }

  /** Makes a key one that several origins write. */
  public static void adopt(ByteSink sink, byte[] key, int offset, int length) {
    sink.putByte(ADOPT).putBlock(key, offset, length);
  }

  /** Says that all keys are such. */
  public static void adopted(ByteSink sink) {
    sink.putByte(ADOPTED);
  }

  /** Says that with this entry everything is here that a region's log has up to a position. */
  public static void reached(ByteSink sink, int region, long epoch, long index) {
    sink.putByte(REACHED).putVarint(region).putVarint(epoch).putVarint(index);
  }

  /**
   * Says that what is merged after it fills a copy that forgot; see {@link EntryReader.Changes}.
   */
  public static void fill(ByteSink sink, long purged) {
    sink.putByte(FILL).putLong(purged);
  }
}
