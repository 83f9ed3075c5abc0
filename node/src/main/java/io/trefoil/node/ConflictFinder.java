package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.Hiding;
import io.trefoil.cell.merge.Versions;
import io.trefoil.cell.merge.Write;
import io.trefoil.node.FoundConflict.Cause;
import io.trefoil.node.FoundConflict.Side;
import io.trefoil.node.FoundConflict.Text;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedStore.Key;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds the values that are hidden by merging what other regions wrote. Each copy merges the same
 * entries in the same order, so each finds the same.
 *
 * <p>What the region itself writes hides nothing: its leader has seen all that is here. What is no
 * conflict:
 *
 * <ul>
 *   <li>Counters add up. Members of a set have no value: whoever added one, it is there.
 *   <li>An equal value on both sides: nothing is lost, whichever of the writes counts.
 *   <li>A removal and a write at the same time: the write is seen.
 * </ul>
 *
 * <p>Finds are held until their entry is committed, or forgotten with it. Owner thread only.
 */
final class ConflictFinder {
  /** So many finds are held at most; more are only counted. */
  private static final int MAX_HELD = 10_000;

  private final ArrayDeque<FoundConflict> held = new ArrayDeque<>();
  private long leftOut;

  /** Whether the entry takes in what another region wrote. */
  private boolean active;

  private long index;
  private int number;

  // Of the key that is being merged.
  private CellType typeBefore;
  private boolean stringBefore;
  private Hiding ofString;
  private Write addedString;
  private final List<OfField> ofFields = new ArrayList<>();
  private CellType addedType;
  private final FieldLines addedFields = new FieldLines();

  /** A value that a field had or was given. */
  private record OfField(CellType type, Text field, Side winner, Side loser) {}

  /** An entry begins. */
  void begin(long entryIndex) {
    index = entryIndex;
    number = 0;
    active = false;
  }

  /** The entry takes in what another region wrote. */
  void ofAnotherRegion() {
    active = true;
  }

  // One key.

  /** A key is about to be merged. */
  void opened(Key key) {
    if (active) {
      typeBefore = key.type();
      stringBefore = key.state().string().isVisible();
      ofFields.clear();
      ofString = null;
      addedString = null;
      addedType = null;
      addedFields.clear();
    }
  }

  /**
   * The key was merged, but for its fields.
   *
   * @param written what the change wrote to its string, or null
   */
  void merged(MergedStore store, Write written) {
    if (active) {
      ofString = store.hiding();
      addedString = store.addedWrite() ? written : null;
    }
  }

  /**
   * One of the key's fields was merged.
   *
   * @param written what the change wrote to it, or null
   */
  void mergedField(
      MergedStore store, CellType type, byte[] field, int offset, int length, Write written) {
    if (!active) {
      return;
    }
    Hiding hiding = store.hiding();
    if (hiding != null) {
      Side winner = side(type, hiding.winner());
      Side loser = side(type, hiding.loser());
      ofFields.add(new OfField(type, Text.of(field, offset, length), winner, loser));
    }
    if (store.addedWrite()) {
      addedType = type;
      addedFields.add(type, field, offset, length, written);
    }
  }

  /** All of the key was merged that the other region's entry changes. */
  void closed(Key key) {
    CellType now = key.type();
    if (!active || now == null) {
      return;
    }
    if (ofString != null && now == CellType.STRING) {
      Versions string = key.state().string();
      Side winner = side(string, ofString.winner());
      find(Cause.STRING, key, null, winner, side(string, ofString.loser()));
    }
    for (OfField each : ofFields) {
      if (each.type() == now) {
        find(Cause.FIELD, key, each.field(), each.winner(), each.loser());
      }
    }
    Side hidden = typeBefore == null || typeBefore == now ? ofTypeAdded(key) : ofTypeBefore(key);
    if (hidden != null) {
      find(Cause.TYPE, key, null, ofType(key, now), hidden);
    }
  }

