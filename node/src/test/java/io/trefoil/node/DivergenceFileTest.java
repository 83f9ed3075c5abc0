package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Clock;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.EntryWriter;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Opened;
import io.trefoil.cell.Score;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.node.LeftKeys.Change;
import io.trefoil.replication.kernel.EntryBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DivergenceFileTest {
  private static final PartitionId PARTITION = new PartitionId(1, 4);

  @TempDir private Path data;
  private final EntryBuilder builder = new EntryBuilder();
  private long collections;
  private DivergenceFiles files;

  @BeforeEach
  void openFolder() {
    Clock clock =
        new Clock() {
          @Override
          public long monotonicNanos() {
            return 0;
          }

          @Override
          public long wallMillis() {
            return 77;
          }
        };
    files = new DivergenceFiles(data.resolve("divergence"), "n2", clock);
  }

  private Path save(EntryBatch... batches) throws IOException {
    EntryBatch first = batches[0];
    return saveFrom(new Position(first.epoch(), first.firstIndex()), batches);
  }

  private Path saveFrom(Position from, EntryBatch... batches) throws IOException {
    Position to = batches[batches.length - 1].last();
    DivergenceSummary saved =
        files.save(new LeftHistory(PARTITION, "orders", 12, from, to, 9, List.of(batches)));
    return data.resolve("divergence").resolve(saved.name() + ".jsonl");
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
            "{\"format\":2,\"partition\":\"1/4\",\"database\":\"orders\",\"node\":\"n2\",\"new_epoch\":12,\"first\":\"9:991\",\"last\":\"10:993\",\"epochs\":\"9@991 10@993\",\"written_ms\":77,\"common_stamp\":9}",
            "{\"position\":\"9:991\",\"stamp\":10,\"change\":\"put\",\"type\":\"string\",\"key\":\"a\",\"value\":\"1\"}",
            "{\"position\":\"9:991\",\"stamp\":10,\"change\":\"put\",\"type\":\"string\",\"key\":\"b \\\"quoted\\\"\\n\",\"value\":\"ü\",\"expire_at_ms\":77000}",
            "{\"position\":\"9:992\",\"stamp\":11,\"change\":\"remove\",\"key\":\"a\"}",
            "{\"position\":\"10:993\",\"stamp\":12,\"change\":\"expire\",\"key\":\"b\",\"expire_at_ms\":88000}",
            "{\"position\":\"10:993\",\"stamp\":12,\"change\":\"clear\"}");
  }

  @Test
  void fields_are_lines_with_their_key_and_type() throws IOException {
    byte[] text = "hsf1".getBytes(UTF_8);
    Opened hash = new Opened(CellType.HASH, 9, text, 0, 1);
    Opened set = new Opened(CellType.SET, 10, text, 1, 1);
    begin(1, 10);
    builder.field(hash, text, 2, 1, text, 3, 1);
    builder.head(hash, 77_000, 2);
    builder.field(set, text, 2, 1, text, 0, 0);
    builder.drop(set, text, 3, 1);
    builder.head(set, Cells.NEVER, 5);
    builder.endCommand();

    assertThat(Files.readAllLines(save(batch(9, 1))).subList(1, 6))
        .containsExactly(
            "{\"position\":\"9:1\",\"stamp\":10,\"change\":\"field\",\"type\":\"hash\",\"key\":\"h\",\"field\":\"f\",\"value\":\"1\"}",
            "{\"position\":\"9:1\",\"stamp\":10,\"change\":\"head\",\"type\":\"hash\",\"key\":\"h\",\"fields\":2,\"expire_at_ms\":77000}",
            "{\"position\":\"9:1\",\"stamp\":10,\"change\":\"field\",\"type\":\"set\",\"key\":\"s\",\"field\":\"f\"}",
            "{\"position\":\"9:1\",\"stamp\":10,\"change\":\"drop\",\"type\":\"set\",\"key\":\"s\",\"field\":\"1\"}",
            "{\"position\":\"9:1\",\"stamp\":10,\"change\":\"head\",\"type\":\"set\",\"key\":\"s\",\"fields\":5}");
  }

  /** Places and scores are bytes; a score is told as a number, too. */
  @Test
  void elements_and_scores_are_lines_in_base64() throws IOException {
    Opened list = new Opened(CellType.LIST, 9, "l".getBytes(UTF_8), 0, 1);
    Opened sorted = new Opened(CellType.ZSET, 10, "z".getBytes(UTF_8), 0, 1);
    byte[] place = ListPlaces.between(null, null);
    begin(1, 10);
    builder.field(list, place, 0, place.length, "e1".getBytes(UTF_8), 0, 2);
    builder.drop(list, place, 0, place.length);
    builder.head(list, Cells.NEVER, 4);
    byte[] member = "m".getBytes(UTF_8);
    builder.field(sorted, member, 0, 1, score(2.5), 0, Score.BYTES);
    builder.drop(sorted, member, 0, 1);
    builder.head(sorted, Cells.NEVER, 5);
    builder.endCommand();

    assertThat(Files.readAllLines(save(batch(9, 1))).subList(1, 7))
        .extracting(line -> line.replaceAll("^.*\"stamp\":10,", "{"))
        .containsExactly(
            "{\"change\":\"field\",\"type\":\"list\",\"key\":\"l\",\"field_base64\":\"gAAAAAAAAAA=\",\"value\":\"e1\"}",
            "{\"change\":\"drop\",\"type\":\"list\",\"key\":\"l\",\"field_base64\":\"gAAAAAAAAAA=\"}",
            "{\"change\":\"head\",\"type\":\"list\",\"key\":\"l\",\"fields\":4}",
            "{\"change\":\"field\",\"type\":\"zset\",\"key\":\"z\",\"field\":\"m\",\"score\":\"2.5\",\"value_base64\":\"wAQAAAAAAAA=\"}",
            "{\"change\":\"drop\",\"type\":\"zset\",\"key\":\"z\",\"field\":\"m\"}",
            "{\"change\":\"head\",\"type\":\"zset\",\"key\":\"z\",\"fields\":5}");
  }

  private static byte[] score(double score) {
    byte[] bytes = new byte[Score.BYTES];
    Score.write(score, bytes, 0);
    return bytes;
  }

  @Test
  void of_elements_and_scores_the_last_changes_are_left_as_they_were_written() throws IOException {
    byte[] first = ListPlaces.between(null, null);
    byte[] second = ListPlaces.between(first, null);
    Opened list = opened(CellType.LIST, "l");
    Opened sorted = opened(CellType.ZSET, "z");
    byte[] member = "m".getBytes(UTF_8);
    begin(1, 10);
    builder.field(list, first, 0, first.length, member, 0, 1);
    builder.field(list, second, 0, second.length, member, 0, 1);
    builder.drop(list, first, 0, first.length);
    builder.head(list, Cells.NEVER, 1);
    builder.field(sorted, member, 0, 1, score(1), 0, Score.BYTES);
    builder.head(sorted, 99_000, 1);
    builder.field(sorted, member, 0, 1, score(-7), 0, Score.BYTES);
    builder.endCommand();
    save(batch(9, 1));

    assertThat(key(keys(), "l").change()).isEqualTo(Change.FIELDS);
    assertThat(content(key(keys(), "l")))
        .containsExactly(
            "list".getBytes(UTF_8),
            "SET".getBytes(UTF_8),
            second,
            member,
            "DROP".getBytes(UTF_8),
            first,
            new byte[0]);
    assertThat(key(keys(), "z").expireAtMillis()).isEqualTo(99_000);
    assertThat(content(key(keys(), "z")))
        .containsExactly("zset".getBytes(UTF_8), "SET".getBytes(UTF_8), member, score(-7));
  }

  // Of a database that leaders of several regions write.

  private void merge(String key, MergedKey change) {
    ByteSink sink = new ByteSink();
    change.write(sink);
    builder.merge(key.getBytes(UTF_8), sink.array(), sink.size());
  }

  private void part(CellType type, String field, Versions change) {
    ByteSink sink = new ByteSink();
    change.write(sink);
    builder.part(type, field.getBytes(UTF_8), 0, field.length(), sink.array(), sink.size());
  }

  private static Versions set(String value) {
    Versions change = new Versions();
    new Versions().put(7, 10, value.getBytes(UTF_8), 0, value.length(), change);
    return change;
  }

  private static Versions added(long delta) {
    Versions change = new Versions();
    new Versions().add(7, 10, delta, change);
    return change;
  }

  private static Versions removed(Versions seen) {
    Versions change = new Versions();
    seen.remove(change);
    return change;
  }

  @Test
  void changes_that_are_merged_say_what_they_show_and_hold_themselves() throws IOException {
    begin(1, 10);
    MergedKey put = new MergedKey();
    put.string().merge(set("1"));
    put.putExpiry(77_000, 10, 7);
    merge("a", put);
    MergedKey add = new MergedKey();
    add.string().merge(added(7));
    merge("n", add);
    MergedKey remove = new MergedKey();
    remove.string().merge(removed(set("1")));
    merge("r", remove);
    MergedKey hide = new MergedKey();
    hide.removed().saw(7, 9);
    merge("gone", hide);
    MergedKey expire = new MergedKey();
    expire.putExpiry(88_000, 10, 7);
    merge("e", expire);
    MergedKey fields = new MergedKey();
    fields.putFields(CellType.HASH, 10, 7);
    merge("h", fields);
    part(CellType.HASH, "f", set("1"));
    part(CellType.HASH, "n", added(-2));
    part(CellType.HASH, "d", removed(set("1")));
    merge("s", new MergedKey());
    part(CellType.SET, "m", set(""));
    merge("l", new MergedKey());
    part(CellType.LIST, "a place.", set("1"));
    part(CellType.LIST, "another.", removed(set("1")));
    merge("z", new MergedKey());
    part(CellType.ZSET, "m", set("?scored?"));
    part(CellType.ZSET, "n", added(3));
    builder.endCommand();

    List<String> lines = Files.readAllLines(save(batch(9, 1)));
    assertThat(lines.subList(1, lines.size()))
        .allMatch(line -> line.matches(".*,\"merge_base64\":\"[^\"]+\"}"))
        .extracting(line -> line.replaceAll("^.*\"stamp\":10,|,\"merge_base64.*", ""))
        .containsExactly(
            "\"change\":\"put\",\"type\":\"string\",\"key\":\"a\",\"value\":\"1\",\"expire_at_ms\":77000",
            "\"change\":\"add\",\"type\":\"string\",\"key\":\"n\",\"total\":7",
            "\"change\":\"remove\",\"key\":\"r\"",
            "\"change\":\"remove\",\"key\":\"gone\"",
            "\"change\":\"expire\",\"key\":\"e\",\"expire_at_ms\":88000",
            "\"change\":\"fields\",\"type\":\"hash\",\"key\":\"h\"",
            "\"change\":\"field\",\"type\":\"hash\",\"key\":\"h\",\"field\":\"f\",\"value\":\"1\"",
            "\"change\":\"add\",\"type\":\"hash\",\"key\":\"h\",\"field\":\"n\",\"total\":-2",
            "\"change\":\"drop\",\"type\":\"hash\",\"key\":\"h\",\"field\":\"d\"",
            "\"change\":\"field\",\"type\":\"set\",\"key\":\"s\",\"field\":\"m\"",
            "\"change\":\"field\",\"type\":\"list\",\"key\":\"l\",\"field\":\"a place.\",\"value\":\"1\"",
            "\"change\":\"drop\",\"type\":\"list\",\"key\":\"l\",\"field\":\"another.\"",
            "\"change\":\"field\",\"type\":\"zset\",\"key\":\"z\",\"field\":\"m\",\"score\":\"-915.5705825880796\",\"value\":\"?scored?\"",
            "\"change\":\"add\",\"type\":\"zset\",\"key\":\"z\",\"field\":\"n\",\"total\":3");
    assertThat(keys().list()).extracting(LeftKeys.Key::change).containsOnly(Change.MERGE);
  }

  @Test
  void what_came_from_another_region_is_left_out() throws IOException {
    begin(1, 10);
    MergedKey put = new MergedKey();
    put.string().merge(set("1"));
    merge("a", put);
    builder.endCommand();
    EntryBatch theirs = batch(3, 1);
    begin(1, 11);
    ByteSink changes = new ByteSink();
    EntryWriter.reached(changes, 2, 3, 1);
    EntryWriter.from(changes, 50, 1, 1, theirs.body().array());
    builder.raw(changes);
    builder.endCommand();
    begin(2, 12);
    merge("b", put);
    builder.endCommand();
    save(batch(9, 1));
    assertThat(files.list().get(0).entries()).isEqualTo(2);
    assertThat(keys("1-4-9-1-2").list())
        .extracting(LeftKeys.Key::key)
        .containsExactly(Bytes.utf8("b"));
  }

  @Test
  void more_merged_fields_than_are_written_in_one_step_are_not_replayed() throws IOException {
    begin(1, 10);
    merge("large", new MergedKey());
    for (int i = 0; i <= LeftFields.MAX_FIELDS; i++) {
      part(CellType.SET, "m" + i, set(""));
    }
    builder.endCommand();
    save(batch(9, 1));
    assertThat(key(keys(), "large").change()).isEqualTo(Change.UNKNOWN);
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
    String marked = Files.readString(file) + "marked";
    Files.writeString(file, marked);
    assertThat(save(batch)).isEqualTo(file);
    assertThat(file).hasContent(marked);
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
        .contains("\"first\":\"8:2\",\"last\":\"9:5\"", "\"unknown_entries\":3}");
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  // What is read again.

  private void saveOne(long index) throws IOException {
    begin(index, 10);
    put("a".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    builder.endCommand();
    save(batch(9, index));
  }

  @Test
  void a_file_is_listed_with_what_it_says_of_itself() throws IOException {
    saveOne(1);
    DivergenceSummary file = files.list().get(0);
    assertThat(file.name()).isEqualTo("1-4-9-1-1");
    assertThat(file.partition()).isEqualTo(PARTITION);
    assertThat(file.database()).isEqualTo("orders");
    assertThat(file.newEpoch()).isEqualTo(12);
    assertThat(file.entries()).isEqualTo(1);
    assertThat(file.commonStamp()).isEqualTo(9);
    assertThat(file.writtenMillis()).isEqualTo(77);
    assertThat(file.sizeBytes()).isPositive();
    assertThat(file.problem()).isNull();
    assertThat(file.isReplayed()).isFalse();
  }

  @Test
  void a_file_of_the_first_format_is_listed_without_what_that_did_not_say() throws IOException {
    saveOne(1);
    Files.writeString(
        data.resolve("divergence").resolve("3-0-9-991-1000.jsonl"),
        """
        {"format":1,"partition":"3/0","node":"n1","new_epoch":12,"first":"9:991","last":"10:1000","unknown_entries":2}
        {"position":"9:993","stamp":114032,"change":"put","type":"string","key":"a","value":"1"}
        """);
    DivergenceSummary old = files.list().get(1);
    assertThat(old.entries()).isEqualTo(10);
    assertThat(old.unknownEntries()).isEqualTo(2);
    assertThat(old.commonStamp()).isEqualTo(DivergenceSummary.UNKNOWN_STAMP);
    assertThat(old.database()).isEmpty();
    assertThat(old.writtenMillis()).isPositive();
    try (DivergenceReader reader = new DivergenceReader(files.open(old.name()))) {
      assertThat(reader.next().path("key").asText()).isEqualTo("a");
      assertThat(reader.next()).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"format\":3}            | it has format 3, this version reads up to 2",
        "{\"position\":\"9:1\"}    | its first line is no header of a divergence file",
        "torn                      | its first line is no JSON",
        "{\"format\":1}            | a position is epoch:index, such as 4:1021, not ''",
      })
  void what_can_not_be_read_is_listed_and_says_why(String header, String problem)
      throws IOException {
    saveOne(1);
    Files.writeString(data.resolve("divergence").resolve("3-0-9-991-1000.jsonl"), header + "\n");
    assertThat(files.list()).hasSize(2);
    assertThat(files.list().get(1).problem()).isEqualTo(problem);
    assertThat(files.list().get(1).partition()).isEqualTo(new PartitionId(3, 0));
  }

  @Test
  void other_names_are_no_files_of_ours() throws IOException {
    saveOne(1);
    for (String name : List.of("notes.jsonl", "1-4-9-1-1.jsonl.new", "1-4-9-1.jsonl")) {
      Files.writeString(data.resolve("divergence").resolve(name), "");
    }
    assertThat(files.list()).hasSize(1);
    assertThatThrownBy(() -> files.open("../identity")).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> files.delete("../identity")).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void the_last_replay_is_known_after_a_restart_even_behind_a_torn_line() throws IOException {
    saveOne(1);
    files.noteReplay("1-4-9-1-1", new DivergenceSummary.Replay(5, false, false, 0, 0, 1));
    Files.writeString(
        data.resolve("divergence").resolve("1-4-9-1-1.replays"),
        "\n{\"replayed_ms\":6,",
        StandardOpenOption.APPEND);
    assertThat(files.list().get(0).replay().millis()).isEqualTo(5);
    assertThat(files.list().get(0).isReplayed()).isFalse();
    DivergenceSummary.Replay done = new DivergenceSummary.Replay(7, true, true, 1, 0, 0);
    files.noteReplay("1-4-9-1-1", done);
    assertThat(files.list().get(0).replay()).isEqualTo(done);
    assertThat(files.list().get(0).isReplayed()).isTrue();
  }

  @Test
  void nothing_is_left_of_a_deleted_file() throws IOException {
    saveOne(1);
    files.noteReplay("1-4-9-1-1", new DivergenceSummary.Replay(5, false, false, 1, 0, 0));
    files.delete("1-4-9-1-1");
    assertThat(files.list()).isEmpty();
    assertThat(data.resolve("divergence").toFile().list()).isEmpty();
    assertThatThrownBy(() -> files.delete("1-4-9-1-1")).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void a_file_tells_which_entries_it_keeps() throws IOException {
    begin(5, 10);
    builder.clear();
    builder.endCommand();
    EntryBatch first = batch(9, 5);
    begin(6, 11);
    builder.clear();
    builder.endCommand();
    saveFrom(new Position(8, 2), first, batch(10, 6));
    DivergenceSummary file = files.list().get(0);
    assertThat(file.keeps(new Position(9, 5))).isTrue();
    assertThat(file.keeps(new Position(10, 6))).isTrue();
    assertThat(file.keeps(new Position(9, 6))).as("another history's").isFalse();
    assertThat(file.keeps(new Position(8, 4))).as("only counted").isFalse();
    assertThat(file.keeps(new Position(10, 7))).isFalse();
  }

  private LeftKeys keys() throws IOException {
    return keys("1-4-9-1-1");
  }

  private LeftKeys keys(String file) throws IOException {
    try (DivergenceReader reader = new DivergenceReader(files.open(file))) {
      return LeftKeys.read(reader);
    }
  }

  private String value(LeftKeys.Key key) throws IOException {
    try (DivergenceReader reader = new DivergenceReader(files.open("1-4-9-1-1"))) {
      List<byte[]> content = key.content(reader);
      return content.isEmpty() ? null : new String(content.get(0), UTF_8);
    }
  }

  private static LeftKeys.Key key(LeftKeys keys, String name) {
    return keys.list().stream()
        .filter(key -> key.key().equals(Bytes.utf8(name)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void of_each_key_the_last_changes_are_left() throws IOException {
    begin(1, 10);
    put("twice".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    put("gone".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    put("twice".getBytes(UTF_8), "2 \n".getBytes(UTF_8), 99_000);
    builder.remove("gone".getBytes(UTF_8), 0, 4);
    put("later".getBytes(UTF_8), "v".getBytes(UTF_8), 99_000);
    builder.expire(0, "later".getBytes(UTF_8), 0, 5);
    builder.expire(55_000, "only".getBytes(UTF_8), 0, 4);
    builder.endCommand();
    save(batch(9, 1));
    LeftKeys keys = keys();
    assertThat(keys.cleared()).isNull();
    assertThat(keys.list()).hasSize(4);
    assertThat(key(keys, "twice").change()).isEqualTo(Change.PUT);
    assertThat(key(keys, "twice").expireAtMillis()).isEqualTo(99_000);
    assertThat(value(key(keys, "twice"))).isEqualTo("2 \n");
    assertThat(key(keys, "gone").change()).isEqualTo(Change.REMOVE);
    assertThat(value(key(keys, "gone"))).isNull();
    assertThat(key(keys, "later").expireAtMillis()).isEqualTo(Cells.NEVER);
    assertThat(value(key(keys, "later"))).isEqualTo("v");
    assertThat(key(keys, "only").change()).isEqualTo(Change.EXPIRE);
  }

  private Opened opened(CellType type, String key) {
    return new Opened(type, ++collections, key.getBytes(UTF_8), 0, key.length());
  }

  private void field(Opened of, String field, String value) {
    byte[] name = field.getBytes(UTF_8);
    byte[] bytes = value.getBytes(UTF_8);
    builder.field(of, name, 0, name.length, bytes, 0, bytes.length);
  }

  private void drop(Opened of, String field) {
    builder.drop(of, field.getBytes(UTF_8), 0, field.length());
  }

  private List<String> words(LeftKeys.Key key) throws IOException {
    return content(key).stream().map(word -> new String(word, UTF_8)).toList();
  }

  private List<byte[]> content(LeftKeys.Key key) throws IOException {
    try (DivergenceReader reader = new DivergenceReader(files.open("1-4-9-1-1"))) {
      return key.content(reader);
    }
  }

  @Test
  void of_each_field_the_last_change_is_left() throws IOException {
    begin(1, 10);
    Opened hash = opened(CellType.HASH, "h");
    field(hash, "twice", "1");
    field(hash, "gone", "1");
    builder.head(hash, Cells.NEVER, 2);
    field(hash, "twice", "2");
    drop(hash, "gone");
    builder.head(hash, 99_000, 1);
    Opened set = opened(CellType.SET, "overwritten");
    field(set, "a", "");
    builder.endCommand();
    save(batch(9, 1));
    LeftKeys.Key left = key(keys(), "h");
    assertThat(left.change()).isEqualTo(Change.FIELDS);
    assertThat(left.expireAtMillis()).isEqualTo(99_000);
    assertThat(words(left)).containsExactly("hash", "SET", "twice", "2", "DROP", "gone", "");
    LeftKeys.Key member = key(keys(), "overwritten");
    assertThat(words(member)).containsExactly("set", "SET", "a", "");
    assertThat(member.expireAtMillis())
        .as("the file does not say")
        .isEqualTo(LeftKeys.EXPIRY_AS_IT_IS);
  }

  @Test
  void a_key_that_was_made_anew_has_the_fields_of_after_that_alone() throws IOException {
    begin(1, 10);
    Opened hash = opened(CellType.HASH, "h");
    field(hash, "before", "1");
    builder.remove("h".getBytes(UTF_8), 0, 1);
    field(hash, "after", "1");
    field(hash, "short", "1");
    drop(hash, "short");
    builder.head(hash, Cells.NEVER, 1);
    put("turned".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    builder.remove("turned".getBytes(UTF_8), 0, 6);
    Opened set = opened(CellType.SET, "turned");
    field(set, "a", "");
    builder.head(set, Cells.NEVER, 1);
    Opened gone = opened(CellType.HASH, "gone");
    drop(gone, "last");
    builder.remove("gone".getBytes(UTF_8), 0, 4);
    builder.endCommand();
    save(batch(9, 1));
    assertThat(key(keys(), "h").change()).isEqualTo(Change.REPLACE);
    assertThat(words(key(keys(), "h"))).containsExactly("hash", "SET", "after", "1");
    assertThat(key(keys(), "turned").change()).isEqualTo(Change.REPLACE);
    assertThat(words(key(keys(), "turned"))).containsExactly("set", "SET", "a", "");
    assertThat(key(keys(), "gone").change()).isEqualTo(Change.REMOVE);
  }

  @Test
  void an_expiry_belongs_to_the_fields_that_are_there() throws IOException {
    begin(1, 10);
    builder.expire(55_000, "h".getBytes(UTF_8), 0, 1);
    field(opened(CellType.HASH, "h"), "f", "1");
    field(opened(CellType.HASH, "later"), "f", "1");
    builder.expire(66_000, "later".getBytes(UTF_8), 0, 5);
    builder.endCommand();
    save(batch(9, 1));
    assertThat(key(keys(), "h").change()).isEqualTo(Change.FIELDS);
    assertThat(key(keys(), "h").expireAtMillis()).isEqualTo(55_000);
    assertThat(key(keys(), "later").change()).isEqualTo(Change.FIELDS);
    assertThat(key(keys(), "later").expireAtMillis()).isEqualTo(66_000);
  }

  @Test
  void more_fields_than_are_written_in_one_step_are_not_replayed() throws IOException {
    begin(1, 10);
    Opened hash = opened(CellType.HASH, "large");
    for (int i = 0; i <= LeftFields.MAX_FIELDS; i++) {
      field(hash, "f" + i, "1");
    }
    builder.endCommand();
    save(batch(9, 1));
    assertThat(key(keys(), "large").change()).isEqualTo(Change.UNKNOWN);
    assertThat(words(key(keys(), "large"))).isEmpty();
  }

  @Test
  void what_a_clear_takes_away_is_told_apart_from_what_came_after_it() throws IOException {
    begin(1, 10);
    put("before".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    builder.clear();
    put("after".getBytes(UTF_8), "1".getBytes(UTF_8), Cells.NEVER);
    field(opened(CellType.HASH, "h"), "f", "1");
    builder.endCommand();
    save(batch(9, 1));
    assertThat(keys().cleared()).isEqualTo(new Position(9, 1));
    assertThat(keys().list())
        .extracting(LeftKeys.Key::key)
        .containsExactly(Bytes.utf8("after"), Bytes.utf8("h"));
    assertThat(key(keys(), "h").change()).isEqualTo(Change.REPLACE);
  }

  @Test
  void a_kind_of_change_from_a_later_version_is_no_error_and_is_not_replayed() throws IOException {
    saveOne(1);
    Files.writeString(
        data.resolve("divergence").resolve("1-4-9-1-1.jsonl"),
        "{\"position\":\"9:1\",\"stamp\":1,\"change\":\"twist\",\"key\":\"a\"}\n",
        StandardOpenOption.APPEND);
    assertThat(key(keys(), "a").change()).isEqualTo(Change.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torn",
        "{}",
        "{\"position\":\"9:1\",\"change\":\"put\"}",
        "{\"position\":\"9\",\"change\":\"remove\",\"key\":\"a\"}",
        "{\"position\":\"9:1\",\"change\":\"drop\",\"type\":\"set\",\"key\":\"a\"}",
        "{\"position\":\"9:1\",\"change\":\"remove\",\"key_base64\":\"#\"}",
      })
  void a_line_that_is_no_change_is_named_by_its_place(String line) throws IOException {
    saveOne(1);
    Path file = data.resolve("divergence").resolve("1-4-9-1-1.jsonl");
    long at = Files.size(file);
    Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
    assertThatThrownBy(this::keys)
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(line.contains("#") ? "key_base64" : "at byte " + at);
  }
}
