package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.ScriptedServer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WriterTest {
  private final Map<String, String> values = new ConcurrentHashMap<>();
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final WriterLedger ledger = new WriterLedger();
  private volatile String setReply = "+OK\r\n";
  private volatile long epoch = 1;
  private volatile boolean hasLeader = true;
  private ScriptedServer server;
  private Writer writer;
  private Thread thread;

  @BeforeEach
  void start() {
    server = new ScriptedServer(this::answer);
    writer = new Writer(new Writer.Settings(2_000, 10, "k:"), this::target, ledger, events::add);
    thread = new Thread(writer);
    thread.start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    writer.stop();
    server.close();
    thread.join();
  }

  private Writer.Target target() {
    return new Writer.Target(CommitRule.ASYNC, 4, epoch, hasLeader, List.of(server.port()));
  }

  private String answer(List<String> words) {
    if (words.get(0).equals("SET")) {
      String reply = setReply;
      if (reply.startsWith("+")) {
        values.put(words.get(1), words.get(2));
      }
      return reply;
    } else if (words.get(0).equals("MGET")) {
      return "*"
          + (words.size() - 1)
          + "\r\n"
          + words.stream()
              .skip(1)
              .map(key -> values.containsKey(key) ? ScriptedServer.bulk(values.get(key)) : "_\r\n")
              .collect(Collectors.joining());
    }
    return "+OK\r\n";
  }

  private WriterLedger.Counts counts() {
    return ledger.counts(CommitRule.ASYNC);
  }

  private void awaitAcknowledged(long atLeast) {
    Conditions.await(
        () -> counts().acknowledged() >= atLeast, () -> counts() + " " + writer.state());
  }

  @Test
  void writesValuesOfTheWantedSizeIntoTheTargetsDatabase() {
    awaitAcknowledged(5);
    assertThat(server.received()).first().isEqualTo(List.of("SELECT", "4"));
    assertThat(server.received()).element(1).isEqualTo(List.of("SET", "k:1", "1........."));
    assertThat(writer.state()).isEqualTo("writing");
  }

  @Test
  void countsAcknowledgedWritesThatAreGoneAfterAFailover() {
    awaitAcknowledged(250);
    values.remove("k:7");
    values.remove("k:130");
    values.put("k:8", "another value");
    epoch = 2;
    Conditions.await(
        () -> events.stream().anyMatch(event -> event.contains("writes: 3 are LOST")),
        events::toString);
    assertThat(counts().lost()).isEqualTo(3);
  }

  @Test
  void aFailoverThatKeptAllLosesNothing() {
    awaitAcknowledged(10);
    epoch = 2;
    Conditions.await(
        () -> events.stream().anyMatch(event -> event.contains("all are there")), events::toString);
    assertThat(counts().lost()).isZero();
  }

  @Test
  void readsBackOnlyOnceThereIsALeaderAgain() {
    awaitAcknowledged(10);
    hasLeader = false;
    epoch = 2;
    long before = counts().acknowledged();
    awaitAcknowledged(before + 20);
    assertThat(server.received()).noneMatch(words -> words.get(0).equals("MGET"));
    hasLeader = true;
    Conditions.await(
        () -> events.stream().anyMatch(event -> event.contains("all are there")), events::toString);
  }

  @Test
  void aRefusedWriteIsCountedAndItsReasonShown() {
    setReply = "-NOREPLICAS sync needs 3 of 3 replicas\r\n";
    Conditions.await(() -> counts().refused() >= 3, () -> counts().toString());
    Conditions.await(() -> writer.state().startsWith("NOREPLICAS sync"), writer::state);
    assertThat(counts().uncertain()).isZero();
  }

  @Test
  void aConnectionThatBreaksAfterSendingLeavesTheWriteUncertainAndIsMadeAgain() {
    awaitAcknowledged(3);
    setReply = "";
    Conditions.await(() -> counts().uncertain() >= 2, () -> counts().toString());
    setReply = "+OK\r\n";
    awaitAcknowledged(counts().acknowledged() + 3);
    assertThat(counts().refused()).isZero();
  }

  @Test
  void itCanBeSwitchedOff() {
    awaitAcknowledged(3);
    writer.toggle();
    assertThat(writer.state()).isEqualTo("off");
  }
}
