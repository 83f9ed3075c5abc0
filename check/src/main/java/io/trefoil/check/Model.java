package io.trefoil.check;

/**
 * What one key does when calls come one after the other.
 *
 * @param <S> its states, immutable and comparable with {@code equals}
 */
public interface Model<S> {
  S initial();

  /** The state after a call. */
  S after(S state, Call call);

  /** What the call answers in that state. */
  String result(S state, Call call);
}