  /** What the key was and still would be, if it were not of another type now; or null. */
  private Side ofTypeBefore(Key key) {
    if (typeBefore == CellType.STRING) {
      Versions string = key.state().string();
      return string.isVisible() ? ofString(string) : null;
    }
    FieldLines before = new FieldLines();
    key.forEach(
        typeBefore,
        (field, offset, length, versions) ->
            before.add(typeBefore, field, offset, length, versions.written()));
    return before.side(typeBefore);
  }

  /** What the other region wrote and is not seen, as the key is of another type; or null. */
  private Side ofTypeAdded(Key key) {
    CellType now = key.type();
    Versions string = key.state().string();
    if (now != CellType.STRING && addedString != null) {
      return side(string, addedString);
    } else if (now != CellType.STRING && string.isVisible() && !stringBefore) {
      return ofString(string); // a counter, told once: what is added later adds up
    }
    return addedType != now ? addedFields.side(addedType) : null;
  }

  /** Of fields, the type is what won: all of them are there to be read. */
  private static Side ofType(Key key, CellType now) {
    return now == CellType.STRING
        ? ofString(key.state().string())
        : new Side(now, Text.EMPTY, key.state().fieldsOrigin(), key.state().fieldsStamp());
  }

  private static Side ofString(Versions string) {
    Text value = Text.of(MergedCells.valueOf(string, string.written()));
    return new Side(CellType.STRING, value, string.visibleOrigin(), string.visibleStamp());
  }

  /** As a reader sees a write: with what was added to it. */
  private static Side side(Versions string, Write write) {
    Text value = Text.of(MergedCells.valueOf(string, write));
    return new Side(CellType.STRING, value, write.origin(), write.stamp());
  }

  private static Side side(CellType type, Write write) {
    Text value = Text.of(write.array(), write.offset(), write.length());
    return new Side(type, value, write.origin(), write.stamp());
  }

  /**
   * Fields, each in a line: {@code field: value} of a hash, {@code member} of a set. The latest
   * write stands for all of them.
   */
  private static final class FieldLines {
    private static final byte[] SEPARATOR = {':', ' '};
    private static final byte[] END = {'\n'};

    private final ByteSink begin = new ByteSink();
    private int length;
    private Write latest;

    void clear() {
      begin.clear();
      length = 0;
      latest = null;
    }

    void add(CellType type, byte[] field, int offset, int fieldLength, Write written) {
      add(field, offset, fieldLength);
      if (type == CellType.HASH && written != null) {
        add(SEPARATOR, 0, SEPARATOR.length);
        add(written.array(), written.offset(), written.length());
      }
      add(END, 0, END.length);
      boolean later = written != null && (latest == null || written.isLaterThan(latest));
      latest = later ? written : latest;
    }

    private void add(byte[] array, int offset, int count) {
      int room = FoundConflict.MAX_BYTES - begin.size();
      begin.putBytes(array, offset, Math.min(count, room));
      length += count;
    }

    /** Null when there are none. */
    Side side(CellType type) {
      if (length == 0) {
        return null;
      }
      Text text = new Text(Bytes.wrap(begin.toArray()), length);
      return latest == null
          ? new Side(type, text, 0, 0)
          : new Side(type, text, latest.origin(), latest.stamp());
    }
  }

  private void find(Cause cause, Key key, Text field, Side winner, Side loser) {
    int found = number++;
    if (held.size() < MAX_HELD) {
      Text name = Text.of(key.name());
      held.add(new FoundConflict(index, found, cause, name, field, winner, loser));
    } else {
      leftOut++;
    }
  }

  // What becomes of the entries.

  /** Entries up to an index are committed: gives what was found in them, in its order. */
  void committed(long upToIndex, Consumer<FoundConflict> receiver) {
    while (!held.isEmpty() && held.peek().index() <= upToIndex) {
      receiver.accept(held.poll());
    }
  }

  /** Entries after an index are no more. */
  void undoAfter(long lastIndex) {
    while (!held.isEmpty() && held.peekLast().index() > lastIndex) {
      held.pollLast();
    }
  }

  /** How many were found while too many were held; forgets them. */
  long takeLeftOut() {
    long taken = leftOut;
    leftOut = 0;
    return taken;
  }
}
