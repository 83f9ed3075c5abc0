package io.trefoil.cli;

import static io.trefoil.cli.ScriptedServer.array;
import static io.trefoil.cli.ScriptedServer.bulk;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TailCommandTest {
  private static final String DIVERGED =
      "-DIVERGED %s is the last entry that the history of partition 0 of 'orders' has in common\r\n";

  @TempDir private Path folder;
  private final ScriptedServer server = new ScriptedServer(this::answer);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** Answers to TAIL by partition and FROM, as in "0 START". */
  private final Map<String, String> pages = new ConcurrentHashMap<>();

  /** What is answered first. */
  private final List<String> hesitations = new CopyOnWriteArrayList<>();

  /** What other nodes of the cluster there are. */
  private final List<ScriptedServer> others = new ArrayList<>();

  @AfterEach
  void closeServers() {
    server.close();
    others.forEach(ScriptedServer::close);
  }

  private String answer(List<String> words) {
    if (words.get(0).equals("STATUS")) {
      return bulk(status());
    }
    if (!hesitations.isEmpty()) {
      return hesitations.remove(0);
    }
    return pages.getOrDefault(words.get(3) + " " + words.get(5), "-ERR not in the script\r\n");
  }

  private String status() {
    StringBuilder nodes = new StringBuilder("{\"client\":\"127.0.0.1:" + server.port() + "\"}");
    others.forEach(each -> nodes.append(",{\"client\":\"127.0.0.1:" + each.port() + "\"}"));
    return "{\"format\":1,\"nodes\":["
        + nodes
        + "],\"databases\":[{\"number\":4,\"name\":\"orders\",\"partitions\":2}]}";
  }

  private static String page(String next, String committed, String... lines) {
    String[] bulks = Stream.of(lines).map(ScriptedServer::bulk).toArray(String[]::new);
    return array(bulk(next), bulk(committed), array(bulks));
  }

  private int run(String... words) {
    return run(out, words);
  }

  private int run(OutputStream to, String... words) {
    Stdio stdio =
        new Stdio(
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(to, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            Map.of());
    String[] all =
        Stream.concat(Stream.of("tail", "-p", Integer.toString(server.port())), Stream.of(words))
            .toArray(String[]::new);
    return Main.execute(stdio, all);
  }

  private List<String> out() {
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private List<String> asked() {
    return server.received().stream()
        .filter(words -> words.get(0).equals("TAIL"))
        .map(words -> words.get(3) + " " + words.get(5))
        .toList();
  }

  @Test
  void allPartitionsArePrintedPageByPageUpToWhatIsCommitted() {
    pages.put("0 START", page("1:2", "1:3", "{\"a\":1}", "{\"a\":2}"));
    pages.put("0 1:2", page("1:3", "1:9", "{\"a\":3}"));
    pages.put("1 START", page("2:7", "2:7", "{\"b\":1}"));
    assertThat(run("orders", "--no-follow")).as(err()).isZero();
    assertThat(out())
        .containsExactlyInAnyOrder("{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"b\":1}")
        .containsSubsequence("{\"a\":1}", "{\"a\":2}", "{\"a\":3}");
    assertThat(asked())
        .as("what comes after the first answer is not waited for")
        .doesNotContain("0 1:3");
    assertThat(server.received().get(1)).startsWith("TAIL", "orders");
  }

  @Test
  void itGoesOnFromItsPositionFile() throws IOException {
    Path file = folder.resolve("positions");
    pages.put("0 START", page("1:2", "1:2", "{\"a\":1}"));
    pages.put("1 START", page("2:7", "2:7"));
    assertThat(run("4", "--no-follow", "--position-file", file.toString())).as(err()).isZero();
    assertThat(file)
        .hasContent("{\"database\":\"orders\",\"positions\":{\"0\":[\"1:2\"],\"1\":[\"2:7\"]}}");
    pages.put("0 1:2", page("3:4", "3:4", "{\"a\":2}"));
    pages.put("1 2:7", page("2:8", "2:8", "{\"b\":1}"));
    out.reset();
    assertThat(run("orders", "--no-follow", "--position-file", file.toString())).isZero();
    assertThat(out()).containsExactlyInAnyOrder("{\"a\":2}", "{\"b\":1}");
    assertThat(file)
        .as("the last position of each epoch")
        .hasContent(
            "{\"database\":\"orders\",\"positions\":{\"0\":[\"1:2\",\"3:4\"],\"1\":[\"2:8\"]}}");
  }

  /** Takes so many bytes, then is closed, as a pipe whose reader has left. */
  private static final class ClosedPipe extends OutputStream {
    private int left;

    ClosedPipe(int bytes) {
      left = bytes;
    }

    @Override
    public void write(int b) throws IOException {
      if (left-- == 0) {
        throw new IOException("broken pipe");
      }
    }
  }

  @Test
  void whenNobodyReadsAnyMoreItEndsAndNotesNothing() {
    Path file = folder.resolve("positions");
    pages.put("0 START", page("1:2", "1:2", "{\"a\":1}"));
    pages.put("1 START", page("2:7", "2:7"));
    int code =
        run(new ClosedPipe(3), "orders", "--from", "START", "--position-file", file.toString());
    assertThat(code).isZero();
    assertThat(file).doesNotExist();
  }

  @Test
  void whatHasLeftTheHistoryEndsIt() {
    pages.put("0 5:110", DIVERGED.formatted("5:105"));
    assertThat(run("orders", "--partition", "0", "--from", "0=5:110", "--no-follow")).isEqualTo(1);
    assertThat(err()).startsWith("trefoil: DIVERGED 5:105 is the last entry");
  }

  /** Whatever has left the history. */
  private int goOnFrom(String position) {
    return run(
        "orders",
        "--partition",
        "0",
        "--from",
        position,
        "--no-follow",
        "--on-divergence",
        "continue");
  }

  @Test
  void ifToldSoItGoesOnFromWhereHistoriesParted() {
    pages.put("0 5:110", DIVERGED.formatted("5:105"));
    pages.put("0 5:105", page("7:106", "7:106", "{\"a\":1}"));
    assertThat(goOnFrom("0=5:110")).isZero();
    assertThat(err()).contains("DIVERGED 5:105").contains("goes on from 5:105");
    assertThat(out()).containsExactly("{\"a\":1}");
  }

  @Test
  void whereTheLeaderCanNotTellItGoesBackToAnEarlierEpoch() throws IOException {
    Path file = folder.resolve("positions");
    Files.writeString(
        file, "{\"database\":\"orders\",\"positions\":{\"0\":[\"2:70\",\"3:90\",\"5:110\"]}}");
    pages.put("0 5:110", DIVERGED.formatted("3:100"));
    pages.put("0 3:90", DIVERGED.formatted("2:80"));
    pages.put("0 2:70", page("7:81", "7:81", "{\"a\":1}"));
    String[] words = {
      "orders",
      "--partition",
      "0",
      "--no-follow",
      "--on-divergence",
      "continue",
      "--position-file",
      file.toString()
    };
    assertThat(run(words)).as(err()).isZero();
    assertThat(out()).containsExactly("{\"a\":1}");
    assertThat(file)
        .hasContent("{\"database\":\"orders\",\"positions\":{\"0\":[\"2:70\",\"7:81\"]}}");
  }

  @Test
  void whereNoPositionIsLeftItBeginsAtTheStart() {
    pages.put("0 5:110", DIVERGED.formatted("3:100"));
    pages.put("0 START", page("7:81", "7:81", "{\"a\":1}"));
    assertThat(goOnFrom("0=5:110")).isZero();
    assertThat(err()).contains("goes on from START");
    assertThat(out()).containsExactly("{\"a\":1}");
  }

  @Test
  void whatClientsRetryIsTriedAgain() {
    hesitations.addAll(List.of("-CLUSTERDOWN no leader\r\n", "-TRYAGAIN later\r\n"));
    pages.put("0 START", page("1:2", "1:2", "{\"a\":1}"));
    assertThat(run("orders", "--partition", "0", "--no-follow")).as(err()).isZero();
    assertThat(asked()).containsExactly("0 START", "0 START", "0 START");
    assertThat(out()).containsExactly("{\"a\":1}");
  }

  @Test
  void anotherNodeIsAskedWhenOneIsLost() {
    pages.put("0 START", ""); // closes the connection
    others.add(
        new ScriptedServer(
            words ->
                words.get(0).equals("STATUS") ? bulk(status()) : page("1:2", "1:2", "{\"a\":1}")));
    assertThat(run("orders", "--partition", "0", "--no-follow")).as(err()).isZero();
    assertThat(out()).containsExactly("{\"a\":1}");
  }

  @Test
  void whatIsGoneEndsIt() {
    pages.put("0 1:1", "-GONE 4:2000 is the oldest position\r\n");
    assertThat(run("orders", "--partition", "0", "--from", "0=1:1")).isEqualTo(1);
    assertThat(err()).isEqualTo("trefoil: GONE 4:2000 is the oldest position\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orders --from yesterday",
        "orders --from 0=1",
        "orders --from 1:1",
        "orders --partition 2",
        "orders --partition p",
        "orders --on-divergence ignore",
        "",
      })
  void whatIsNoTailIsBadUsage(String words) {
    assertThat(run(words.isEmpty() ? new String[0] : words.split(" "))).isEqualTo(2);
  }

  @Test
  void aDatabaseThatIsNotThereIsAFailureAndSoIsAFileOfAnother() throws IOException {
    assertThat(run("none")).isEqualTo(1);
    assertThat(err()).contains("there is no database 'none'");
    Path file = folder.resolve("positions");
    for (String content :
        List.of(
            "",
            "{\"database\":\"other\",\"positions\":{}}",
            "{\"database\":\"orders\",\"positions\":{\"0\":[\"17\"]}}",
            "{\"database\":\"orders\",\"positions\":{\"a\":[\"1:7\"]}}")) {
      Files.writeString(file, content);
      err.reset();
      assertThat(run("orders", "--position-file", file.toString())).isEqualTo(1);
      assertThat(err()).startsWith("trefoil: the position file " + file);
    }
  }
}
