package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.cli.Reply;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * On a multi-leader database: what clients do on a leaderless one, and keys that one client sets
 * once and another one, in whatever region, removes some time later. So it knows which keys are
 * there, and asks for other things than before when clients go another way.
 */
final class RegionWork implements Work {
  /** So many stay, so that a key has come to other regions when it is removed; mostly. */
  private static final int STAY = 40;

  private final QuorumWork shared = new QuorumWork();
  private final ConcurrentLinkedQueue<String> once = new ConcurrentLinkedQueue<>();
  private final AtomicInteger there = new AtomicInteger();

  @Override
  public Ask next(Random random, String value, long millis) {
    return random.nextInt(8) == 0 ? setOrRemoved(value) : shared.next(random, value, millis);
  }

  private Ask setOrRemoved(String value) {
    String key = there.get() > STAY ? once.poll() : null;
    if (key != null) {
      there.decrementAndGet();
      return Ask.of(key, Call.delete(), "DEL", key);
    }
    String fresh = Keys.ONCE + value;
    once.add(fresh);
    there.incrementAndGet();
    return Ask.of(fresh, Call.set(value), "SET", fresh, value);
  }

  @Override
  public Ask nextRead(Random random, long millis) {
    return shared.nextRead(random, millis);
  }

  @Override
  public String result(Ask ask, String key, Reply reply) {
    return shared.result(ask, key, reply);
  }
}
