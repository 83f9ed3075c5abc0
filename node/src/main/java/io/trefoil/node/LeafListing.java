package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.cell.EntryWriter;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedStore.Key;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The keys of a leaf of the tree by which replicas are compared, in the order of their names, with
 * digests of what is held of them.
 *
 * <pre>for each key, to the end: key (block) · digest (8)</pre>
 */
final class LeafListing {
  /** Answers to a listing end soon after so many bytes, and are gone on with. */
  private static final int ANSWER_BYTES = 256 << 10;

  private LeafListing() {}

  /** What this copy holds of a leaf, of keys after {@code from}. */
  static Bytes of(MergedStore store, int leaf, Bytes from) {
    ByteSink sink = new ByteSink();
    held(store, leaf, from)
        .forEach((key, digest) -> sink.putBlock(key.array(), 0, key.length()).putLong(digest));
    return Bytes.wrap(sink.toArray());
  }

  private static SortedMap<Bytes, Long> held(MergedStore store, int leaf, Bytes from) {
    SortedMap<Bytes, Long> held = new TreeMap<>(LeafListing::compare);
    store.listLeaf(
        leaf,
        (key, digest) -> {
          Bytes name = Bytes.wrap(key);
          if (digest != 0 && (from.length() == 0 || compare(name, from) > 0)) {
            held.put(name, digest);
          }
        });
    return held;
  }

  /** The order of keys. */
  static int compare(Bytes a, Bytes b) {
    return Arrays.compareUnsigned(a.array(), 0, a.length(), b.array(), 0, b.length());
  }

  /**
   * What an asker lacks.
   *
   * @param changes of an entry; null when it lacks nothing
   * @param next the key after which to go on; null at the end
   */
  record Answer(Bytes changes, Bytes next) {}

  /**
   * All of each key of which this copy holds something else than is listed.
   *
   * @param forgot whether also keys are told of which it holds nothing
   */
  static Answer answer(MergedStore store, int leaf, Bytes from, Bytes listing, boolean forgot) {
    SortedMap<Bytes, Long> held = held(store, leaf, from);
    SortedMap<Bytes, Long> listed = new TreeMap<>(LeafListing::compare);
    ByteSource source = new ByteSource(listing.array());
    while (source.remaining() > 0) {
      listed.put(Bytes.wrap(source.getBlock()), source.getLong());
    }
    if (forgot) {
      listed.keySet().forEach(key -> held.putIfAbsent(key, 0L));
    }
    ByteSink changes = new ByteSink();
    for (var each : held.entrySet()) {
      if (!each.getValue().equals(listed.getOrDefault(each.getKey(), 0L))) {
        write(store.open(each.getKey().array(), 0, each.getKey().length()), changes);
      }
      if (changes.size() > ANSWER_BYTES) {
        return new Answer(Bytes.wrap(changes.toArray()), each.getKey());
      }
    }
    return new Answer(changes.size() == 0 ? null : Bytes.wrap(changes.toArray()), null);
  }

  private static void write(Key key, ByteSink changes) {
    ByteSink bytes = new ByteSink();
    MergedKey state = key.state();
    state.write(bytes);
    EntryWriter.merge(changes, key.name(), 0, key.name().length, bytes.array(), bytes.size());
    key.forEachStored(
        (type, field, offset, length, versions) -> {
          bytes.clear();
          versions.write(bytes);
          EntryWriter.part(changes, type, field, offset, length, bytes.array(), bytes.size());
        });
  }
}
