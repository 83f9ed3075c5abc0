package io.trefoil.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.bench.load.ValueSizes;
import io.trefoil.bench.server.Deployment;
import io.trefoil.bench.server.Deployment.Algorithm;
import io.trefoil.cli.Main;
import io.trefoil.cli.Stdio;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class BenchCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  static Stdio stdio(ByteArrayOutputStream out, ByteArrayOutputStream err) {
    return new Stdio(
        InputStream.nullInputStream(),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false,
        false,
        Map.of());
  }

  /** What these options mean. */
  static Settings settings(String... options) {
    BenchCommand command =
        new BenchCommand(stdio(new ByteArrayOutputStream(), new ByteArrayOutputStream()));
    new CommandLine(command).parseArgs(options);
    return command.settings();
  }

  private int run(String... arguments) {
    Stdio stdio = stdio(out, err);
    return Main.execute(stdio, List.of(new BenchCommand(stdio)), arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--versus mysql | --versus must be redis, etcd, cassandra, single-leader or none, not 'mysql'",
        "--versus redis,redis | --versus: redis is given twice",
        "--versus redis --algorithm multi-leader | --algorithm multi-leader has no peer here",
        "--versus single-leader --algorithm single-leader | needs --algorithm leaderless",
        "--versus cassandra --nodes 1 | --nodes beside Cassandra must be 3, not 1",
        "--versus etcd --value 16001 | --value beside etcd is 16000 at most",
        "--nodes 2 | --nodes must be 1 or 3, not 2",
        "--algorithm paxos | --algorithm must be single-leader or multi-leader or leaderless, not",
        "--algorithm multi-leader --nodes 3 | --nodes of multi-leader (two regions of one node)",
        "--replicas 2 | --replicas must be 1, not 2",
        "--commit semi-sync | --commit semi-sync needs two replicas",
        "--commit most | --commit must be async or semi-sync or majority or sync, not 'most'",
        "--algorithm leaderless --commit sync | --commit needs a leader",
        "--r 2 | --r and --w need --algorithm leaderless",
        "--algorithm leaderless --w 4 | --w must be from 1 to 3, not 4",
        "--durability never | --durability must be os or fsync, not 'never'",
        "--connect some | --connect must be one or all, not 'some'",
        "--pipeline 0 | --pipeline must be numbers from 1 to 1024, not '0'",
        "--pipeline 2000 | --pipeline must be numbers from 1 to 1024, not '2000'",
        "--reads 1.5 | --reads must be shares from 0 to 1, not '1.5'",
        "--value 0 | --value must be bytes, or from-to, from 1 to 1048576, not '0'",
        "--value 9-3 | --value must be bytes, or from-to",
        "--keys 0 | --keys must be from 1 to 1000000000, not 0",
        "--distribution zipf:1 | a theta above 0 and below 1, not 'zipf:1'",
        "--distribution normal | --distribution must be uniform, zipf or zipf:<theta>",
        "--rate fast | --rate must be max, requests a second such as 5000",
        "--rate 150% | --rate must be max",
        "--rate 0 | --rate must be max",
        "--gaps none | --gaps must be equal or exponential, not 'none'",
        "--threads 51 | --threads must be from 1 to 50, not 51",
        "--seconds 0 | --seconds must be from 1 to 3600, not 0",
        "--pairs many | Invalid value for option '--pairs': 'many' is not an int",
        "--node-options memory.table | --node-options must be pairs such as '--memory.table 64mb'",
        "--at localhost | --at must be host:port, not 'localhost'",
        "--at localhost:99999 | --at must be host:port, not 'localhost:99999'",
        "--at localhost:1 --versus redis | --at measures servers that run already",
        "--database 3 | --database needs --at",
        "--value 1000000 --pipeline 1024 | of buffers, 768 MB are the most",
        "--quick | Unknown option: '--quick'"
      })
  void badUsageIsToldApartAndEndsWithTwo(String options, String problem) {
    assertThat(run(("bench " + options).split(" "))).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("trefoil: ")
        .contains(problem, "--help");
    assertThat(out.size()).isZero();
  }

  @Test
  void aServerThatIsNotThereEndsWithOne() {
    assertThat(run("bench", "--at", "127.0.0.1:1")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("trefoil: cannot connect to 127.0.0.1:1");
  }

  @Test
  void theDefaultsAreOneNodeAndAllOfWritesAndReads() {
    Settings settings = settings();
    assertThat(settings.reads()).containsExactly(0.0, 1.0);
    assertThat(settings.pipelines()).containsExactly(1, 16);
    assertThat(settings.sizes()).isEqualTo(new ValueSizes(64, 64));
    assertThat(settings.rate()).isEqualTo(new Settings.Rate(0, 0));
    assertThat(settings.deployment())
        .isEqualTo(
            new Deployment(
                Algorithm.SINGLE_LEADER, 1, 1, 1, Deployment.Commit.MAJORITY, false, 1, 1, false));
  }

  @Test
  void aPeerDecidesWhatIsNotSaid() {
    Deployment etcd = settings("--versus", "etcd").deployment();
    assertThat(etcd.nodes()).isEqualTo(3);
    assertThat(etcd.isSynced()).isTrue();
    assertThat(settings("--versus", "etcd", "--durability", "os").deployment().isSynced())
        .isFalse();
    Deployment cassandra = settings("--versus", "cassandra").deployment();
    assertThat(cassandra.algorithm()).isEqualTo(Algorithm.LEADERLESS);
    assertThat(cassandra.isSpread()).isTrue();
    assertThat(cassandra.copies()).isEqualTo(2);
  }

  @Test
  void wordsOfOptionsHaveTheirMeaning() {
    Settings settings =
        settings(
            "--pipeline=4,8",
            "--reads=0.25 0.75",
            "--value=10-20",
            "--rate=2.5%",
            "--gaps=exponential",
            "--node-options=--memory.table 64mb --cluster.lease 1s",
            "--nodes=3",
            "--commit=semi-sync");
    assertThat(settings.pipelines()).containsExactly(4, 8);
    assertThat(settings.reads()).containsExactly(0.25, 0.75);
    assertThat(settings.sizes()).isEqualTo(new ValueSizes(10, 20));
    assertThat(settings.rate()).isEqualTo(new Settings.Rate(0, 0.025));
    assertThat(settings.isExponential()).isTrue();
    assertThat(settings.nodeSettings()).containsExactly("memory.table: 64mb", "cluster.lease: 1s");
    assertThat(settings.deployment().copies()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"async,1", "semi-sync,2", "majority,2", "sync,3"})
  void aCommitRuleIsSoManyCopies(String rule, int copies) {
    assertThat(settings("--nodes", "3", "--commit", rule).deployment().copies()).isEqualTo(copies);
  }
}
