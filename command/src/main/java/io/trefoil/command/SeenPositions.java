package io.trefoil.command;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What one session has written and read: of each partition the position that its later reads must
 * not lack. As a token it goes to another connection, or another device.
 *
 * @see "Terry et al.: Session Guarantees for Weakly Consistent Replicated Data, 1994"
 */
public final class SeenPositions {
  /** Longest token that is read. */
  public static final int MAX_TOKEN_BYTES = 1 << 20;

  private static final String PREFIX = "1;";
  private static final Pattern PART =
      Pattern.compile("(\\d{1,9})/(\\d{1,9})@(\\d{1,18}):(\\d{1,18})");

  private final Map<PartitionId, Seen> byPartition = new HashMap<>();

  /** Of one partition. */
  private static final class Seen {
    private long epoch;
    private long index;
    private int underWay;
  }

  private Seen seen(PartitionId partition) {
    return byPartition.computeIfAbsent(partition, id -> new Seen());
  }

  /**
   * Notes a position that was written or read. One that is behind what is known already changes
   * nothing.
   */
  public void saw(PartitionId partition, long epoch, long index) {
    Seen seen = seen(partition);
    if (epoch > seen.epoch || epoch == seen.epoch && index > seen.index) {
      seen.epoch = epoch;
      seen.index = index;
    }
  }

  /** What must not be lacking; {@link Position#ZERO} when nothing was seen. */
  public Position of(PartitionId partition) {
    Seen seen = byPartition.get(partition);
    return seen == null || seen.epoch == 0 ? Position.ZERO : new Position(seen.epoch, seen.index);
  }

  /** The epoch of {@link #of}, or 0. */
  public long epochOf(PartitionId partition) {
    Seen seen = byPartition.get(partition);
    return seen == null ? 0 : seen.epoch;
  }

  /** The index of {@link #of}, or 0. */
  public long indexOf(PartitionId partition) {
    Seen seen = byPartition.get(partition);
    return seen == null ? 0 : seen.index;
  }

  /** A command is on its way to the partition's leader: what it will have seen is not known yet. */
  public void begins(PartitionId partition) {
    seen(partition).underWay++;
  }

  /** That command is answered. */
  public void ends(PartitionId partition) {
    seen(partition).underWay--;
  }

  /** Whether a command is on its way to the partition's leader. */
  public boolean isUnderWay(PartitionId partition) {
    Seen seen = byPartition.get(partition);
    return seen != null && seen.underWay > 0;
  }

  /** Forgets what was seen of a partition: it is history no longer. */
  public void forget(PartitionId partition) {
    Seen seen = seen(partition);
    seen.epoch = 0;
    seen.index = 0;
  }

  /** Forgets everything; commands that are on their way still end. */
  void clear() {
    byPartition.keySet().forEach(this::forget);
  }

  /** Has this session see what another one saw. */
  public void merge(Map<PartitionId, Position> token) {
    token.forEach((partition, position) -> saw(partition, position.epoch(), position.index()));
  }

  /** As in {@code 1;4/0@9:1021,4/3@9:77}: the format, and a position of each partition. */
  public String token() {
    return token(PartitionId::toString);
  }

  /** The same with other names of partitions. */
  public String token(Function<PartitionId, String> name) {
    Map<PartitionId, Seen> sorted = new TreeMap<>(byPartition);
    return sorted.entrySet().stream()
        .filter(entry -> entry.getValue().epoch > 0)
        .map(
            entry ->
                name.apply(entry.getKey())
                    + "@"
                    + entry.getValue().epoch
                    + ":"
                    + entry.getValue().index)
        .collect(Collectors.joining(",", PREFIX, ""));
  }

  /**
   * Reads a token.
   *
   * @throws IllegalArgumentException when it is none; the message says what one looks like
   */
  public static Map<PartitionId, Position> parse(String token) {
    if (!token.startsWith(PREFIX)) {
      throw noToken();
    }
    Map<PartitionId, Position> positions = new TreeMap<>();
    String parts = token.substring(PREFIX.length());
    for (String part : parts.isEmpty() ? new String[0] : parts.split(",", -1)) {
      Matcher match = PART.matcher(part);
      if (!match.matches()) {
        throw noToken();
      }
      PartitionId partition =
          new PartitionId(Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2)));
      Position position =
          new Position(Long.parseLong(match.group(3)), Long.parseLong(match.group(4)));
      if (position.epoch() == 0 || positions.put(partition, position) != null) {
        throw noToken();
      }
    }
    return positions;
  }

  private static IllegalArgumentException noToken() {
    return new IllegalArgumentException(
        "a token is what SESSION TOKEN gave, such as 1;4/0@9:1021,4/3@9:77");
  }
}
