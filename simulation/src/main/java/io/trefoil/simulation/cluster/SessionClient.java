package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A client whose reads are {@code CONSISTENCY SESSION}: it counts and writes, reads wherever it is
 * connected to, and takes its session along to the next node by a token. What it has written and
 * read it must see again, or be told that it left the history.
 */
final class SessionClient extends SimulatedClient {
  /** How long it waits in one region for what it has seen in another. */
  private static final String ELSEWHERE_MILLIS = "500";

  private int session;
  private String token;

  /** Keys that this session wrote and that nobody removes. */
  private final List<String> written = new ArrayList<>();

  private int writes;

  SessionClient(ClusterWorld world, Machine own, String name, SplittableRandom random) {
    super(world, own, name, random, Work.READS_AND_WRITES);
  }

  @Override
  List<String[]> greeting() {
    List<String[]> commands = new ArrayList<>();
    commands.add(new String[] {"CONSISTENCY", "SESSION"});
    if (token != null && world.mutant != Mutant.TOKEN_FORGOTTEN) {
      commands.add(new String[] {"SESSION", "WAIT", token, isRegional() ? ELSEWHERE_MILLIS : "0"});
    }
    return commands;
  }

  @Override
  boolean isRefusal(String reply) {
    if (reply.startsWith("-DIVERGED")) {
      begin();
      return false;
    }
    // Within a region its leader is asked for what a copy lacks; of others only a copy can tell.
    return reply.startsWith("-") && (isRegional() || !reply.startsWith("-TRYAGAIN"));
  }

  private boolean isRegional() {
    return world.shape().isRegional();
  }

  @Override
  public void broken() {
    if (token == null) {
      begin();
    }
    super.broken();
  }

  /** Another session: it has seen nothing yet. */
  private void begin() {
    session++;
    token = null;
    written.clear();
  }

  @Override
  void next() {
    int kind = random.nextInt(10);
    if (kind == 0) {
      moveOn();
    } else if (kind < 3) {
      write("unique-" + name + "-" + ++writes);
    } else if (kind < 5 && !written.isEmpty()) {
      readAgain(written.get(random.nextInt(written.size())));
    } else if (kind < 7) {
      count(shared("counter"));
    } else {
      read(shared("counter"));
    }
  }

  private void askInSession(Consumer<String> then, String... command) {
    ask(
        reply -> {
          if (reply != null) {
            token = null; // the connection knows what it tells of, and more
          }
          then.accept(reply);
        },
        command);
  }

  /** To another node, with all that was seen. */
  private void moveOn() {
    world.started();
    askInSession(
        reply -> {
          world.answered();
          if (reply != null && reply.startsWith("$") && !isBusy()) {
            token = reply.substring(1);
            world.count("session goes on elsewhere");
            disconnect();
          }
          work();
        },
        "SESSION",
        "TOKEN");
  }

  private void write(String key) {
    long start = nowNanos();
    int now = session;
    Call call = Call.set(key);
    world.started();
    askInSession(
        reply -> {
          world.ended(seen(key, call, start, reply, name), false);
          world.answered();
          if ("+OK".equals(reply) && session == now) {
            written.add(key);
          }
          onError(reply);
          work();
        },
        "SET",
        key,
        key);
  }

  private void readAgain(String key) {
    int now = session;
    world.started();
    askInSession(
        reply -> {
          world.answered();
          if ("$-1".equals(reply) && session == now) {
            throw new SimulationFailure("session " + who() + " lacks its own write of " + key);
          }
          onError(reply);
          work();
        },
        "GET",
        key);
  }

  private void count(String key) {
    long start = nowNanos();
    String who = who();
    world.started();
    askInSession(
        reply -> {
          Invocation call = seen(key, Call.increment(), start, reply, who);
          world.ended(seen(key, Call.increment(), start, reply, name), false);
          world.sessionCalls.add(call);
          world.answered();
          onError(reply);
          work();
        },
        "INCR",
        key);
  }

  private void read(String key) {
    long start = nowNanos();
    String who = who();
    world.started();
    askInSession(
        reply -> {
          Invocation call = seen(key, Call.get(), start, reply, who);
          world.sessionCalls.add(call);
          world.note(name, call);
          world.answered();
          onError(reply);
          if (reply != null && reply.startsWith("$")) {
            lookWhoAnswered("session", this::work);
          } else {
            work();
          }
        },
        "GET",
        key);
  }

  private void onError(String reply) {
    if (reply != null && reply.startsWith("-DIVERGED")) {
      world.count("session told of what left the history");
      begin();
    }
  }

  private String who() {
    return name + "#" + session;
  }
}
