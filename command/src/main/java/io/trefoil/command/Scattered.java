package io.trefoil.command;

import io.trefoil.base.Invariants;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A command that runs in several partitions: what runs in each, and how their replies become one.
 *
 * <p>The parts commit on their own: there is no moment at which all have run. When some of a
 * write's parts have been applied and others not, the answer is {@code -UNCERTAIN}, whatever the
 * failed parts said: the errors that clients retry by themselves would be a lie.
 */
public final class Scattered {
  /** Parts whose uncertainty one error tells of. */
  private static final int MAX_NAMED = 12;

  private final Command command;
  private final List<Part> parts;
  private final int keyCount;

  /** What runs in one partition. The args are a view of the whole command's array. */
  public static final class Part {
    private final int partition;
    private final Args args;
    private final List<Integer> keys = new ArrayList<>();

    private Part(int partition, Args args) {
      this.partition = partition;
      this.args = args;
    }

    public int partition() {
      return partition;
    }

    public Args args() {
      return args;
    }
  }

  private Scattered(Command command, List<Part> parts, int keyCount) {
    this.command = command;
    this.parts = parts;
    this.keyCount = keyCount;
  }

  /** Whether keys are all in one partition, so that the command runs there as it is. */
  public static boolean inOnePartition(int[] partitionOfKey) {
    for (int partition : partitionOfKey) {
      if (partition != partitionOfKey[0]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Splits a command by its keys.
   *
   * @param partitionOfKey the partition of each of {@link Command#keyCount} keys, in their order
   */
  public static Scattered byKey(Command command, Args args, int[] partitionOfKey) {
    int keyCount = command.keyCount(args);
    Invariants.check(command.scatter() != Scatter.NONE, command.name() + " can't be scattered");
    Invariants.check(keyCount == partitionOfKey.length, "keys", keyCount, partitionOfKey.length);
    int step = command.keyStep();
    if ((args.count() - command.firstKey()) % step != 0) {
      // A value is missing. Any partition gives the error.
      return everywhere(command, args, new int[] {partitionOfKey[0]});
    }
    Map<Integer, Part> parts = new TreeMap<>();
    for (int key = 0; key < keyCount; key++) {
      int partition = partitionOfKey[key];
      Part part = parts.computeIfAbsent(partition, p -> begin(p, command, args));
      for (int i = 0; i < step; i++) {
        part.args.addFrom(args, command.keyIndex(args, key) + i);
      }
      part.keys.add(key);
    }
    return new Scattered(command, List.copyOf(parts.values()), keyCount);
  }

  /** The same command in each of some partitions. */
  public static Scattered everywhere(Command command, Args args, int[] partitions) {
    List<Part> parts = new ArrayList<>();
    for (int partition : partitions) {
      parts.add(new Part(partition, args));
    }
    return new Scattered(command, List.copyOf(parts), 0);
  }

  private static Part begin(int partition, Command command, Args args) {
    Part part = new Part(partition, new Args());
    for (int i = 0; i < command.firstKey(); i++) {
      part.args.addFrom(args, i);
    }
    return part;
  }

  /** In the order of their partitions, for a command split by keys. */
  public List<Part> parts() {
    return parts;
  }

  /**
   * Writes the one reply.
   *
   * @param replies of the parts, in their order
   */
  public void gather(List<Reply> replies, ReplyWriter out) {
    Invariants.check(replies.size() == parts.size(), "replies", replies.size(), parts.size());
    for (Reply reply : replies) {
      if (reply instanceof Reply.Failure failure) {
        out.error(failureText(replies, failure));
        return;
      }
    }
    switch (command.scatter()) {
      case SUM -> out.integer(sum(replies));
      case ALL_OK -> out.ok();
      case CONCAT -> concat(replies, out);
      case BY_KEY -> byKey(replies, out);
      case FIRST_FOUND -> Reply.write(firstFound(replies), out);
      case NONE, BY_CURSOR ->
          Invariants.check(parts.size() == 1, command.name() + " can't be gathered");
    }
  }

  private String failureText(List<Reply> replies, Reply.Failure first) {
    if (!command.has(Flag.WRITE)) {
      return first.text();
    }
    List<String> uncertain =
        replies.stream()
            .filter(reply -> reply instanceof Reply.Failure failure && isUncertain(failure))
            .map(reply -> ((Reply.Failure) reply).text())
            .distinct()
            .toList();
    if (!uncertain.isEmpty()) {
      return joined(uncertain);
    }
    boolean all = replies.stream().allMatch(Reply.Failure.class::isInstance);
    return all
        ? first.text()
        : "UNCERTAIN " + command.upperName() + " was applied in part: " + first.text();
  }

  private static boolean isUncertain(Reply.Failure failure) {
    return failure.prefix().equals("UNCERTAIN");
  }

  /** One error that names every part's write: each can be asked about. */
  private static String joined(List<String> uncertain) {
    return uncertain.get(0)
        + uncertain.stream()
            .skip(1)
            .limit(MAX_NAMED - 1)
            .map(text -> "; " + text.substring(text.indexOf(' ') + 1))
            .collect(Collectors.joining());
  }

  private static long sum(List<Reply> replies) {
    return replies.stream().mapToLong(reply -> as(Reply.Whole.class, reply).value()).sum();
  }

  private static void concat(List<Reply> replies, ReplyWriter out) {
    out.array(replies.stream().mapToInt(reply -> items(reply).size()).sum());
    replies.forEach(reply -> items(reply).forEach(item -> Reply.write(item, out)));
  }

  private void byKey(List<Reply> replies, ReplyWriter out) {
    Reply[] byKey = new Reply[keyCount];
    for (int i = 0; i < replies.size(); i++) {
      List<Integer> keys = parts.get(i).keys;
      List<Reply> items = items(replies.get(i));
      Invariants.check(items.size() == keys.size(), "a reply of", items.size(), keys.size());
      for (int j = 0; j < keys.size(); j++) {
        byKey[keys.get(j)] = items.get(j);
      }
    }
    out.array(keyCount);
    for (Reply item : byKey) {
      Reply.write(item, out);
    }
  }

  private static Reply firstFound(List<Reply> replies) {
    return replies.stream()
        .filter(reply -> !(reply instanceof Reply.Nil))
        .findFirst()
        .orElse(Reply.NIL);
  }

  private static List<Reply> items(Reply reply) {
    return as(Reply.Several.class, reply).items();
  }

  private static <T extends Reply> T as(Class<T> type, Reply reply) {
    Invariants.check(type.isInstance(reply), "a partition replied unlike its command");
    return type.cast(reply);
  }
}
