package io.trefoil.cli.demo;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Quantities;
import io.trefoil.cli.Reply;
import io.trefoil.cli.ReplyFields;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Does what an administrator would do, over one node's client port, and tells of it. Slow: for a
 * thread that may wait.
 */
final class Administrator {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(10);

  private final Supplier<List<Integer>> ports;
  private final Consumer<String> events;

  /**
   * @param ports client ports of the nodes that run, the best one first
   */
  Administrator(Supplier<List<Integer>> ports, Consumer<String> events) {
    this.ports = ports;
    this.events = events;
  }

  /**
   * Changes the database to a rule while it is written to.
   *
   * @return whether the rule stands now
   */
  boolean alter(CommitRule rule) {
    return run(String.join(" ", rule.alteration()), rule.alteration());
  }

  /** Creates a leaderless database. */
  void create(Quorums quorums) {
    run(String.join(" ", quorums.creation()), quorums.creation());
  }

  /** Has a node lead the database. */
  void switchOver(String node) {
    List<String> words = List.of("SWITCHOVER", Integer.toString(CommitRule.DATABASE), "TO", node);
    run(String.join(" ", words), words);
  }

  /** Says a command and what came of it. */
  boolean run(List<String> words) {
    return run(String.join(" ", words), words);
  }

  /**
   * What a node answers.
   *
   * @throws IOException when none does
   */
  Reply ask(String... words) throws IOException {
    try (RespClient client = connect()) {
      return client.call(words).bare();
    }
  }

  /**
   * What a node answers about a database's keys.
   *
   * @throws CommandFailed when it is an error
   */
  Reply askIn(String database, List<String> words) throws IOException {
    try (RespClient client = connect()) {
      client.call("SELECT", database);
      Reply reply = client.call(words.toArray(String[]::new)).bare();
      if (reply instanceof Reply.Failure) {
        throw new CommandFailed(reply.text());
      }
      return reply;
    }
  }

  private boolean run(String what, List<String> words) {
    long start = System.nanoTime();
    try (RespClient client = connect()) {
      Reply reply = client.call(words.toArray(String[]::new)).bare();
      long millis = (System.nanoTime() - start) / 1_000_000;
      boolean failed = reply instanceof Reply.Failure;
      events.accept(what + (failed ? ": " + reply.text() : ": " + Quantities.millis(millis)));
      return !failed;
    } catch (IOException | CommandFailed e) {
      events.accept(what + ": " + e.getMessage());
      return false;
    }
  }

  /** Lists what left the history and was not replayed yet, and replays it but for conflicts. */
  void replayDiverged() {
    try (RespClient client = connect()) {
      int replayed = 0;
      for (Reply each : ReplyFields.of(client.call("DIVERGED", "LIST")).list("files")) {
        ReplyFields file = ReplyFields.of(each);
        if (!file.text("replayed").equals("yes")) {
          replay(client, file);
          replayed++;
        }
      }
      if (replayed == 0) {
        events.accept("nothing has left the history that was not replayed");
      }
    } catch (IOException | CommandFailed e) {
      events.accept("diverged: " + e.getMessage());
    }
  }

  private void replay(RespClient client, ReplyFields file) throws IOException {
    String id = file.text("id");
    events.accept(
        id
            + " keeps "
            + file.number("entries")
            + " entries that left the history; DIVERGED REPLAY");
    ReplyFields done = ReplyFields.of(client.call("DIVERGED", "REPLAY", id));
    events.accept(
        "  "
            + done.number("applied")
            + " keys written again, "
            + done.number("same")
            + " the same already, "
            + done.number("left")
            + " left");
  }

  private RespClient connect() throws IOException {
    IOException last = new IOException("no node runs");
    for (int port : ports.get()) {
      try {
        RespClient client = RespClient.connect("127.0.0.1", port, CONNECT_TIMEOUT, REPLY_TIMEOUT);
        client.call("HELLO", "3");
        return client;
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }
}
