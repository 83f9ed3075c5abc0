package io.trefoil.simulation;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import io.trefoil.replication.leaderless.SumTree;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A key with what was last written to it, as traces show it: {@code k1=a@120}, or {@code k1
 * removed@120}. Entries, answers and changes are such texts.
 *
 * @param value null when it was removed
 * @param stamp the larger one wins; 0 says that nothing is held
 */
record KeyCell(String key, String value, long stamp) {
  private static final String REMOVED = " removed";
  private static final String NOTHING = " nothing";

  static KeyCell nothing(String key) {
    return new KeyCell(key, null, 0);
  }

  boolean isRemoval() {
    return value == null;
  }

  boolean isNewerThan(KeyCell other) {
    return other == null || stamp > other.stamp;
  }

  /** What tells it from other cells of its key. */
  String digest() {
    return key + "@" + stamp;
  }

  long sum() {
    return Hash64.of(toString().getBytes(StandardCharsets.UTF_8));
  }

  int leaf() {
    return Math.floorMod(Hash64.of(key.getBytes(StandardCharsets.UTF_8)), SumTree.LEAVES);
  }

  /** Reads what {@link #toString} wrote. */
  static KeyCell parse(String text) {
    int at = text.lastIndexOf('@');
    long stamp = Long.parseLong(text.substring(at + 1));
    String cell = text.substring(0, at);
    int equals = cell.indexOf('=');
    return equals < 0
        ? new KeyCell(cell.substring(0, cell.indexOf(' ')), null, stamp)
        : new KeyCell(cell.substring(0, equals), cell.substring(equals + 1), stamp);
  }

  /** As an answer or a change that one message carries. */
  static Bytes join(Collection<KeyCell> cells) {
    return Bytes.utf8(cells.stream().map(KeyCell::toString).collect(Collectors.joining(", ")));
  }

  /** Reads what {@link #join} wrote. */
  static List<KeyCell> split(Bytes joined) {
    return Arrays.stream(joined.toString().split(", ")).map(KeyCell::parse).toList();
  }

  /** As entries of a log. */
  static Bytes body(Collection<KeyCell> cells) {
    ByteSink sink = new ByteSink();
    cells.forEach(cell -> sink.putText(cell.toString()));
    return Bytes.wrap(sink.toArray());
  }

  /** Reads what {@link #body} wrote. */
  static List<KeyCell> entries(Bytes body) {
    ByteSource source = new ByteSource(body.array());
    List<KeyCell> cells = new ArrayList<>();
    while (source.remaining() > 0) {
      cells.add(parse(source.getText()));
    }
    return cells;
  }

  @Override
  public String toString() {
    String what = isRemoval() ? stamp == 0 ? NOTHING : REMOVED : "=" + value;
    return key + what + "@" + stamp;
  }
}
