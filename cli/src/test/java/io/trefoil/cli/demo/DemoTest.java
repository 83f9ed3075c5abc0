package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.NodeProcess;
import io.trefoil.cli.process.Signals;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the whole demo without a terminal, with stand-ins for the nodes' processes. */
@Tag("slow")
class DemoTest {
  private static final NodeProcess.Launch STAND_IN =
      new NodeProcess.Launch(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
          System.getProperty("java.class.path"),
          StandInNode.class.getName());

  @TempDir Path directory;
  private Demo.Replication replication = Demo.Replication.SINGLE_LEADER;
  private List<String> regions = List.of();
  private List<DemoScript.Step> script = List.of();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private Demo demo(boolean fresh) {
    Demo.Settings settings =
        new Demo.Settings(
            directory,
            fresh,
            23_479,
            replication,
            regions,
            new Writer.Settings(500, 20, "k:"),
            script,
            Duration.ofSeconds(20));
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    Stdio stdio = new Stdio(InputStream.nullInputStream(), print, print, false, false, Map.of());
    return new Demo(settings, stdio, STAND_IN);
  }

  private static CompletableFuture<Integer> start(Demo demo) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return demo.run();
          } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private void awaitOutput(String pattern) {
    Pattern compiled = Pattern.compile(pattern);
    Conditions.await(() -> compiled.matcher(out()).find(), this::out);
  }

  @Test
  void aLeaderIsKilledRestartedAndPausedAndLostWritesAreCounted() throws Exception {
    saveDivergence("old", 3);
    Demo demo = demo(false);
    CompletableFuture<Integer> run = start(demo);
    awaitOutput("n1 leader, n2 follower, n3 follower .*[1-9]\\d* acknowledged");
    assertThat(out()).contains("Try, in another terminal:", "./trefoil cli -p ", "--readonly");

    demo.press('k');
    awaitOutput("n1 died: killed by signal 9");
    awaitOutput("database 0: n2 leads, epoch 2 \\(before: n1\\)");
    awaitOutput("acknowledged writes: \\d+ are LOST");
    awaitOutput("n1 dead, n2 leader.* [1-9]\\d* lost");

    demo.press('r');
    awaitOutput("n1 starts again");
    awaitOutput("database 0: n1 leads, epoch 1");
    saveDivergence("new", 2);
    awaitOutput("n1 saved what left the history: 2 entries\\n\\S+   n1/divergence/new.jsonl");
    assertThat(out()).doesNotContain("old.jsonl");

    demo.press('p');
    awaitOutput("n2, a follower, is paused");
    awaitOutput("n2 paused");
    demo.press('p');
    awaitOutput("n2 goes on");

    demo.press('c');
    awaitOutput("DATABASE ALTER 0 REPLICAS 3 COMMIT SYNC: \\d+");
    awaitOutput("sync epoch 1 serving: [1-9]\\d* acknowledged");
    demo.press('s');
    awaitOutput("SWITCHOVER 0 TO n[23]: \\d+");
    assertSecondDemoIsRefused();

    demo.press('p');
    awaitOutput("(?s)goes on.*n2, a follower, is paused");
    demo.requestStop();
    assertThat(run.get(20, TimeUnit.SECONDS)).isZero();
    assertThat(out()).contains("The nodes are stopped. Their data is in " + directory);
    assertAllNodesEnded();
  }

  @Test
  void leaderlessDatabasesAreSideBySideAndStaleReadsAndHintsAreCounted() throws Exception {
    replication = Demo.Replication.LEADERLESS;
    Demo demo = demo(false);
    CompletableFuture<Integer> run = start(demo);
    awaitOutput("DATABASE CREATE no-overlap REPLICATION LEADERLESS REPLICAS 3 R 1 W 1 .*ms");
    awaitOutput(
        "n1 serving, n2 serving, n3 serving \\| R 2 W 2 serving: [1-9]\\d* acknowledged,"
            + ".* [1-9]\\d* stale \\| R 1 W 1 serving: [1-9]\\d* acknowledged,.* [1-9]\\d* stale");
    assertThat(out()).contains("-n overlap incr visits");

    demo.press('k');
    awaitOutput("kill -9 n1, where the writers are");
    awaitOutput("the writers go on at n2");
    awaitOutput("n1 dead 14 hints, n2 serving");

    demo.press('r');
    awaitOutput("n1 starts again");
    awaitOutput("n1 is back: 14 hints were kept for it, now 0");
    demo.press('p');
    awaitOutput("n[13], a replica, is paused");
    demo.press('p');
    awaitOutput("n[13] goes on");
    demo.press('q');
    assertThat(run.get(20, TimeUnit.SECONDS)).isZero();
    assertThat(out())
        .containsPattern("overlap +R 2 W 2 of 3: of \\d+ reads \\d+ \\(.* %\\) showed less")
        .doesNotContain("database 0:");
  }

  @Test
  void regionsAreCutOffAndHealedAndComparedInTheEnd() throws Exception {
    replication = Demo.Replication.MULTI_LEADER;
    regions = List.of("eu", "us");
    Demo demo = demo(false);
    CompletableFuture<Integer> run = start(demo);
    awaitOutput("eu: REGION LINK us 127.0.0.1:\\d+ 127.0.0.1:\\d+: \\d+ ms");
    awaitOutput("DATABASE CREATE users REPLICATION MULTI-LEADER REGIONS 2 eu us .*: \\d+ ms");
    awaitOutput("conflict in cart:1: us-1 of us is seen, eu-1 of eu is hidden \\(latest write\\)");
    awaitOutput(
        "eu serving, led by eu-n1: [1-9]\\d* acknowledged.* there has not confirmed 4"
            + " \\| us serving, led by us-n1: [1-9]\\d* acknowledged.* \\| link ok \\| 1 conflicts");

    demo.press('x');
    awaitOutput("the link is cut");
    awaitOutput("link cut for \\d");
    demo.press('x');
    awaitOutput("the link is healed");
    awaitOutput("caught up \\d.* after healing");

    demo.press('k');
    awaitOutput("kill -9 eu-n1, which leads in eu");
    awaitOutput("eu-n1 dead \\| eu serving, led by eu-n2");
    demo.press('r');
    awaitOutput("eu-n1 starts again");
    awaitOutput("\\neu serving, led by eu-n1.*(?s:.)*\\neu serving, led by eu-n1");
    demo.press('q');
    assertThat(run.get(40, TimeUnit.SECONDS)).isZero();
    assertThat(out())
        .contains("DATABASE VERIFY users: equal, 7 keys")
        .containsPattern("counter: \\d+ in eu, \\d+ in us; \\d+ increments .*: WRONG")
        .containsPattern("us: \\d+ acknowledged writes: \\d+ are LOST in eu")
        .contains("conflicts: 1 values were hidden")
        .contains("./trefoil demo --regions eu,us --fresh");
  }

  @Test
  void aScriptPressesKeysAndEndsTheDemo() throws Exception {
    script = DemoScript.parse("0.3 k 0.3");
    assertThat(demo(false).run()).isZero();
    assertThat(out())
        .containsSubsequence("n1 leader", "kill -9 n1, the leader", "n1 dead", "are stopped");
  }

  private void saveDivergence(String name, int entries) throws IOException {
    Path folder = Files.createDirectories(directory.resolve("n1").resolve("divergence"));
    String lines = "{\"format\":1}\n" + "{\"position\":\"1:1\"}\n".repeat(entries);
    Path written = Files.writeString(folder.resolve(name + ".part"), lines);
    Files.move(written, folder.resolve(name + ".jsonl"));
  }

  private void assertSecondDemoIsRefused() {
    assertThatThrownBy(() -> demo(false).run())
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("a demo runs already (pid " + ProcessHandle.current().pid())
        .hasMessageContaining("stop it with: kill ");
  }

  private void assertAllNodesEnded() throws IOException {
    List<String> pids =
        Files.readAllLines(directory.resolve("demo.running")).stream()
            .filter(line -> line.startsWith("node "))
            .map(line -> line.split(" ")[1])
            .toList();
    assertThat(pids).hasSize(3);
    assertThat(pids).noneMatch(pid -> ProcessHandle.of(Long.parseLong(pid)).isPresent());
  }

  @Test
  void aNodeThatEndsWhileStartingIsReportedWithItsLastLines() throws Exception {
    Files.createDirectories(directory.resolve("n2"));
    Files.createFile(directory.resolve("n2").resolve("fail"));
    assertThatThrownBy(() -> demo(false).run())
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("n2 ended while starting, exit code 2")
        .hasMessageContaining("last line");
    assertAllNodesEnded();
  }

  @Test
  void freshRemovesWhatADemoMadeAndNothingElse() throws Exception {
    Path old = Files.createDirectories(directory.resolve("n1").resolve("journal"));
    assertThatThrownBy(() -> demo(true).run())
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("was not made by a demo");
    assertThat(old).exists();

    Files.createFile(directory.resolve("n1.yaml"));
    Files.createFile(directory.resolve("mine.txt"));
    Demo demo = demo(true);
    demo.requestStop();
    assertThat(demo.run()).isZero();
    assertThat(old).doesNotExist();
    assertThat(directory.resolve("mine.txt")).exists();
  }

  @Test
  void nodesOfADemoThatIsKilledStopByThemselvesAndPausedOnesAreEndedByTheNextDemo()
      throws Exception {
    Process killed = startDemoProcess();
    Conditions.await(this::nodesRun, () -> "no nodes");
    List<Long> nodes = killed.descendants().map(ProcessHandle::pid).toList();
    Path lock = directory.resolve("demo.running");
    Matcher third =
        Pattern.compile("(?s)node \\d+.*node \\d+.*node (\\d+)").matcher(Files.readString(lock));
    assertThat(third.find()).isTrue();
    long paused = Long.parseLong(third.group(1));
    Signals.pause(paused);
    // Another process holds the lock: what this one does must not make the other lose it.
    assertThatThrownBy(() -> demo(false).run())
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("a demo runs already (pid " + killed.pid());

    killed.destroyForcibly().waitFor();
    Conditions.await(
        () -> nodes.stream().filter(pid -> pid != paused).noneMatch(DemoTest::isAlive),
        nodes::toString);
    assertThat(directory.resolve("n1").resolve("stopped")).hasContent("cleanly");
    assertThat(isAlive(paused)).isTrue();

    Demo next = demo(false);
    next.requestStop();
    assertThat(next.run()).isZero();
    assertThat(out()).contains("Ended node process " + paused);
    assertThat(isAlive(paused)).isFalse();
  }

  private static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  private boolean nodesRun() {
    return List.of("n1", "n2", "n3").stream().allMatch(name -> Files.exists(log(name)))
        && read(directory.resolve("demo.running"))
                .lines()
                .filter(line -> line.startsWith("node "))
                .count()
            == 3;
  }

  private Path log(String node) {
    return directory.resolve(node).resolve("logs").resolve("node.log");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Another process runs the demo, for this one must survive its kill -9. */
  private Process startDemoProcess() throws IOException {
    return new ProcessBuilder(
            STAND_IN.java(),
            "-cp",
            STAND_IN.classPath(),
            DemoProcess.class.getName(),
            directory.toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** The main class of that process. */
  public static final class DemoProcess {
    public static void main(String[] arguments)
        throws IOException, InterruptedException, ExecutionException {
      DemoTest test = new DemoTest();
      test.directory = Path.of(arguments[0]);
      start(test.demo(false)).get();
    }
  }
}
