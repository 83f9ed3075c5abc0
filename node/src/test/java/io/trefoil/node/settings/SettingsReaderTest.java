package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trefoil.base.HostPort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsReaderTest {
  @TempDir Path folder;

  @Test
  void withoutAnythingGivenTheDefaultsHold() {
    NodeSettings settings = SettingsReader.read(List.of());
    assertThat(settings.node())
        .isEqualTo(new NodeSettings.Node("n1", "local", Path.of("data", "n1"), 256L << 20));
    assertThat(settings.client().bind()).isEqualTo("127.0.0.1");
    assertThat(settings.client().port()).isEqualTo(6379);
    assertThat(settings.client().advertise()).isEqualTo("127.0.0.1");
    assertThat(settings.client().password()).isEmpty();
    assertThat(settings.client().maxConnections()).isEqualTo(10_000);
    assertThat(settings.client().maxBulkBytes()).isEqualTo(64 << 20);
    assertThat(settings.peer())
        .isEqualTo(new NodeSettings.Peer("127.0.0.1", 16379, 17379, "127.0.0.1", Optional.empty()));
    assertThat(settings.region())
        .isEqualTo(new NodeSettings.Region(new HostPort("127.0.0.1", 16379), 64L << 20));
    assertThat(settings.cluster())
        .isEqualTo(new NodeSettings.Cluster(List.of(), 1, Duration.ofMillis(600), 12));
    assertThat(settings.memory()).isEqualTo(new NodeSettings.Memory(256 << 20, 64 << 20));
    assertThat(settings.journal())
        .isEqualTo(new NodeSettings.Journal(64 << 20, 1 << 30, 256 << 20));
    assertThat(settings.httpPort()).isEqualTo(8379);
    assertThat(settings.eventLoops()).isEqualTo(1);
    assertThat(settings.logLevel()).isEqualTo(LogLevel.INFO);
    assertThat(settings.insecure()).isFalse();
    assertThat(settings.stopOnStdinClose()).isFalse();
  }

  @Test
  void everySettingCanBeGivenInAFile() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "sesame\n");
    NodeSettings settings =
        readFile(
            """
            node: {name: n2, region: eu}
            data.dir: /var/lib/trefoil
            client:
              bind: 0.0.0.0
              port: 7000
              advertise: db.example.org
              password-file: %s
              max-connections: 5
              max-bulk: 1mb
            peer:
              bind: "::"
              port: 7001
              advertise: fd00::1
              socket-buffer: 16kb
            region.advertise: "[fd00::9]:443"
            control.port: 7002
            http.port: 7003
            cluster:
              join: [n1:7001, "[fd00::2]:7001"]
              expect: 3
              lease: 1s
              database0-partitions: 1
            memory: {table: 1gb, block-cache: 32MB}
            journal:
              segment: 1mb
              keep: 2mb
              tail: 3mb
            event-loops: 1
            log: {level: debug}
            insecure: true
            """
                .formatted(secret));
    assertThat(settings.node())
        .isEqualTo(new NodeSettings.Node("n2", "eu", Path.of("/var/lib/trefoil"), 256L << 20));
    assertThat(settings.client())
        .isEqualTo(
            new NodeSettings.Client(
                "0.0.0.0", 7000, "db.example.org", settings.client().password(), 5, 1 << 20));
    assertThat(settings.client().password())
        .hasValueSatisfying(
            p -> assertThat(p.matches("sesame".getBytes(StandardCharsets.UTF_8))).isTrue());
    assertThat(settings.peer())
        .isEqualTo(new NodeSettings.Peer("::", 7001, 7002, "fd00::1", Optional.of(16_384L)));
    assertThat(settings.region())
        .isEqualTo(new NodeSettings.Region(new HostPort("fd00::9", 443), 64L << 20));
    assertThat(settings.cluster())
        .isEqualTo(
            new NodeSettings.Cluster(
                List.of(new HostPort("n1", 7001), new HostPort("fd00::2", 7001)),
                3,
                Duration.ofSeconds(1),
                1));
    assertThat(settings.memory()).isEqualTo(new NodeSettings.Memory(1 << 30, 32 << 20));
    assertThat(settings.journal()).isEqualTo(new NodeSettings.Journal(1 << 20, 2 << 20, 3 << 20));
    assertThat(settings.httpPort()).isEqualTo(7003);
    assertThat(settings.logLevel()).isEqualTo(LogLevel.DEBUG);
    assertThat(settings.insecure()).isTrue();
  }

  @Test
  void flagsWinOverTheFile() throws IOException {
    NodeSettings settings =
        readFile(
            "client: {port: 7000}\nnode.name: n7\n",
            "--client.port",
            "6400",
            "--memory.table=1gb",
            "--stop-on-stdin-close",
            "--insecure");
    assertThat(settings.client().port()).isEqualTo(6400);
    assertThat(settings.peer().port()).isEqualTo(16400);
    assertThat(settings.node().name()).isEqualTo("n7");
    assertThat(settings.memory().tableBytes()).isEqualTo(1 << 30);
    assertThat(settings.stopOnStdinClose()).isTrue();
    assertThat(settings.insecure()).isTrue();
  }

  @Test
  void aSwitchTakesAValueOnlyBehindAnEqualsSign() throws IOException {
    Path file = Files.writeString(folder.resolve("n1.yaml"), "insecure: true\nnode.name: n8\n");
    NodeSettings settings = SettingsReader.read(List.of("--insecure=false", file.toString()));
    assertThat(settings.insecure()).isFalse();
    settings = SettingsReader.read(List.of("--stop-on-stdin-close", file.toString()));
    assertThat(settings.node().name()).isEqualTo("n8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "# nothing set\n", "---\n", "{}\n"})
  void anEmptyFileSetsNothing(String content) throws IOException {
    assertThat(readFile(content)).isEqualTo(SettingsReader.read(List.of()));
  }

  /** File content, and the errors it must give, with n1.yaml for the file's path. */
  static Stream<Arguments> wrongFiles() {
    return Stream.of(
        wrong(
            "node:\n  name: n1\n\n\n\nclient:\n  port: abc\n",
            "n1.yaml:7: client.port: 'abc' is not a port (1 to 65535)"),
        wrong(
            "client.port: 0\npeer.port: 65536\nhttp.port: -1\ncontrol.port: 1.5\n",
            "n1.yaml:1: client.port: '0' is not a port (1 to 65535)",
            "n1.yaml:2: peer.port: '65536' is not a port (1 to 65535)",
            "n1.yaml:3: http.port: '-1' is not a port (1 to 65535)",
            "n1.yaml:4: control.port: '1.5' is not a port (1 to 65535)"),
        wrong(
            "client.prt: 1\nclint:\n  port: 2\nappendonly: yes\n",
            "n1.yaml:1: client.prt: unknown setting, did you mean client.port?",
            "n1.yaml:3: clint.port: unknown setting, did you mean client.port?",
            "n1.yaml:4: appendonly: unknown setting"),
        wrong(
            "client: 6379\n",
            "n1.yaml:1: client: a group of settings, such as client.bind, and none itself"),
        wrong(
            "client: [1, {a: 2}]\nlog.level: verbose\n",
            "n1.yaml:1: client: a group of settings, such as client.bind, and none itself",
            "n1.yaml:2: log.level: 'verbose' is not one of error, warn, info, debug, trace"),
        wrong(
            "client:\n  port: 1\nclient.port: 2\n",
            "n1.yaml:3: client.port: given twice, first at n1.yaml:2: client.port"),
        wrong(
            "client:\n  port: 1\n  port: 2\n",
            "n1.yaml:3: client.port: given twice, first at n1.yaml:2: client.port"),
        wrong(
            "client.port: [6379]\nmemory.table: {size: 1gb}\nnode.name:\n",
            "n1.yaml:1: client.port: takes one value",
            "n1.yaml:2: memory.table: takes one value",
            "n1.yaml:3: node.name: has no value"),
        wrong(
            "node.name: &a n1\nnode.region: *a\n",
            "n1.yaml:2: node.region: aliases ('*a') are not understood here"),
        wrong(
            "insecure: yes\nstop-on-stdin-close: true\n",
            "n1.yaml:1: insecure: 'yes' is not true or false",
            "n1.yaml:2: stop-on-stdin-close: only a flag of the command line, --stop-on-stdin-close"),
        wrong(
            "cluster.join: [n1:1, [n2:2]]\nmemory.table: 1mb\n",
            "n1.yaml:1: cluster.join: is not a list of host:port, joined by commas",
            "n1.yaml:2: memory.table: '1mb' is not a size from 16mb to 1tb"),
        wrong(
            "cluster: {join: [n1], lease: 600, expect: 0}\n",
            "n1.yaml:1: cluster.join: 'n1' is not a list of host:port, joined by commas",
            "n1.yaml:1: cluster.lease: '600' is not a duration from 200ms to 1m",
            "n1.yaml:1: cluster.expect: '0' is not a number from 1 to 1000"),
        wrong(
            "event-loops: 2\n",
            "n1.yaml:1: event-loops: '2' is not 1, which is all that this version can"),
        wrong(
            "node.name: \"a\\tb\"\n",
            "n1.yaml:1: node.name: 'a?b' is not a name (1 to 64 letters, digits, '.', '_' and '-')"),
        wrong("hello\n", "n1.yaml:1: a file of settings has lines of 'name: value'"),
        wrong("- a\n- b\n", "n1.yaml:1: a file of settings has lines of 'name: value'"),
        wrong(
            "node.name: n1\n---\nnode.name: n2\n",
            "n1.yaml:3: a second document; settings are one"),
        wrong(
            "node.name: n1\n  x: 2\n",
            "n1.yaml:1: node.name: 'n1 x' is not a name (1 to 64 letters, digits, '.', '_' and '-')",
            "n1.yaml:2: not YAML: mapping values are not allowed here"),
        wrong(
            "cluster.join: [n1:1\n",
            "n1.yaml:1: not YAML: while parsing a flow sequence, expected ',' or ']', but got <stream end>"),
        wrong(
            "a: " + "{a: ".repeat(12) + "1" + "}".repeat(12) + "\n",
            "n1.yaml:1: a" + ".a".repeat(9) + ": nested deeper than any setting"));
  }

  private static Arguments wrong(String content, String... problems) {
    return Arguments.of(content, List.of(problems));
  }

  @ParameterizedTest
  @MethodSource("wrongFiles")
  void whatIsWrongInAFileIsNamedWithItsLine(String content, List<String> problems)
      throws IOException {
    Path file = Files.writeString(folder.resolve("n1.yaml"), content);
    assertThat(problems(file.toString()))
        .extracting(problem -> problem.replace(file.toString(), "n1.yaml"))
        .isEqualTo(problems);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--client.port abc | --client.port: 'abc' is not a port (1 to 65535)",
        "--client.port= | --client.port: '' is not a port (1 to 65535)",
        "--client.port | --client.port: needs a value",
        "--client.port --insecure | --client.port: needs a value",
        "--client.prt 1 | --client.prt: unknown setting, did you mean client.port?",
        "--client 1 | --client: a group of settings, such as client.bind, and none itself",
        "-- | --: unknown setting",
        "--client.port 1 --client.port=2 | --client.port: given twice, first at --client.port",
        "--insecure=maybe | --insecure: 'maybe' is not true or false",
        "--data.dir= | --data.dir: '' is not a path",
        "--client.password-file /none | --client.password-file: '/none' holds no password: no such file",
        "none.yaml | none.yaml: no such file",
      })
  void whatIsWrongWithAFlagIsNamedWithIt(String arguments, String problem) {
    assertThat(problems(arguments.split(" "))).containsExactly(problem);
  }

  @Test
  void problemsOfTheFileTheFlagsAndTheRulesAreAllFound() throws IOException {
    Path file =
        Files.writeString(folder.resolve("n1.yaml"), "client: {bind: 10.0.0.1}\nmemory.table: x\n");
    assertThat(problems(file.toString(), "--event-loops", "4", "--journal.keep=64mb"))
        .extracting(problem -> problem.replace(file.toString(), "n1.yaml"))
        .containsExactly(
            "n1.yaml:2: memory.table: 'x' is not a size from 16mb to 1tb",
            "--event-loops: '4' is not 1, which is all that this version can",
            "n1.yaml:1: client.bind: 10.0.0.1 can be reached from other machines: set"
                + " client.password-file, or bind to 127.0.0.1",
            "--journal.keep: 64mb is less than two segments of 64mb (journal.segment)");
  }

  @Test
  void theMessageIsTheProblemsALineEach() {
    assertThatThrownBy(() -> SettingsReader.read(List.of("--http.port=x", "--peer.port=y")))
        .isInstanceOf(SettingsError.class)
        .hasMessage(
            "--http.port: 'x' is not a port (1 to 65535)\n"
                + "--peer.port: 'y' is not a port (1 to 65535)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "10.0.0.1", "::", "fd00::1"})
  void peersBeyondLoopbackNeedInsecure(String bind) {
    List<String> given = List.of("--peer.bind=" + bind, "--peer.advertise=n1.example.org");
    assertThat(problems(given))
        .containsExactly(
            "--peer.bind: "
                + bind
                + " can be reached from other machines, and nodes neither encrypt nor authenticate:"
                + " bind to 127.0.0.1, or set 'insecure: true' on a network that you trust");
    List<String> insecure = new ArrayList<>(given);
    insecure.add("--insecure");
    assertThat(SettingsReader.read(insecure).peer().bind()).isEqualTo(bind);
  }

  @Test
  void clientsBeyondLoopbackNeedAPasswordAlsoWhenInsecure() throws IOException {
    List<String> given = new ArrayList<>(List.of("--client.bind=10.0.0.1", "--insecure"));
    assertThat(problems(given))
        .containsExactly(
            "--client.bind: 10.0.0.1 can be reached from other machines: set client.password-file,"
                + " or bind to 127.0.0.1");
    Path secret = Files.writeString(folder.resolve("secret"), "sesame");
    given.add("--client.password-file=" + secret);
    assertThat(SettingsReader.read(given).client().advertise()).isEqualTo("10.0.0.1");
    Files.writeString(secret, "");
    assertThat(problems(given))
        .containsExactly(
            "--client.password-file: '" + secret + "' holds no password: its first line is empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.0.0.2", "::1", "localhost"})
  void everyLoopbackAddressIsOpenToAll(String bind) {
    assertThat(SettingsReader.read(List.of("--client.bind", bind, "--peer.bind", bind)).insecure())
        .isFalse();
  }

  @Test
  void aWildcardAddressNeedsAHostToAdvertise() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "sesame");
    assertThat(
            problems(
                "--client.bind=0.0.0.0",
                "--client.password-file=" + secret,
                "--peer.bind=::",
                "--insecure"))
        .containsExactly(
            "client.advertise: needed, because nobody can dial client.bind 0.0.0.0",
            "peer.advertise: needed, because nobody can dial peer.bind ::");
  }

  @Test
  void noTwoPortsAreTheSame() {
    assertThat(problems("--client.port=7000", "--http.port=17000"))
        .containsExactly("--http.port: 17000 is peer.port already");
    assertThat(problems("--control.port=16379"))
        .containsExactly("--control.port: 16379 is peer.port already");
  }

  @Test
  void aPortThatFollowsFromTheClientPortMustExist() {
    assertThat(problems("--client.port=55000"))
        .containsExactly("control.port: needed, because client.port 55000 + 11000 is beyond 65535");
    assertThat(problems("--client.port=65000"))
        .containsExactly(
            "peer.port: needed, because client.port 65000 + 10000 is beyond 65535",
            "control.port: needed, because client.port 65000 + 11000 is beyond 65535",
            "http.port: needed, because client.port 65000 + 2000 is beyond 65535");
    assertThat(
            SettingsReader.read(
                    List.of(
                        "--client.port=65000",
                        "--peer.port=1",
                        "--control.port=2",
                        "--http.port=3"))
                .peer())
        .isEqualTo(new NodeSettings.Peer("127.0.0.1", 1, 2, "127.0.0.1", Optional.empty()));
  }

  @Test
  void whatIsGivenAndRefusedIsNotCalledMissingToo() {
    assertThat(problems("--client.port=55000", "--control.port=x"))
        .containsExactly("--control.port: 'x' is not a port (1 to 65535)");
    assertThat(problems("--peer.bind=0.0.0.0", "--peer.advertise=a b", "--insecure"))
        .containsExactly(
            "--peer.advertise: 'a b' is not a host name or IP address that others can dial");
  }

  @Test
  void aFileThatIsNoTextOrTooLargeOrAFolderIsRefused() throws IOException {
    Path file = folder.resolve("n1.yaml");
    Files.write(file, new byte[] {'a', ':', ' ', (byte) 0xff});
    assertThat(problems(file.toString())).containsExactly(file + ": not UTF-8 text");
    Files.writeString(file, "#".repeat(SettingsFile.MAX_BYTES + 1));
    assertThat(problems(file.toString()))
        .containsExactly(file + ": can't be read: it is larger than 256kb");
    assertThat(problems(folder.toString()))
        .containsExactly(folder + ": can't be read: it is a folder");
    assertThat(problems("a\0b")).singleElement().asString().startsWith("a?b: can't be read: ");
  }

  @Test
  void aSecondFileIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("n1.yaml"), "node.name: n1\n");
    assertThat(problems(file.toString(), "--node.name", "n2", "n3.yaml"))
        .containsExactly("n3.yaml: a second file of settings");
  }

  @Test
  void problemsAreBounded() throws IOException {
    Path file = Files.writeString(folder.resolve("n1.yaml"), "x: 1\n".repeat(10_000));
    assertThat(problems(file.toString())).hasSize(51).endsWith("and more");
  }

  private NodeSettings readFile(String content, String... flags) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(flags));
    arguments.add(0, Files.writeString(folder.resolve("n1.yaml"), content).toString());
    return SettingsReader.read(arguments);
  }

  private static List<String> problems(String... arguments) {
    return problems(List.of(arguments));
  }

  private static List<String> problems(List<String> arguments) {
    SettingsError error =
        catchThrowableOfType(SettingsError.class, () -> SettingsReader.read(arguments));
    assertThat(error).as("these settings must be refused: %s", arguments).isNotNull();
    return error.problems();
  }
}
