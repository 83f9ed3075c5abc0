package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.cell.ListPlaces;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/** The cells of one partition in a map, in the order of their keys' hashes. */
final class MapCells implements Cells {
  /**
   * @param fields null for a string
   */
  private record Cell(
      Bytes value,
      long expireAtMillis,
      CellType type,
      NavigableMap<Bytes, Field> fields,
      long stamp) {
    Cell(Bytes value, long expireAtMillis, long stamp) {
      this(value, expireAtMillis, CellType.STRING, null, stamp);
    }

    Cell expiringAt(long millis, long newStamp) {
      return new Cell(value, millis, type, fields, newStamp);
    }
  }

  private record Field(Bytes value, long stamp) {}

  private final NavigableMap<Long, Map<Bytes, Cell>> byHash = new TreeMap<>();
  private final Random random = new Random(1);
  private Cell found;
  private boolean inMemory = true;
  private int visits;
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

  /** How often all fields of a key were looked at for their stamps. */
  int visits() {
    return visits;
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
    return found().type;
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
  public Fields fields(CellType type, byte[] key, int offset, int length) {
    Bytes name = Bytes.copyOf(key, offset, length);
    Cell cell = get(name);
    if (cell != null && cell.type != type) {
      return null;
    }
    return new MapFields(
        name, cell == null ? new Cell(Bytes.EMPTY, NEVER, type, new TreeMap<>(), 0) : cell);
  }

  private final class MapFields implements Fields {
    private final Bytes key;
    private final Cell cell;
    private final NavigableMap<Bytes, Field> fields;
    private Field foundField;
    private boolean changed;

    MapFields(Bytes key, Cell cell) {
      this.key = key;
      this.cell = cell;
      fields = new TreeMap<>(cell.fields);
    }

    @Override
    public long count() {
      return fields.size();
    }

    @Override
    public boolean find(byte[] field, int offset, int length) {
      foundField = fields.get(Bytes.copyOf(field, offset, length));
      return foundField != null;
    }

    @Override
    public long stamp() {
      return foundField.stamp;
    }

    @Override
    public long newestStamp() {
      visits++;
      long ofFields = fields.values().stream().mapToLong(Field::stamp).max().orElse(0);
      return Math.max(cell.stamp, ofFields);
    }

    /** One stamp for all that a command changes. */
    private long newStamp() {
      lastStamp += changed ? 0 : 1;
      changed = true;
      return lastStamp;
    }

    @Override
    public int valueLength() {
      return foundField.value.length();
    }

    @Override
    public void copyValue(int from, byte[] to, int toOffset, int length) {
      System.arraycopy(foundField.value.array(), from, to, toOffset, length);
    }

    @Override
    public boolean put(byte[] field, int fo, int fl, byte[] value, int vo, int vl) {
      Field set = new Field(Bytes.copyOf(value, vo, vl), newStamp());
      return fields.put(Bytes.copyOf(field, fo, fl), set) == null;
    }

    @Override
    public boolean remove(byte[] field, int offset, int length) {
      newStamp();
      return fields.remove(Bytes.copyOf(field, offset, length)) != null;
    }

    @Override
    public void save() {
      if (fields.isEmpty()) {
        MapCells.this.remove(key.array(), 0, key.length());
      } else if (changed) {
        long stamp = fields.size() == cell.fields.size() ? cell.stamp : lastStamp;
        MapCells.this.put(key, new Cell(cell.value, cell.expireAtMillis, cell.type, fields, stamp));
      }
    }

    @Override
    public long scan(long cursor, int count, Visitor visitor) {
      NavigableMap<Long, List<Bytes>> names = new TreeMap<>();
      for (Bytes name : fields.keySet()) {
        names.computeIfAbsent(hash(name), h -> new ArrayList<>()).add(name);
      }
      int visited = 0;
      for (Map.Entry<Long, List<Bytes>> bucket : names.tailMap(cursor).entrySet()) {
        if (visited >= count) {
          return bucket.getKey();
        }
        for (Bytes name : bucket.getValue()) {
          visit(name, visitor);
          visited++;
        }
      }
      return 0;
    }

    @Override
    public void pick(Visitor visitor) {
      List<Bytes> names = List.copyOf(fields.keySet());
      if (!names.isEmpty()) {
        visit(names.get(random.nextInt(names.size())), visitor);
      }
    }

    private void visit(Bytes name, Visitor visitor) {
      Bytes value = fields.get(name).value;
      visitor.visit(name.array(), 0, name.length(), value.array(), 0, value.length());
    }

    private Bytes place(Bytes name) {
      if (cell.type == CellType.LIST) {
        return name;
      }
      byte[] value = fields.get(name).value.array();
      byte[] place = Arrays.copyOf(value, value.length + name.length());
      System.arraycopy(name.array(), 0, place, value.length, name.length());
      return Bytes.wrap(place);
    }

    /** Names by their places. */
    private NavigableMap<Bytes, Bytes> ordered() {
      NavigableMap<Bytes, Bytes> names = new TreeMap<>();
      fields.keySet().forEach(name -> names.put(place(name), name));
      return names;
    }

    @Override
    public long rank(byte[] place, int offset, int length) {
      return ordered().headMap(Bytes.copyOf(place, offset, length)).size();
    }

    @Override
    public void visit(long rank, long count, boolean backwards, Visitor visitor) {
      List<Bytes> names = new ArrayList<>(ordered().values());
      for (long i = 0; i < count; i++) {
        long at = backwards ? rank - i : rank + i;
        if (at < 0 || at >= names.size()) {
          return;
        }
        visit(names.get((int) at), visitor);
      }
    }

    @Override
    public byte[] placeBetween(byte[] lower, byte[] upper) {
      return ListPlaces.between(lower, upper);
    }

    @Override
    public void forEach(Visitor visitor) {
      fields.forEach(
          (name, field) ->
              visitor.visit(
                  name.array(), 0, name.length(), field.value.array(), 0, field.value.length()));
    }
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
      put(changed, cell.expiringAt(expireAtMillis, ++lastStamp));
    }
  }

  @Override
  public void clear() {
    found = null;
    byHash.clear();
  }

  @Override
  public long keyCount() {
    return byHash.values().stream()
        .flatMap(bucket -> bucket.values().stream())
        .filter(cell -> visible(cell) != null)
        .count();
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
          visitor.visit(cell.getKey().array(), 0, cell.getKey().length(), cell.getValue().type);
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
  public long random() {
    return random.nextLong();
  }

  @Override
  public long nowMillis() {
    return nowMillis;
  }
}
