package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.FoundConflict.Text;
import io.trefoil.resp.Args;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConflictLogTest {
  private static final PartitionId FIRST = new PartitionId(4, 0);
  private static final PartitionId SECOND = new PartitionId(4, 1);

  @TempDir private Path folder;
  private final Deque<Runnable> background = new ArrayDeque<>();

  private ConflictFiles files(long maxBytes) {
    return new ConflictFiles(folder.resolve("conflicts"), maxBytes);
  }

  private ConflictLog log(ConflictFolder kept) throws IOException {
    return new ConflictLog(Runnable::run, background::add, () -> 0, kept, kept.read());
  }

  private void runBackground() {
    while (!background.isEmpty()) {
      background.poll().run();
    }
  }

  private static ConflictRecord.Side side(String region, String value, long millis) {
    return new ConflictRecord.Side(
        "string", Text.of(value.getBytes(StandardCharsets.UTF_8)), region, millis);
  }

  private static ConflictRecord record(PartitionId partition, long index, String key) {
    return new ConflictRecord(
        partition,
        new Position(3, index),
        0,
        "users",
        Text.of(key.getBytes(StandardCharsets.UTF_8)),
        null,
        "latest write",
        side("eu", "seen", 20),
        side(index % 2 == 0 ? "eu" : "us", "hidden", 10),
        1_000 + index);
  }

  private static List<String> keys(ConflictLog log, PartitionId partition, String... filters) {
    ConflictQuery.Parsed parsed = ConflictQuery.parse(Args.of(filters), 0);
    assertThat(parsed.error()).isNull();
    return log.newest(partition, parsed.query(), parsed.query().count()).stream()
        .map(each -> each.key().begin().toString())
        .toList();
  }

  @Test
  void afterARestartThereIsWhatTheFilesHaveAndNothingTwice() throws IOException {
    ConflictLog log = log(files(1 << 20));
    for (int i = 1; i <= 3; i++) {
      log.add(record(FIRST, i, "k" + i));
      log.add(record(SECOND, i, "other"));
    }
    runBackground();
    log.add(record(FIRST, 4, "lost with the process"));
    background.clear();

    ConflictLog again = log(files(1 << 20));
    assertThat(keys(again, FIRST)).containsExactly("k3", "k2", "k1");
    for (int i = 2; i <= 5; i++) {
      again.add(record(FIRST, i, "k" + i)); // as the journal brings them
    }
    assertThat(keys(again, FIRST)).containsExactly("k5", "k4", "k3", "k2", "k1");
    assertThat(again.counts(FIRST)).isEqualTo(new ConflictLog.Counts(5, 5, 0));
    runBackground();
    assertThat(files(1 << 20).read()).hasSize(8);
  }

  @Test
  void aRecordIsTheSameWhenItIsReadAgain() throws IOException {
    ConflictRecord record =
        new ConflictRecord(
            FIRST,
            new Position(9, 1_021),
            2,
            "users",
            new Text(Bytes.wrap(new byte[] {(byte) 0xff, 0, '\n'}), 4_000),
            Text.EMPTY,
            "latest write",
            side("eu", "grün\n", 20),
            side("", "", 0),
            1_000);
    assertThat(record.id()).isEqualTo("4/0@9:1021.2");
    assertThat(record.toLine()).doesNotContain("\n");
    assertThat(ConflictRecord.parse(record.toLine())).usingRecursiveComparison().isEqualTo(record);
  }

  @Test
  void aTornLineCostsItselfOnly() throws IOException {
    ConflictFiles files = files(1 << 20);
    files.append(List.of(record(FIRST, 1, "k1").toLine()));
    Path file = folder.resolve("conflicts/conflicts.jsonl");
    String line = record(FIRST, 2, "k2").toLine();
    Files.writeString(file, line.substring(0, line.length() / 2), StandardOpenOption.APPEND);
    files.append(List.of(record(FIRST, 3, "k3").toLine()));
    assertThat(keys(log(files), FIRST)).containsExactly("k3", "k1");
  }

  @Test
  void theFilesAreBounded() throws IOException {
    ConflictLog log = log(files(10_000));
    for (int i = 1; i <= 500; i++) {
      log.add(record(FIRST, i, "k" + i));
      runBackground();
    }
    try (var found = Files.list(folder.resolve("conflicts"))) {
      assertThat(found.toList())
          .hasSize(2)
          .allSatisfy(file -> assertThat(Files.size(file)).isLessThan(11_000));
    }
    List<String> kept = keys(log(files(10_000)), FIRST);
    assertThat(kept).first().isEqualTo("k500");
    assertThat(kept).hasSizeBetween(20, 100);
  }

  @Test
  void memoryIsBoundedByPartitionAndThenByBytes() throws IOException {
    ConflictLog log = log(ConflictFolder.NONE);
    for (int i = 1; i <= ConflictLog.MAX_KEPT + 5; i++) {
      log.add(record(FIRST, i, "k" + i));
    }
    assertThat(log.counts(FIRST).kept()).isEqualTo(ConflictLog.MAX_KEPT);
    assertThat(log.counts(FIRST).recorded()).isEqualTo(ConflictLog.MAX_KEPT + 5);
    log.add(record(SECOND, 1, "of another partition"));
    String large = "x".repeat(FoundConflict.MAX_BYTES);
    int partitions = 20;
    for (int i = 1; i <= ConflictLog.MAX_KEPT; i++) {
      for (int p = 2; p < 2 + partitions; p++) {
        log.add(record(new PartitionId(4, p), i, large));
      }
    }
    long kept = 0;
    for (int p = 2; p < 2 + partitions; p++) {
      kept += log.counts(new PartitionId(4, p)).kept();
    }
    assertThat(kept * FoundConflict.MAX_BYTES).isLessThan(ConflictLog.MAX_KEPT_BYTES);
    assertThat(keys(log, SECOND)).containsExactly("of another partition");
    log.forget(SECOND);
    assertThat(log.counts(SECOND)).isEqualTo(ConflictLog.Counts.NONE);
  }

  @Test
  void whatTheDiskDoesNotKeepUpWithIsCountedAndStillShown() throws IOException {
    ConflictLog log = log(files(100 << 20));
    for (int i = 1; i <= ConflictLog.MAX_UNWRITTEN + 10; i++) {
      log.add(record(FIRST, i, "k" + i));
    }
    // The first one is with the writer.
    assertThat(log.counts(FIRST).notWritten()).isEqualTo(9);
    assertThat(keys(log, FIRST, "COUNT", "1"))
        .containsExactly("k" + (ConflictLog.MAX_UNWRITTEN + 10));
    runBackground();
    assertThat(files(100 << 20).read()).hasSize(ConflictLog.MAX_UNWRITTEN + 1);
  }

  @Test
  void whatCantBeWrittenIsCountedAndStillShown() throws IOException {
    Files.writeString(folder.resolve("conflicts"), "no folder");
    ConflictLog log = log(files(1 << 20));
    log.add(record(FIRST, 1, "k"));
    runBackground();
    assertThat(log.counts(FIRST)).isEqualTo(new ConflictLog.Counts(1, 1, 1));
  }

  @ParameterizedTest
  @CsvSource({
    "COUNT 2, user:3 b",
    "KEY user:*, user:3",
    "KEY [ab] COUNT 1, b",
    "region us, user:3 a",
    "SINCE 1002, user:3 b",
    "REGION eu KEY x, ''",
  })
  void filters(String words, String expected) throws IOException {
    ConflictLog log = log(ConflictFolder.NONE);
    log.add(record(FIRST, 1, "a"));
    log.add(record(FIRST, 2, "b"));
    log.add(record(FIRST, 3, "user:3"));
    assertThat(String.join(" ", keys(log, FIRST, words.split(" ")))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "KEYS user:*, unknown word 'KEYS'",
    "KEY, 'KEY' lacks what it is followed by",
    "COUNT 0, COUNT is followed by a number from 1 to 10000",
    "COUNT 10001, COUNT is followed by a number from 1 to 10000",
    "SINCE yesterday, SINCE is followed by milliseconds since 1970",
  })
  void otherWordsAreRefusedWithWhatWouldBeRight(String words, String error) {
    assertThat(ConflictQuery.parse(Args.of(words.split(" ")), 0).error())
        .startsWith("ERR CONFLICTS: ")
        .contains(error);
  }
}
