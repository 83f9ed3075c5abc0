package io.trefoil.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.util.CodeInjectionForTesting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three real Raft servers on the loopback interface. */
@Tag("slow")
class ControlPlaneTest {
  private static final long CLUSTER = 0x7ef01L;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static final Pattern LOG_FILE = Pattern.compile("log_(?:inprogress_)?(\\d+).*");

  /** Ratis's name for the place where a server takes entries. */
  private static final String APPEND_ENTRIES = "RaftServerImpl.appendEntries";

  /** So small that a few hundred commands make snapshots and purge the log below them. */
  private static final ControlPlane.Limits SMALL = new ControlPlane.Limits(50, 1, "4KB");

  /** Ratis' own Netty logs every connection here; kept, so that its level is kept. */
  private static final Logger RATIS = Logger.getLogger("org.apache.ratis");

  @TempDir Path folder;
  private final Map<Integer, Integer> ports = new TreeMap<>();
  private final Map<Integer, ControlPlane> running = new TreeMap<>();

  @BeforeAll
  static void silenceRatis() {
    RATIS.setLevel(Level.WARNING);
  }

  @AfterEach
  void stop() {
    withholdNothing();
    for (ControlPlane plane : running.values()) {
      plane.close();
    }
  }

  @Test
  void threeVotersGoOnWithoutTheirLeaderAndTakeItBack() throws Exception {
    foundThree();
    Outcome created = submit(new ControlCommand.Create("orders", DatabaseOptions.NONE));
    assertThat(created).isInstanceOf(Outcome.Done.class);

    int first = controller();
    running.remove(first).close();
    int next = controller();
    assertThat(submit(new ControlCommand.Drop("orders"))).isInstanceOf(Outcome.Done.class);

    ClusterState dropped = running.get(next).state();
    running.put(first, startJoiner(first));
    await(() -> running.get(first).state().version() >= dropped.version());
    assertThat(running.get(first).state()).isEqualTo(dropped);
    assertThat(running.get(first).state().database("orders")).isEmpty();
    assertThat(running.get(first).state().nodes()).hasSize(3);
    assertThat(submit(new ControlCommand.Ensure(3))).isInstanceOf(Outcome.Done.class);
  }

  @Test
  void aMemberThatMissedWhatWasPurgedIsGivenASnapshot() throws Exception {
    foundThree();
    await(() -> controllers().size() == 1);
    int absent = controller() % 3 + 1;
    long knownToAbsent = running.get(absent).state().version();
    running.remove(absent).close();
    int present = controller();
    submitMany(present, 300);
    await(() -> firstIndexInLog(present) > knownToAbsent + 1);

    running.put(absent, startJoiner(absent));
    await(() -> running.get(absent).state().equals(running.get(present).state()));
    assertThat(submit(new ControlCommand.Ensure(4))).isInstanceOf(Outcome.Done.class);
    await(() -> running.get(absent).state().equals(running.get(present).state()));
  }

