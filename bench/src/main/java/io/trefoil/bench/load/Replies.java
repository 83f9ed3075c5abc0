package io.trefoil.bench.load;

/** Takes what became of requests. */
public interface Replies {
  /**
   * A request ended well, or found nothing.
   *
   * @param slot that it was sent with
   */
  void on(int slot, Outcome outcome);

  /**
   * A request was refused.
   *
   * @param text what the server said
   */
  void onError(int slot, String text);
}
