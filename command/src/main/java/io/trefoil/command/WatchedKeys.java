package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The keys that a connection watches, and where their partitions' histories stood then. */
public final class WatchedKeys {
  /** More keys of one connection are refused. */
  public static final int MAX_KEYS = 100_000;

  /** What a watched key takes beside its bytes, about. */
  private static final int KEY_BYTES = 100;

  private final Map<Name, Watched> keys = new LinkedHashMap<>();
  private long bytes;

  private record Name(PartitionId partition, Bytes key) {}

  /**
   * A key.
   *
   * @param since where the history of its partition stood
   * @param existed whether the key was there
   */
  public record Watched(PartitionId partition, Bytes key, Position since, boolean existed) {}

  /** Watches a key, unless it is watched already. */
  public void add(PartitionId partition, Bytes key, Position since, boolean existed) {
    Watched watched = new Watched(partition, key, since, existed);
    if (keys.putIfAbsent(new Name(partition, key), watched) == null) {
      bytes += key.length() + KEY_BYTES;
    }
  }

  /** In the order in which they were watched. */
  public Collection<Watched> all() {
    return Collections.unmodifiableCollection(keys.values());
  }

  public boolean isEmpty() {
    return keys.isEmpty();
  }

  public int size() {
    return keys.size();
  }

  /** What they take, about. */
  long bytes() {
    return bytes;
  }

  public void clear() {
    if (!keys.isEmpty()) {
      keys.clear();
      bytes = 0;
    }
  }
}
