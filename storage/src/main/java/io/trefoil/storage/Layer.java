package io.trefoil.storage;

/**
 * The keys of one store between two clears. A clear puts a new, empty layer on top, which costs
 * nothing however many keys there are; undoing it takes the layer off again, and committing it
 * leaves the layers below to be freed bit by bit.
 *
 * <p>Only the lowest layer can hold cells that the disk has too: those above begin empty and are
 * written only after their clear is committed.
 */
final class Layer {
  final HashIndex index;

  /** Of the collections whose heads are in this layer. */
  final FieldIndex fields;

  /** Index of the entry whose clear began this layer; 0 for what was there at the start. */
  final long clearIndex;

  /** Keys present in the newest versions, and in the committed ones. */
  long count;

  long committedCount;

  /** Records with {@link Records#BASE_UNKNOWN}: so many keys may be counted twice. */
  long unknown;

  /** Some cells of this layer may be only on disk, so a key or field missing here may exist. */
  boolean incomplete;

  /** Some keys may be only on disk; never without {@link #incomplete}. */
  boolean lacksKeys;

  Layer(Arena arena, long clearIndex) {
    index = new HashIndex(arena);
    fields = new FieldIndex(arena);
    this.clearIndex = clearIndex;
  }

  /** Where a record is, if it is in this layer. */
  RecordIndex indexOf(Arena arena, int handle) {
    return arena.is(handle, Records.FIELD) ? fields : index;
  }

  /** Returns the memory of the indexes. */
  void release() {
    index.release();
    fields.release();
  }
}
