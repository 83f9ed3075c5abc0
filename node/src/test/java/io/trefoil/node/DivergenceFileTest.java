package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.replication.kernel.EntryBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DivergenceFileTest {
  private static final PartitionId PARTITION = new PartitionId(1, 4);

  @TempDir private Path data;
  private final EntryBuilder builder = new EntryBuilder();

  private Path save(EntryBatch... batches) throws IOException {
    EntryBatch first = batches[0];
    return saveFrom(new Position(first.epoch(), first.firstIndex()), batches);
  }

  private Path saveFrom(Position from, EntryBatch... batches) throws IOException {
    Position to = batches[batches.length - 1].last();
    return DivergenceFile.save(
        data.resolve("divergence"),
        "n2",
        new LeftHistory(PARTITION, 12, from, to, List.of(batches)));
  }

  private void put(byte[] key, byte[] value, long expireAtMillis) {
    builder.put(CellType.STRING, expireAtMillis, key, 0, key.length, value, 0, value.length);
  }

  private EntryBatch batch(long epoch, long firstIndex) {
    int count = builder.count();
    return new EntryBatch(epoch, firstIndex, count, 1_000, 1, builder.take());
  }

  private void begin(long index, long stamp) {
    builder.beginCommand(index);
    builder.open(stamp);
  }

  @Test
  void every_change_is_a_line_with_its_position() throws IOException {
    begin(991, 10);
    put("a".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    put("b \"quoted\"\n".getBytes(UTF_8), "ü".getBytes(UTF_8), 77_000);
    builder.endCommand();
    begin(992, 11);
    builder.remove("a".getBytes(UTF_8), 0, 1);
    builder.endCommand();
    EntryBatch first = batch(9, 991);
    begin(993, 12);
    builder.expire(88_000, "b".getBytes(UTF_8), 0, 1);
    builder.clear();
    builder.endCommand();

    Path file = save(first, batch(10, 993));
    assertThat(file.getFileName()).hasToString("1-4-9-991-993.jsonl");
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"format\":1,\"partition\":\"1/4\",\"node\":\"n2\",\"new_epoch\":12,\"first\":\"9:991\",\"last\":\"10:993\"}",
            "{\"position\":\"9:991\",\"stamp\":10,\"change\":\"put\",\"type\":\"string\",\"key\":\"a\",\"value\":\"1\"}",
            "{\"position\":\"9:991\",\"stamp\":10,\"change\":\"put\",\"type\":\"string\",\"key\":\"b \\\"quoted\\\"\\n\",\"value\":\"ü\",\"expire_at_ms\":77000}",
            "{\"position\":\"9:992\",\"stamp\":11,\"change\":\"remove\",\"key\":\"a\"}",
            "{\"position\":\"10:993\",\"stamp\":12,\"change\":\"expire\",\"key\":\"b\",\"expire_at_ms\":88000}",
            "{\"position\":\"10:993\",\"stamp\":12,\"change\":\"clear\"}");
  }

  @Test
  void bytes_that_are_no_text_are_given_in_base64() throws IOException {
    begin(1, 10);
    put(new byte[] {(byte) 0xff, 0}, new byte[] {(byte) 0xc3, 0x28}, Cells.NEVER);
    builder.endCommand();
    assertThat(Files.readString(save(batch(9, 1))))
        .contains("\"key_base64\":\"/wA=\"", "\"value_base64\":\"wyg=\"")
        .doesNotContain("\"key\":", "\"value\":");
  }

  @Test
  void a_file_that_is_there_is_left_as_it_is() throws IOException {
    begin(1, 10);
    put("a".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    builder.endCommand();
    EntryBatch batch = batch(9, 1);
    Path file = save(batch);
    Files.writeString(file, "marked");
    assertThat(save(batch)).isEqualTo(file);
    assertThat(file).hasContent("marked");
  }

  @Test
  void nothing_else_is_left_in_the_folder() throws IOException {
    begin(1, 10);
    builder.clear();
    builder.endCommand();
    Path file = save(batch(9, 1));
    Files.writeString(file.resolveSibling(file.getFileName() + ".new"), "torn");
    Files.delete(file);
    begin(1, 10);
    builder.clear();
    builder.endCommand();
    save(batch(9, 1));
    assertThat(data.resolve("divergence").toFile().list()).containsExactly("1-4-9-1-1.jsonl");
  }

  @Test
  void entries_that_the_journal_had_let_go_are_counted() throws IOException {
    begin(5, 10);
    builder.clear();
    builder.endCommand();
    Path file = saveFrom(new Position(8, 2), batch(9, 5));
    assertThat(file.getFileName()).hasToString("1-4-8-2-5.jsonl");
    assertThat(Files.readAllLines(file).get(0))
        .contains("\"first\":\"8:2\",\"last\":\"9:5\",\"unknown_entries\":3}");
    assertThat(Files.readAllLines(file)).hasSize(2);
  }
}