  @Test
  void aMemberThatRatisClosedStartsAgainAndTellsNoStateTwice() throws Exception {
    start(1, true);
    submit(found(1));
    ControlPlane plane = running.get(1);
    List<Long> told = new CopyOnWriteArrayList<>();
    plane.onState(state -> told.add(state.version()));
    submit(register(1));
    submit(new ControlCommand.Ensure(4));
    ClusterState before = plane.state();
    assertThat(plane.startIfEnded()).isFalse();

    plane.endMember();
    await(plane::startIfEnded);
    assertThat(plane.state()).isSameAs(before);
    submit(new ControlCommand.Ensure(5));
    assertThat(plane.state().databaseByNumber(4)).isPresent();
    assertThat(told).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void aFounderThatWasLostWhileItAddedTwoIsElectedByThemWhenItIsBack() throws Exception {
    start(1, true);
    addNodes(1, 2, 3);
    withholdChangesOfVoters(node -> true);
    awaitChanging(1, 1);
    running.remove(1).close();
    withholdNothing();
    start(1, true);
    awaitVoters(1, 3);
    assertThat(submit(new ControlCommand.Ensure(3))).isInstanceOf(Outcome.Done.class);
  }

  @Test
  void thoseWhoHaveTheEntryThatAddsTwoGoOnWithTheirVotesWithoutTheLeaderThatWroteIt()
      throws Exception {
    foundThree();
    int leader = controller();
    int other = leader % 3 + 1;
    addNodes(leader, 4, 5);
    withholdChangesOfVoters(node -> node != other);
    awaitChanging(leader, other);
    running.remove(leader).close();
    withholdNothing();
    awaitVoters(other, 5);
    assertThat(submit(new ControlCommand.Ensure(3))).isInstanceOf(Outcome.Done.class);
  }

  @Test
  void oneThatAloneHasTheEntryThatAddsItIsAddedByTheNextLeader() throws Exception {
    foundThree();
    int leader = controller();
    addNodes(leader, 4, 5);
    withholdChangesOfVoters(node -> node != 4);
    awaitChanging(leader, 4);
    running.remove(leader).close();
    withholdNothing();
    await(() -> controllers().size() == 1);
    running.get(4).endMember();
    awaitVoters(4, 5);
  }

  @Test
  void aMemberAloneComesBackWithItsStateFromItsDisk() throws Exception {
    start(1, true);
    submit(found(1));
    submit(register(1));
    CountDownLatch seen = new CountDownLatch(1);
    running.get(1).onState(state -> seen.countDown());
    submit(new ControlCommand.Ensure(5));
    assertThat(seen.await(10, TimeUnit.SECONDS)).isTrue();
    ClusterState before = running.get(1).state();
    running.remove(1).close();

    start(1, true);
    await(() -> running.get(1).isController());
    assertThat(running.get(1).state()).isEqualTo(before);
    assertThat(before.databaseByNumber(5)).isPresent();
  }

  @Test
  void theViewOfRaftNamesTheVotersAndTheControllerAndNobodyElseProposes() throws Exception {
    foundThree();
    await(() -> controllers().size() == 1);
    int controller = controller();
    RaftView view = running.get(controller).raft();
    assertThat(view.voters()).containsExactly(Set.of(node(1), node(2), node(3)));
    for (ControlPlane plane : running.values()) {
      await(() -> plane.controllerId().filter(node(controller)::equals).isPresent());
      await(() -> plane.raft().term() == view.term());
    }

    ControlPlane other = running.get(controller % 3 + 1);
    assertThat(other.submit(new ControlCommand.Ensure(9)))
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .withCauseInstanceOf(IOException.class);
    submit(new ControlCommand.Ensure(3));
    assertThat(running.get(controller()).state().databaseByNumber(3)).isPresent();
    assertThat(running.get(controller()).state().databaseByNumber(9)).isEmpty();
  }

  private void foundThree() throws Exception {
    start(1, true);
    addNodes(1, 2, 3);
    await(() -> setVoters(nodes(1)));
    await(
        () ->
            running.values().stream()
                .allMatch(plane -> plane.state().equals(running.get(1).state())));
  }

  /** The founder's cluster, if there is none yet, and these, who are not voters yet. */
  private void addNodes(int controller, int... joiners) throws Exception {
    if (controller == 1 && running.size() == 1) {
      assertThat(submit(found(3))).isInstanceOf(Outcome.Done.class);
      submit(register(1));
    }
    for (int n : joiners) {
      Outcome.Registered registered = (Outcome.Registered) submit(register(n));
      assertThat(registered.node()).isEqualTo(node(n));
      start(n, false);
    }
  }

  private Collection<ClusterNode> nodes(int n) {
    return running.get(n).state().nodes().values();
  }

  /** Has the controller make all nodes voters, until another has the entry that does so. */
  private void awaitChanging(int controller, int other) {
    await(
        () -> {
          running.get(controller).setVoters(List.copyOf(nodes(controller)));
          return running.get(other).raft().voters().size() == 2;
        });
  }

  /** As the controller and the nodes do: all who have ended start again, and all become voters. */
  private void awaitVoters(int of, int count) {
    await(
        () -> {
          running.values().forEach(ControlPlane::startIfEnded);
          List<Integer> controllers = controllers();
          if (controllers.size() != 1) {
            return false;
          }
          setVoters(nodes(controllers.get(0)));
          List<Set<NodeId>> voters = running.get(of).raft().voters();
          return voters.size() == 1 && voters.get(0).size() == count;
        });
  }

  /** Entries that change who votes do not reach these nodes, from now on. */
  private static void withholdChangesOfVoters(IntPredicate from) {
    CodeInjectionForTesting.put(
        APPEND_ENTRIES,
        (self, leader, arguments) -> {
          AppendEntriesRequestProto append = (AppendEntriesRequestProto) arguments[1];
          if (changesVoters(append) && from.test(Integer.parseInt(self.toString().substring(1)))) {
            throw new IllegalStateException("withheld by the test");
          }
          return false;
        });
  }

  private static void withholdNothing() {
    CodeInjectionForTesting.remove(APPEND_ENTRIES);
  }

  /** Not the history that a server is given while it is being added. */
  private static boolean changesVoters(AppendEntriesRequestProto append) {
    return !append.getInitializing()
        && append.getEntriesList().stream()
            .anyMatch(
                entry ->
                    entry.hasConfigurationEntry()
                        && entry.getConfigurationEntry().getOldPeersCount() > 0);
  }

  /** As the controller does: tried again when the new ones are slow. */
  private boolean setVoters(Collection<ClusterNode> nodes) {
    try {
      running.get(controller()).setVoters(List.copyOf(nodes)).get(20, TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException slow) {
      return false;
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private static ControlCommand found(int expect) {
    return new ControlCommand.Found(CLUSTER, expect, 600, DatabaseOptions.NONE);
  }

  private ControlCommand register(int n) throws IOException {
    Addresses addresses = new Addresses("127.0.0.1", 1, 1, port(n), 1);
    return new ControlCommand.Register(
        new Presence(0, null, 100 + n, 200 + n, 0, 0, "n" + n, "eu", addresses, true), false);
  }

  private void submitMany(int n, int count) throws Exception {
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      outcomes.add(
          running
              .get(n)
              .submit(i % 2 == 0 ? new ControlCommand.Ensure(7) : new ControlCommand.Drop("7")));
    }
    for (CompletableFuture<Outcome> outcome : outcomes) {
      outcome.get(20, TimeUnit.SECONDS);
    }
  }

  /** The smallest index that the names of the log's files begin with. */
  private long firstIndexInLog(int n) {
    try (Stream<Path> files = Files.walk(folder.resolve("n" + n))) {
      return files
          .map(file -> LOG_FILE.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
          .min()
          .orElseThrow();
    } catch (IOException | UncheckedIOException raced) {
      // A file was purged while the folder was read.
      return 0;
    }
  }

  private Outcome submit(ControlCommand command) throws Exception {
    return running.get(controller()).submit(command).get(20, TimeUnit.SECONDS);
  }

  private void start(int n, boolean founder) throws IOException {
    running.put(n, founder ? startFounder(n) : startJoiner(n));
  }

  private ControlPlane startFounder(int n) throws IOException {
    return new ControlPlane(settings(n), SMALL, List.of(ControlPlane.peer(settings(n))));
  }

  private ControlPlane startJoiner(int n) throws IOException {
    return new ControlPlane(settings(n), SMALL, List.of());
  }

  private ControlPlane.Settings settings(int n) throws IOException {
    return new ControlPlane.Settings(
        node(n), CLUSTER, "127.0.0.1", "127.0.0.1", port(n), folder.resolve("n" + n));
  }

  private int port(int n) throws IOException {
    Integer known = ports.get(n);
    if (known == null) {
      try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        known = socket.getLocalPort();
      }
      ports.put(n, known);
    }
    return known;
  }

  private int controller() {
    await(() -> controllers().size() == 1);
    return controllers().get(0);
  }

  private List<Integer> controllers() {
    return running.keySet().stream().filter(n -> running.get(n).isController()).toList();
  }

  private static NodeId node(int n) {
    return new NodeId(n);
  }

  private static void await(BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - start).as("waited in vain").isLessThan(PATIENCE_NANOS);
      Thread.onSpinWait();
      Thread.yield();
    }
  }
}
