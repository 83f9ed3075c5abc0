package io.trefoil.storage;

import io.trefoil.base.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Reads of a store that wait for the disk, on reader threads. Belongs to the store's owner. */
final class Fetches {
  private static final int READ_TOGETHER = 16;

  private final Storage storage;
  private final PartitionStore store;
  private final Map<Bytes, List<Runnable>> waiting = new HashMap<>();
  private final List<Fetch<?>> unread = new ArrayList<>();

  Fetches(Storage storage, PartitionStore store) {
    this.storage = storage;
    this.store = store;
  }

  /**
   * Reads something on a reader thread, puts it into the table, and runs the callback; both on the
   * owner's thread. Fetches of one name share one read. The callback is not run when the disk fails
   * or the store is closed first.
   *
   * @param name of what is read: its key on disk
   * @param hashes of all that is read: it is read again when one left the table meanwhile
   * @param insert not called when the table was cleared or filled meanwhile, and so knows better
   */
  <T> void add(byte[] name, int[] hashes, Supplier<T> read, Consumer<T> insert, Runnable callback) {
    add(name, hashes, read, insert, null, callback);
  }

  /**
   * As above, for what takes long to read: it is not read again.
   *
   * @param name what the keys on disk begin with
   * @param outdated called in the place of {@code insert} when anything newer was written meanwhile
   */
  <T> void addLong(
      byte[] name, Supplier<T> read, Consumer<T> insert, Runnable outdated, Runnable callback) {
    add(name, null, read, insert, outdated, callback);
  }

  private <T> void add(
      byte[] name,
      int[] hashes,
      Supplier<T> read,
      Consumer<T> insert,
      Runnable outdated,
      Runnable callback) {
    Bytes wanted = Bytes.wrap(name);
    List<Runnable> others = waiting.get(wanted);
    if (others != null) {
      others.add(callback);
      return;
    }
    waiting.put(wanted, new ArrayList<>(List.of(callback)));
    start(new Fetch<>(wanted, hashes, read, insert, outdated));
  }

  /** What a store was like when a read began. */
  private record Begin(Layer layer, long departures, long generations) {}

  private record Fetch<T>(
      Bytes wanted, int[] hashes, Supplier<T> read, Consumer<T> insert, Runnable outdated) {
    /** Reads it, and returns what is to be done with what was read. */
    Consumer<Fetches> read(Begin begin) {
      T stored = read.get();
      return fetches -> fetches.onRead(this, stored, begin);
    }
  }

  /** Whether reads wait to be handed over to the readers. */
  boolean hasUnread() {
    return !unread.isEmpty();
  }

  private void start(Fetch<?> fetch) {
    unread.add(fetch);
    if (unread.size() == 1) {
      store.owner().execute(this::handOver);
    }
  }

  /**
   * Threads are woken for many reads at once: that takes as long as a read. What takes long is read
   * by itself.
   */
  private void handOver() {
    List<Fetch<?>> together = new ArrayList<>();
    for (Fetch<?> fetch : unread) {
      if (fetch.outdated() != null) {
        handOver(List.of(fetch));
      } else {
        together.add(fetch);
      }
    }
    unread.clear();
    for (int from = 0; from < together.size(); from += READ_TOGETHER) {
      int to = Math.min(from + READ_TOGETHER, together.size());
      handOver(together.subList(from, to));
    }
  }

  private void handOver(List<Fetch<?>> together) {
    long departures = store.departures().count();
    Begin begin = new Begin(store.bottom(), departures, store.generationsWritten());
    storage.onReader(
        () -> {
          List<Consumer<Fetches>> read = new ArrayList<>(together.size());
          together.forEach(fetch -> read.add(fetch.read(begin)));
          store.owner().execute(() -> read.forEach(each -> each.accept(this)));
        });
  }

  private <T> void onRead(Fetch<T> fetch, T stored, Begin begin) {
    if (store.isClosed()) {
      return;
    }
    // A table that has all by now knows better, also of what was removed since and is still on
    // disk.
    if (begin.layer() == store.bottom() && begin.layer().incomplete) {
      boolean current = isCurrent(fetch, begin);
      if (!current && fetch.outdated() == null) {
        start(fetch);
        return;
      }
      if (current) {
        fetch.insert().accept(stored);
      } else {
        fetch.outdated().run();
      }
    }
    waiting.remove(fetch.wanted()).forEach(Runnable::run);
  }

  /**
   * A newer version may have been written, flushed and evicted since the disk was read. That
   * anything was written does not say so: a busy store writes while each read waits for its turn.
   */
  private boolean isCurrent(Fetch<?> fetch, Begin begin) {
    if (fetch.hashes() == null) {
      return store.generationsWritten() == begin.generations();
    }
    for (int hash : fetch.hashes()) {
      if (store.departures().hasLeft(hash, begin.departures())) {
        return false;
      }
    }
    return true;
  }

  void clear() {
    waiting.clear();
    unread.clear();
  }
}
