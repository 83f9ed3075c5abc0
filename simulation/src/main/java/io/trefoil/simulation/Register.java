package io.trefoil.simulation;

import io.trefoil.base.Hash64;

/**
 * A key's value with the number of the write that made it, so that two replies about a key can be
 * put in order by looking at them.
 *
 * @param version how many writes the key has seen
 * @param writer number of the operation that wrote last
 * @param value what was set, a running hash of what was appended, or a count
 */
record Register(long version, int writer, long value) {
  static final Register NONE = new Register(0, 0, 0);

  Register after(Operation.Content write) {
    long newValue =
        switch (write.kind()) {
          case GET -> value;
          case SET, SET_IF_ABSENT -> write.number();
          case APPEND -> Hash64.combine(value, write.number());
          case INCREMENT -> value + 1;
        };
    return new Register(version + 1, write.number(), newValue);
  }

  @Override
  public String toString() {
    return version == 0 ? "empty" : "version " + version + " by #" + writer;
  }
}
