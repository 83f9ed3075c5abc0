package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.ScriptedServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegisterClientTest {
  private static final Writer.Settings SETTINGS = new Writer.Settings(1_000, 10, "k:");

  private final Register register = new Register(SETTINGS.valueBytes());
  private final List<RegisterClient> clients = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final List<String> events = new CopyOnWriteArrayList<>();
  private volatile String value = "";
  private volatile boolean on = true;
  private final ScriptedServer first = new ScriptedServer(this::answer);
  private final ScriptedServer second = new ScriptedServer(this::answer);

  private String answer(List<String> words) {
    switch (words.get(0)) {
      case "SET":
        value = words.get(2);
        return "+OK\r\n";
      case "GET":
        return ScriptedServer.bulk(value);
      default:
        return "+OK\r\n";
    }
  }

  private void start(RegisterClient client) {
    clients.add(client);
    Thread thread = new Thread(client);
    threads.add(thread);
    thread.start();
  }

  private void startWriter(Integer... ports) {
    start(
        RegisterClient.writer(
            SETTINGS,
            register,
            () -> new RegisterClient.Target(4, List.of(ports)),
            () -> on,
            events::add));
  }

  private void startReader(Integer... ports) {
    start(
        RegisterClient.reader(
            SETTINGS, register, () -> new RegisterClient.Target(4, List.of(ports)), () -> on));
  }

  private void awaitReads(long more) {
    long enough = register.counts().reads() + more;
    Conditions.await(() -> register.counts().reads() >= enough, () -> "" + register.counts());
  }

  @AfterEach
  void stop() throws InterruptedException {
    clients.forEach(RegisterClient::stop);
    first.close();
    second.close();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void theReaderGoesRoundTheNodesOfTheDatabaseAndFindsWhatIsCurrent() {
    startWriter(first.port());
    startReader(first.port(), second.port());
    awaitReads(100);
    assertThat(register.counts().stale()).isZero();
    assertThat(register.counts().acknowledged()).isPositive();
    assertThat(first.received()).startsWith(List.of("SELECT", "4"));
    assertThat(second.received()).startsWith(List.of("SELECT", "4"), List.of("GET", "k:register"));
  }

  @Test
  void aServerThatGoesBackIsFoundOut() {
    startWriter(first.port());
    Conditions.await(() -> register.acknowledged() > 5, events::toString);
    on = false;
    startReader(second.port());
    value = "3.......";
    on = true;
    Conditions.await(
        () -> {
          value = "3.......";
          return register.counts().stale() > 0;
        },
        () -> "" + register.counts());
  }

  @Test
  void aConnectionThatBreaksUnderAWriteLeavesItUncertainAndARefusedOneCountsNothing() {
    ScriptedServer breaking =
        new ScriptedServer(words -> words.get(0).equals("SET") ? "" : "+OK\r\n");
    startWriter(breaking.port());
    Conditions.await(() -> register.counts().uncertain() > 2, () -> "" + register.counts());
    breaking.close();
    assertThat(register.acknowledged()).isZero();
    assertThat(register.counts().refused()).isZero();
  }
}
