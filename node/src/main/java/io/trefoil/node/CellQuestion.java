package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.EntryWriter;
import io.trefoil.cell.merge.Versions;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedStore.Key;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a coordinator asks other replicas: whether they have the same of the cells that a command
 * looked at. It sends digests; who has something else answers with it, as changes of an entry.
 *
 * <pre>
 * for each cell, to the end: kind (1): 1 key, 2 field, 3 fields · key (block)
 * · of a field: type (1) · field (block) · digest (8)
 * </pre>
 */
final class CellQuestion implements MergedCells.Looks {
  private static final int KEY = 1;
  private static final int FIELD = 2;
  private static final int FIELDS = 3;

  /** A cell, or all fields of a key. */
  private record Cell(int kind, Bytes key, CellType type, Bytes field) {
    static Cell read(ByteSource source) {
      int kind = source.getByte();
      if (kind < KEY || kind > FIELDS) {
        throw new MalformedBytesException("a question about " + kind);
      }
      Bytes key = Bytes.wrap(source.getBlock());
      CellType type = kind == FIELD ? CellType.of(source.getByte()) : null;
      return new Cell(kind, key, type, kind == FIELD ? Bytes.wrap(source.getBlock()) : null);
    }

    void write(ByteSink sink) {
      sink.putByte(kind).putBlock(key.array(), 0, key.length());
      if (kind == FIELD) {
        sink.putByte(type.code()).putBlock(field.array(), 0, field.length());
      }
    }
  }

  /** With the digests of what was here then. */
  private final Map<Cell, Long> asked = new LinkedHashMap<>();

  private final Set<Cell> open = new LinkedHashSet<>();

  /** Begins to listen to a command anew; what was asked is asked no more. */
  void begin() {
    open.clear();
  }

  /** Nothing was told. */
  void forget() {
    open.clear();
    asked.clear();
  }

  @Override
  public void atKey(byte[] key, int offset, int length) {
    add(new Cell(KEY, Bytes.copyOf(key, offset, length), null, null));
  }

  @Override
  public void atField(byte[] key, CellType type, byte[] field, int offset, int length) {
    add(new Cell(FIELD, Bytes.wrap(key), type, Bytes.copyOf(field, offset, length)));
  }

  @Override
  public void atFields(byte[] key) {
    add(new Cell(FIELDS, Bytes.wrap(key), null, null));
  }

  private void add(Cell cell) {
    if (!asked.containsKey(cell)) {
      open.add(cell);
    }
  }

  /** Whether the command looked at something that nobody was asked about. */
  boolean isOpen() {
    return !open.isEmpty();
  }

  /** The question about what is open, which is asked then. */
  Bytes ask(MergedStore store) {
    ByteSink sink = new ByteSink();
    for (Cell cell : open) {
      long digest = digest(cell, store);
      cell.write(sink);
      sink.putLong(digest);
      asked.put(cell, digest);
    }
    return Bytes.wrap(sink.toArray());
  }

  /** Whether something that was asked about has changed here since. */
  boolean hasChanged(MergedStore store) {
    for (Map.Entry<Cell, Long> each : asked.entrySet()) {
      if (digest(each.getKey(), store) != each.getValue()) {
        return true;
      }
    }
    return false;
  }

  /** All that was asked is to be asked again. */
  void reopen() {
    open.addAll(asked.keySet());
    asked.clear();
  }

  /**
   * What a replica has of the cells of which it has something else, as changes of an entry.
   *
   * @return null when all is the same
   * @throws CellsNotInMemory when cells must be fetched first
   */
  static Bytes answer(Bytes question, MergedStore store) {
    ByteSource source = new ByteSource(question.array());
    ByteSink changes = new ByteSink();
    while (source.remaining() > 0) {
      Cell cell = Cell.read(source);
      if (source.getLong() != digest(cell, store)) {
        write(cell, store, changes);
      }
    }
    return changes.size() == 0 ? null : Bytes.wrap(changes.toArray());
  }

  /** What this replica has of all that the command looked at, as changes of an entry. */
  void writeAll(MergedStore store, ByteSink changes) {
    Set<Cell> all = new LinkedHashSet<>(asked.keySet());
    all.addAll(open);
    for (Cell cell : all) {
      if (digest(cell, store) != 0) {
        write(cell, store, changes);
      }
    }
  }

  /** Of stamps, which decide the values. */
  private static long digest(Cell cell, MergedStore store) {
    Key key = open(cell, store);
    return switch (cell.kind()) {
      case KEY -> key.state().digest();
      case FIELD -> {
        byte[] field = cell.field().array();
        yield key.field(cell.type(), field, 0, field.length).digest();
      }
      default -> key.digest();
    };
  }

  private static Key open(Cell cell, MergedStore store) {
    return store.open(cell.key().array(), 0, cell.key().length());
  }

  /** A field goes with its key, which says what of it is hidden. */
  private static void write(Cell cell, MergedStore store, ByteSink changes) {
    Key key = open(cell, store);
    ByteSink bytes = new ByteSink();
    key.state().write(bytes);
    EntryWriter.merge(changes, key.name(), 0, key.name().length, bytes.array(), bytes.size());
    if (cell.kind() == FIELD) {
      byte[] field = cell.field().array();
      write(
          cell.type(),
          field,
          0,
          field.length,
          key.field(cell.type(), field, 0, field.length),
          changes);
    } else if (cell.kind() == FIELDS) {
      key.forEachStored(
          (type, field, offset, length, versions) ->
              write(type, field, offset, length, versions, changes));
    }
  }

  private static void write(
      CellType type, byte[] field, int offset, int length, Versions versions, ByteSink changes) {
    ByteSink bytes = new ByteSink();
    versions.write(bytes);
    EntryWriter.part(changes, type, field, offset, length, bytes.array(), bytes.size());
  }
}
