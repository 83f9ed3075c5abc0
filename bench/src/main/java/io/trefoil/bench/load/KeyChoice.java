package io.trefoil.bench.load;

import java.util.SplittableRandom;

/** Which of so many keys is asked for next. Immutable; threads share it. */
public interface KeyChoice {
  /** From 0 on, below the number of keys. */
  long next(SplittableRandom random);

  /** Each is as likely as any other. */
  static KeyChoice uniform(long keys) {
    return random -> random.nextLong(keys);
  }
}
