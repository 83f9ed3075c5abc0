package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.cell.CellType;
import io.trefoil.command.Command;
import io.trefoil.resp.Args;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Commands that wait at a partition's leader for something in a key, in the order in which they
 * came. Bounded: in number, and in what they take. Owner thread only.
 */
final class Waiters {
  static final int MAX_WAITERS = 10_000;

  private static final long MAX_BYTES = 64L << 20;

  /** What a waiter, and each of its keys, takes beside the command's bytes, about. */
  private static final int WAITER_BYTES = 400;

  private static final int KEY_BYTES = 150;

  /** What is waited for. */
  record Wanted(CellType type, Bytes key) {}

  /** One that waits. */
  static final class Waiter {
    final Command command;
    final Args args;
    final int protocol;
    final Delivery delivery;
    private final long deadlineMillis;
    private final List<Wanted> wanted = new ArrayList<>();
    private final long bytes;
    private long number;

    /**
     * @param deadlineMillis on the loop's clock; {@link Long#MAX_VALUE} for never
     */
    Waiter(Command command, Args args, int protocol, long deadlineMillis, Delivery delivery) {
      this.command = command;
      this.args = args;
      this.protocol = protocol;
      this.deadlineMillis = deadlineMillis;
      this.delivery = delivery;
      this.bytes = bytesOf(command, args);
    }

    private static long bytesOf(Command command, Args args) {
      long bytes = WAITER_BYTES;
      for (int word = 0; word < args.count(); word++) {
        bytes += args.length(word);
      }
      int keys = command.blocking().keyCount(command, args);
      for (int key = 0; key < keys; key++) {
        bytes += KEY_BYTES + args.length(command.keyIndex(args, key));
      }
      return bytes;
    }
  }

  private final PartitionReplica replica;
  private final PartitionId partition;
  private final Map<Wanted, LinkedHashSet<Waiter>> queues = new HashMap<>();
  private final LinkedHashSet<Waiter> all = new LinkedHashSet<>();
  private final TreeSet<Waiter> byDeadline =
      new TreeSet<>(
          Comparator.<Waiter>comparingLong(each -> each.deadlineMillis)
              .thenComparingLong(each -> each.number));

  /** In which something was put, in that order; who waits for it has yet to be tried. */
  private final LinkedHashSet<Wanted> ready = new LinkedHashSet<>();

  /** Those whose first waiter needs something from the disk. */
  private final LinkedHashSet<Wanted> fetching = new LinkedHashSet<>();

  private long bytes;
  private long lastNumber;

  Waiters(PartitionReplica replica) {
    this(replica, replica.id());
  }

  Waiters(PartitionReplica replica, PartitionId partition) {
    this.replica = replica;
    this.partition = partition;
  }

  PartitionReplica replica() {
    return replica;
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** In the order in which they came; a copy. */
  List<Waiter> all() {
    return List.copyOf(all);
  }

  /** Why one more is too much, as an error for its client; null when it is not. */
  String tooMuch(Waiter waiter) {
    if (all.size() < MAX_WAITERS && bytes + waiter.bytes <= MAX_BYTES) {
      return null;
    }
    return String.format(
        "ERR too much waits for keys of partition %d: at most %d commands wait, which take at most"
            + " %d MB",
        partition.number(), MAX_WAITERS, MAX_BYTES >> 20);
  }

  void add(Waiter waiter) {
    waiter.number = ++lastNumber;
    bytes += waiter.bytes;
    all.add(waiter);
    if (waiter.deadlineMillis != Long.MAX_VALUE) {
      byDeadline.add(waiter);
    }
    for (Wanted wanted : wantedBy(waiter.command, waiter.args)) {
      if (queues.computeIfAbsent(wanted, none -> new LinkedHashSet<>()).add(waiter)) {
        waiter.wanted.add(wanted);
      }
    }
  }

  private static List<Wanted> wantedBy(Command command, Args args) {
    List<Wanted> all = new ArrayList<>();
    int keys = command.blocking().keyCount(command, args);
    for (int key = 0; key < keys; key++) {
      Bytes name = Bytes.wrap(args.copy(command.keyIndex(args, key)));
      all.add(new Wanted(command.blocking().type(), name));
    }
    return all;
  }

  /** Takes one out; false when it waits no more. */
  boolean remove(Waiter waiter) {
    if (!all.remove(waiter)) {
      return false;
    }
    bytes -= waiter.bytes;
    byDeadline.remove(waiter);
    for (Wanted wanted : waiter.wanted) {
      LinkedHashSet<Waiter> queue = queues.get(wanted);
      queue.remove(waiter);
      if (queue.isEmpty()) {
        queues.remove(wanted);
        ready.remove(wanted);
        fetching.remove(wanted);
      }
    }
    return true;
  }

  /** Who waits longest for something; null when nobody does. */
  Waiter first(Wanted wanted) {
    LinkedHashSet<Waiter> queue = queues.get(wanted);
    return queue == null ? null : queue.iterator().next();
  }

  /** One whose time is over; null when there is none. */
  Waiter firstLate(long nowMillis) {
    boolean late = !byDeadline.isEmpty() && byDeadline.first().deadlineMillis < nowMillis;
    return late ? byDeadline.first() : null;
  }

  /** Something was put there, or may be taken by now. */
  void ready(Wanted wanted) {
    fetching.remove(wanted);
    if (queues.containsKey(wanted)) {
      ready.add(wanted);
    }
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  /** What was ready first, which it is no more; null when nothing is. */
  Wanted takeReady() {
    if (ready.isEmpty()) {
      return null;
    }
    Wanted first = ready.iterator().next();
    ready.remove(first);
    return first;
  }

  /** Its first waiter is tried again when {@link #ready} is called. */
  void fetching(Wanted wanted) {
    if (queues.containsKey(wanted)) {
      fetching.add(wanted);
    }
  }

  /** Whether others are to be tried before a command, for one of its keys. */
  boolean precede(Command command, Args args) {
    if (ready.isEmpty() && fetching.isEmpty()) {
      return false;
    }
    return wantedBy(command, args).stream()
        .anyMatch(each -> ready.contains(each) || fetching.contains(each));
  }
}
