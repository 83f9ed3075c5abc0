package io.trefoil.journal;

/** Receives batches. */
public interface BatchSink {
  /**
   * A batch, as it was given to {@link Journal#appendBatch}. When a later cut removed its last
   * entries, {@code count} and {@code length} are those of the ones that were left.
   *
   * @param array valid during the call only
   */
  void batch(
      long copyId,
      long epoch,
      long firstIndex,
      int count,
      long commitIndex,
      long logTimeMillis,
      long issuer,
      byte[] array,
      int offset,
      int length);
}
