package io.trefoil.control;

import static io.trefoil.control.Clusters.P;
import static io.trefoil.control.Clusters.node;
import static io.trefoil.control.Clusters.presence;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.HostPort;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ControlFormatTest {
  private static final DatabaseOptions ALL =
      new DatabaseOptions(
          3,
          Replication.SINGLE_LEADER,
          3,
          8,
          CommitRule.semiSync(1),
          Durability.FSYNC,
          900,
          Reads.bounded(50),
          FailoverRule.SAFE,
          null,
          null,
          null,
          null);

  private static final DatabaseOptions LEADERLESS =
      ClusterStateTest.options(
          "REPLICATION LEADERLESS PARTITIONS 1 R 3 W 1 SLOPPY YES CONFLICT SIBLINGS");

  private static final DatabaseOptions MULTI_LEADER =
      ClusterStateTest.options(
          "REPLICATION MULTI-LEADER PARTITIONS 1 REGIONS 2 us eu TOPOLOGY STAR us CONFLICT SIBLINGS");

  private static final ControlCommand LINK =
      new ControlCommand.LinkRegion(
          "us", List.of(new HostPort("n1.us", 16379), new HostPort("fd00::1", 65535)));

  private static final List<ControlCommand> COMMANDS =
      List.of(
          new ControlCommand.Found(-5, 3, 5000, ALL),
          new ControlCommand.Register(presence(2, -9, 4), true),
          new ControlCommand.Register(presence(2, 9, 0), false),
          new ControlCommand.Start(node(2), -9, 4),
          new ControlCommand.Whole(node(2), 4),
          new ControlCommand.Create("orders", ALL),
          new ControlCommand.Create("carts", LEADERLESS),
          new ControlCommand.Ensure(15),
          new ControlCommand.Alter("orders", DatabaseOptions.NONE),
          new ControlCommand.Look(),
          new ControlCommand.Drop("orders"),
          new ControlCommand.Succeed(
              7,
              99,
              List.of(
                  new ControlCommand.Succession(
                      17, new ControlCommand.Appointment(P, 18, node(3), 4, false, 12)))),
          new ControlCommand.OpenEpochs(
              new TreeMap<>(Map.of(P, 17L)), Failover.Cause.SILENT, 1_700_000_000_000L),
          new ControlCommand.Appoint(
              8, List.of(new ControlCommand.Appointment(P, 17, node(2), 4, true, 812))),
          new ControlCommand.Advance(P, 17, 3),
          new ControlCommand.CopyReady(node(2), P, 3),
          new ControlCommand.Move("orders", null, "n1", "n4"),
          new ControlCommand.Move("orders", 0, "n1", "n4", new TreeSet<>(Set.of(node(3)))),
          new ControlCommand.Alter("orders", ALL, new TreeSet<>(Set.of(node(3)))),
          new ControlCommand.Prefer("orders", 7, "n2"),
          new ControlCommand.Drain("n2", true),
          new ControlCommand.Create("users", MULTI_LEADER, "eu", -7),
          new ControlCommand.Create(
              "users",
              MULTI_LEADER,
              "eu",
              -7,
              Regions.first("eu", List.of("us", "eu"), Topology.RING, Conflict.SIBLINGS)
                  .changed(List.of("eu", "ap"), Topology.star("ap"), Conflict.LWW)),
          new ControlCommand.Span(
              "users", -7, Regions.first("eu", List.of("eu"), Topology.RING, Conflict.LWW)),
          new ControlCommand.Span("users", 0, null),
          LINK,
          new ControlCommand.UnlinkRegion("us"));

  private static final List<ControlMessage> MESSAGES =
      List.of(
          new ControlMessage.Join(presence(2, -9, 4)),
          new ControlMessage.Started(node(2), -9, 4),
          new ControlMessage.LeaseRequest(node(2), 4, -77, true),
          new ControlMessage.StateRequest(9),
          new ControlMessage.SubmitRequest(new ControlCommand.Drop("orders")),
          new ControlMessage.SilenceReport(node(3), node(2), 4),
          new ControlMessage.Stopping(node(2), 4),
          new ControlMessage.Resign(node(2), 4, new TreeMap<>(Map.of(P, 17L))),
          new ControlMessage.FenceAnswer(
              node(2),
              4,
              List.of(new ControlMessage.Fenced(P, 18, new Position(17, 300), true, 12345))),
          new ControlMessage.ChangeReady(node(2), P, 17, 2),
          new ControlMessage.WholeReport(node(2), 4),
          new ControlMessage.TermAnswer(node(2), -3, 8),
          new ControlMessage.OutcomeReply(new Outcome.Done(7)),
          new ControlMessage.OutcomeReply(new Outcome.Refused("ERR no", true)),
          new ControlMessage.OutcomeReply(new Outcome.Overtaken(5)),
          new ControlMessage.OutcomeReply(new Outcome.Registered(77, node(2), 4, true, false)),
          new ControlMessage.LeaseReply(-77, 600_000_000, 9),
          new ControlMessage.StateReply(state()),
          new ControlMessage.StateReply(null),
          new ControlMessage.HandOverRequest(List.of(new ControlMessage.HandOver(P, 18, node(3)))),
          new ControlMessage.Newer(99),
          new ControlMessage.FenceRequest(new TreeMap<>(Map.of(P, 18L))),
          new ControlMessage.TermQuery(-3),
          new ControlMessage.NotController(null, null),
          new ControlMessage.NotController(node(1), null),
          new ControlMessage.NotController(
              node(1),
              new Addresses(
                  "n1.local", 6379, 16379, 17379, 8379, new HostPort("gate.example.org", 443))));

  @Test
  void everyCommandComesBack() {
    for (ControlCommand command : COMMANDS) {
      byte[] bytes = ControlFormat.encode(command);
      assertThat(ControlFormat.decodeCommand(bytes)).isEqualTo(command);
      assertCutsAreMalformed(bytes, ControlFormat::decodeCommand);
    }
    assertThat(COMMANDS.stream().map(Object::getClass))
        .contains(ControlCommand.class.getPermittedSubclasses());
  }

  @Test
  void everyMessageComesBack() {
    for (ControlMessage message : MESSAGES) {
      byte[] bytes = ControlFormat.encode(message);
      assertThat(ControlFormat.decodeMessage(bytes)).isEqualTo(message);
      assertCutsAreMalformed(bytes, ControlFormat::decodeMessage);
    }
    assertThat(MESSAGES.stream().map(Object::getClass))
        .contains(ControlMessage.ToController.class.getPermittedSubclasses())
        .contains(ControlMessage.ToNode.class.getPermittedSubclasses());
  }

  @Test
  void aStateComesBackEqualThoughNotTheSame() {
    byte[] bytes = ControlFormat.encode(state());
    assertThat(ControlFormat.decodeState(bytes)).isEqualTo(state());
    assertThat(ControlFormat.decodeState(ControlFormat.encode(ClusterState.EMPTY)))
        .isEqualTo(ClusterState.EMPTY);
    assertCutsAreMalformed(bytes, ControlFormat::decodeState);
  }

  @Test
  void aStateWithALeaseOutOfBoundsIsMalformed() {
    for (long leaseMillis : new long[] {0, 199, 60_001, -1}) {
      ByteSink sink =
          new ByteSink().putByte(ControlFormat.VERSION).putLong(77).putVarint(9).putVarint(3);
      byte[] bytes = sink.putVarint(leaseMillis).toArray();
      assertThatThrownBy(() -> ControlFormat.decodeState(bytes))
          .isInstanceOf(MalformedBytesException.class)
          .hasMessage("a lease of " + leaseMillis + " ms");
    }
    Clusters.Log log = Clusters.of(1, DatabaseOptions.NONE, 60_000);
    assertThat(ControlFormat.decodeState(ControlFormat.encode(log.state))).isEqualTo(log.state);
  }

  @Test
  void quorumsOutOfBoundsAreMalformed() {
    byte[] bytes = ControlFormat.encode(new ControlCommand.Create("carts", LEADERLESS));
    // The last bytes: R and flag, W and flag, SLOPPY and flag, CONFLICT; flags of REGIONS and
    // TOPOLOGY; no region, eight bytes of no definition, and a flag of no regions.
    int r = bytes.length - 7 - 2 - 10;
    assertThat(bytes[r]).isEqualTo((byte) 3);
    bytes[r] = 0;
    assertThatThrownBy(() -> ControlFormat.decodeCommand(bytes))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("a quorum of 0");
    bytes[r] = 8;
    assertThatThrownBy(() -> ControlFormat.decodeCommand(bytes))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("a count of 8, allowed are 0 to 7");
    ByteSink sink = new ByteSink();
    DatabaseOptions four = ClusterStateTest.options("REPLICATION LEADERLESS REPLICAS 3 R 4");
    ControlFormat.putSettings(sink, four.over(DatabaseSettings.defaults(3)));
    assertThatThrownBy(() -> ControlFormat.getSettings(new ByteSource(sink.toArray())))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("quorums of more than 3 replicas");
  }

  @Test
  void regionsOutOfBoundsAreMalformed() {
    assertMalformed(
        sink -> ControlFormat.putAll(sink, Collections.nCopies(33, "n1"), ByteSink::putText),
        "a count of 33, allowed are 0 to 32");
    assertMalformed(
        sink -> {
          sink.putVarint(1);
          ControlFormat.putHostPort(sink, new HostPort("n1", 65_536));
        },
        "a count of 65536, allowed are 0 to 65535");
  }

  private static void assertMalformed(Consumer<ByteSink> addresses, String message) {
    ByteSink sink = new ByteSink().putByte(ControlFormat.VERSION).putByte(18).putText("us");
    addresses.accept(sink);
    assertThatThrownBy(() -> ControlFormat.decodeCommand(sink.toArray()))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage(message);
  }

  @Test
  void aStateWhoseDatabaseIsNotInItsRegionsIsMalformed() {
    byte[] bytes = ControlFormat.encode(state());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    // Here, which is eu, the version, then the names.
    int here = text.indexOf("\2eu\1\2\2us\2eu");
    bytes[here + 1] = 'x';
    assertThatThrownBy(() -> ControlFormat.decodeState(bytes))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("cluster state: this cluster is in one of the regions");
  }

  @Test
  void aNewerFormatIsRefusedByName() {
    byte[] bytes = ControlFormat.encode(state());
    bytes[0] = ControlFormat.VERSION + 1;
    assertThatThrownBy(() -> ControlFormat.decodeState(bytes))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("cluster state format 6 is newer than this version reads (5)");
    bytes[0] = ControlFormat.VERSION - 1;
    assertThatThrownBy(() -> ControlFormat.decodeState(bytes))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("cluster state format 4 is older than this version reads (5)");
  }

  @Test
  void aCountBeyondItsBoundTakesNoMemory() {
    byte[] bytes =
        new ByteSink()
            .putByte(ControlFormat.VERSION)
            .putByte(36)
            .putVarint(Integer.MAX_VALUE)
            .toArray();
    assertThatThrownBy(() -> ControlFormat.decodeMessage(bytes))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("a count of 2147483647, allowed are 0 to 16384");
  }

  @Property
  void anyBytesAreReadOrMalformed(@ForAll byte[] bytes) {
    assertReadOrMalformed(bytes);
  }

  @Property
  void aMessageWithOneChangedByteIsReadOrMalformed(
      @ForAll @IntRange(min = 0, max = 20) int which,
      @ForAll @IntRange(min = 0, max = 500) int where,
      @ForAll byte value) {
    byte[] bytes = ControlFormat.encode(MESSAGES.get(which));
    bytes[where % bytes.length] = value;
    assertReadOrMalformed(bytes);
  }

  private static void assertReadOrMalformed(byte[] bytes) {
    try {
      assertThat(ControlFormat.decodeMessage(bytes)).isNotNull();
    } catch (MalformedBytesException malformed) {
      assertThat(malformed.getMessage()).isNotEmpty();
    }
  }

  private static void assertCutsAreMalformed(byte[] bytes, Function<byte[], ?> decode) {
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> decode.apply(cut)).isInstanceOf(MalformedBytesException.class);
    }
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> decode.apply(longer)).isInstanceOf(MalformedBytesException.class);
  }

  private static ClusterState state() {
    Clusters.Log log = Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    log.apply(new ControlCommand.Create("orders", ALL));
    log.apply(
        new ControlCommand.OpenEpochs(new TreeMap<>(Map.of(P, 0L)), Failover.Cause.STOPPED, 9));
    log.apply(
        new ControlCommand.Appoint(
            1,
            List.of(
                new ControlCommand.Appointment(P, log.partition().epoch(), node(2), 1, true, 4))));
    log.apply(new ControlCommand.Alter("0", ClusterStateTest.options("COMMIT SYNC")));
    log.apply(
        new ControlCommand.OpenEpochs(
            new TreeMap<>(Map.of(P, log.partition().epoch())), Failover.Cause.STOPPED, 9));
    log.apply(new ControlCommand.Create("one", ClusterStateTest.options("REPLICAS 1")));
    log.apply(new ControlCommand.Alter("one", ClusterStateTest.options("REPLICAS 3")));
    log.apply(new ControlCommand.Drain("n3", true));
    log.apply(new ControlCommand.Create("carts", LEADERLESS));
    log.apply(new ControlCommand.Alter("carts", ClusterStateTest.alteration("R 2 W 2")));
    PartitionState changing = log.state.partitions().get(log.state.partitions().lastKey());
    log.apply(new ControlCommand.CopyReady(node(2), changing.id(), changing.configVersion()));
    log.apply(LINK);
    log.apply(new ControlCommand.Create("users", MULTI_LEADER, "eu", -7));
    assertThat(log.state.database("users")).isPresent();
    return log.state;
  }
}
