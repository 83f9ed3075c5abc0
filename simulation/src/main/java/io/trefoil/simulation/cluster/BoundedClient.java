package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import java.util.List;
import java.util.SplittableRandom;

/** A client whose reads are {@code CONSISTENCY BOUNDED}: whoever answers, they are not older. */
final class BoundedClient extends SimulatedClient {
  private final int boundMillis;

  BoundedClient(ClusterWorld world, Machine own, String name, SplittableRandom random) {
    super(world, own, name, random, Work.READS);
    this.boundMillis = 150 + random.nextInt(500);
  }

  int boundMillis() {
    return boundMillis;
  }

  @Override
  List<String[]> greeting() {
    return List.<String[]>of(
        new String[] {"CONSISTENCY", "BOUNDED", Integer.toString(boundMillis)});
  }

  @Override
  void next() {
    if (random.nextInt(20) == 0) {
      disconnect(); // and asks another node from now on
    }
    String key = shared("counter");
    long start = nowNanos();
    world.started();
    ask(
        reply -> {
          Invocation call = seen(key, Call.get(), start, reply, name);
          world.boundedReads.add(call);
          world.note(name, call);
          world.answered();
          if (reply != null && reply.startsWith("$")) {
            lookWhoAnswered("bounded", this::work);
          } else {
            work();
          }
        },
        "GET",
        key);
  }
}
