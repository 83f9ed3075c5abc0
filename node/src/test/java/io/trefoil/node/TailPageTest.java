package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.EntryWriter;
import io.trefoil.control.Conflict;
import io.trefoil.control.Database;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Regions;
import io.trefoil.control.Replication;
import io.trefoil.control.Topology;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.RegionOrigin;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Entries as the lines that those who tail get. */
class TailPageTest {
  private final EntryBuilder builder = new EntryBuilder();
  private TailPage page = page(null);

  private static TailPage page(Regions regions) {
    DatabaseSettings one = DatabaseSettings.defaults(1);
    DatabaseSettings settings =
        new DatabaseSettings(
            regions == null ? one.replication() : Replication.MULTI_LEADER,
            one.replicas(),
            one.partitions(),
            one.commit(),
            one.durability(),
            one.writeTimeoutMillis(),
            one.reads(),
            one.failover(),
            null,
            regions);
    Database database = new Database(4, 4, "orders", settings, regions == null ? 0 : 77);
    return new TailPage(database, 3, new Position(9, 990));
  }

  private void put(String key, String value) {
    byte[] name = key.getBytes(UTF_8);
    byte[] bytes = value.getBytes(UTF_8);
    builder.put(CellType.STRING, Cells.NEVER, name, 0, name.length, bytes, 0, bytes.length);
  }

  private void entry(Runnable changes) {
    builder.beginCommand(991 + builder.count());
    builder.open(10);
    changes.run();
    builder.endCommand();
  }

  private boolean add(int most) {
    int count = builder.count();
    return page.add(new EntryBatch(9, 991, count, 1_000, 1, builder.take()), most);
  }

  private List<String> lines() {
    return page.lines().stream().map(line -> new String(line, UTF_8)).toList();
  }

  @Test
  void theChangesOfOneEntryHaveOnePosition() {
    entry(
        () -> {
          put("a", "1");
          builder.remove("b".getBytes(UTF_8), 0, 1);
        });
    assertThat(add(10)).isTrue();
    assertThat(lines())
        .containsExactly(
            "{\"database\":\"orders\",\"partition\":3,\"position\":\"9:991\",\"stamp\":10,\"change\":\"put\",\"type\":\"string\",\"key\":\"a\",\"value\":\"1\"}",
            "{\"database\":\"orders\",\"partition\":3,\"position\":\"9:991\",\"stamp\":10,\"change\":\"remove\",\"key\":\"b\"}");
    assertThat(page.next()).isEqualTo(new Position(9, 991));
  }

  @Test
  void entriesThatChangeNoCellHaveNoLinesAndAreGoneOnFrom() {
    entry(() -> builder.mark(1, 2));
    entry(() -> {});
    assertThat(add(10)).isTrue();
    assertThat(lines()).isEmpty();
    assertThat(page.next()).isEqualTo(new Position(9, 992));
  }

  @Test
  void noMoreEntriesAreTakenThanAreWanted() {
    for (int i = 0; i < 5; i++) {
      entry(() -> put("a", "1"));
    }
    assertThat(add(3)).isFalse();
    assertThat(lines()).hasSize(3);
    assertThat(page.next()).isEqualTo(new Position(9, 993));
  }

  @Test
  void noEntryIsAddedToAFullPage() {
    String large = "x".repeat(TailPage.FULL_BYTES / 2);
    for (int i = 0; i < 5; i++) {
      entry(() -> put("a", large));
    }
    assertThat(add(10)).isFalse();
    assertThat(lines()).hasSize(2);
    assertThat(page.next()).isEqualTo(new Position(9, 992));
  }

  @Test
  void ofAnEntryThatIsTooLargeItIsSaidHowLargeItIs() {
    String value = "x".repeat(TailPage.MAX_ENTRY_BYTES);
    entry(() -> put("a", "1"));
    entry(() -> put("b", value));
    entry(() -> put("c", "3"));
    add(10);
    assertThat(lines()).hasSize(3);
    assertThat(lines().get(1))
        .isEqualTo(
            "{\"database\":\"orders\",\"partition\":3,\"position\":\"9:992\",\"change\":\"omitted\",\"bytes\":16777233}");
    assertThat(lines().get(2)).contains("\"key\":\"c\"");
  }

  /** A control character is one byte in an entry, and six in JSON. */
  @Test
  void likewiseOfOneWhoseLinesAreTooLarge() {
    String value = "\1".repeat(TailPage.MAX_LINES_BYTES / 6 / 2);
    entry(
        () -> {
          put("a", value);
          put("b", value);
          put("c", value);
        });
    entry(() -> put("d", "4"));
    add(10);
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(0)).contains("\"change\":\"omitted\",\"bytes\":");
    assertThat(page.next()).isEqualTo(new Position(9, 992));
  }

  @Test
  void aLineTellsTheRegionThatWroteIt() {
    page = page(Regions.first("us", List.of("eu", "us"), Topology.ALL_TO_ALL, Conflict.LWW));
    entry(() -> put("own", "1"));
    ByteSink foreign = new ByteSink();
    EntryWriter.begin(foreign, 7);
    EntryWriter.put(
        foreign, CellType.STRING, Cells.NEVER, "k".getBytes(UTF_8), 0, 1, new byte[0], 0, 0);
    ByteSink body = new ByteSink();
    body.putBlock(foreign.array(), 0, foreign.size());
    ByteSink wrapped = new ByteSink();
    EntryWriter.from(wrapped, RegionOrigin.number(1, 5), 20, 1, Bytes.wrap(body.toArray()).array());
    entry(() -> builder.raw(wrapped));
    add(10);
    assertThat(lines())
        .extracting(line -> line.replaceAll("^.*\"partition\":3,", "{"))
        .containsExactly(
            "{\"position\":\"9:991\",\"stamp\":10,\"region\":\"us\",\"change\":\"put\",\"type\":\"string\",\"key\":\"own\",\"value\":\"1\"}",
            "{\"position\":\"9:992\",\"stamp\":7,\"region\":\"eu\",\"change\":\"put\",\"type\":\"string\",\"key\":\"k\",\"value\":\"\"}");
  }
}
