package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.EntryWriter;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedTree;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A merging snapshot: all that another region's leader holds of a partition, where its log no
 * longer has what is lacking here. It is asked for piece by piece, and each piece merged by an
 * entry of its own; what is here and not there stays.
 *
 * <p>The cells are read one after the other while the sender goes on. That is enough: they hold at
 * least what the sender's log had when the first was read, and the log is pulled from there on, so
 * that what came since comes again, and changes nothing where it was merged already. Until then
 * readers may see an effect before its cause.
 *
 * <p>What was removed there and forgotten needs no word: it is forgotten only when this region has
 * told that it has the removal, too (see {@link io.trefoil.replication.multileader.CommonHorizon}).
 *
 * <pre>
 * asked:    leaf (varint) · key after which to go on (block, empty for the first)
 * answered: leaf and key as asked · next leaf (varint) · next key (block) · has a head (1), with the
 *           first piece: position, origins (varint), then for each: origin · index (varint each)
 *           · changes of an entry, to the end
 * </pre>
 */
final class RegionFill {
  /** Of one piece: few enough that the sender's loop goes on with other things in between. */
  private static final int LEAVES_A_PIECE = 64;

  private static final int BYTES_A_PIECE = 256 << 10;
  private static final int MAX_ORIGINS = 1 << 16;
  private static final Bytes FIRST = Bytes.wrap(new byte[0]);

  private int leaf;
  private Bytes after = FIRST;
  private Position position;
  private final SortedMap<Integer, Long> vector = new TreeMap<>();

  /** Writes what to ask for next. */
  void ask(ByteSink frame) {
    frame.putVarint(leaf).putBlock(after.array(), 0, after.length());
  }

  /**
   * Writes the answer to what was asked.
   *
   * @param cells may wait for the disk
   * @param position of the log that is in the cells
   * @param vector what they have of each origin
   */
  static void answer(
      ByteSource asked,
      MergedStore cells,
      Position position,
      SortedMap<Integer, Long> vector,
      ByteSink frame) {
    int leaf = asked.getCount(MergedTree.LEAVES);
    Bytes after = Bytes.wrap(asked.getBlock());
    asked.expectEnd();
    ByteSink changes = new ByteSink();
    int nextLeaf = leaf;
    Bytes nextKey = after;
    while (nextLeaf < Math.min(leaf + LEAVES_A_PIECE, MergedTree.LEAVES)
        && changes.size() < BYTES_A_PIECE) {
      LeafListing.Answer piece = LeafListing.answer(cells, nextLeaf, nextKey, FIRST, false);
      if (piece.changes() != null) {
        changes.putBytes(piece.changes().array(), 0, piece.changes().length());
      }
      nextKey = piece.next() == null ? FIRST : piece.next();
      nextLeaf += piece.next() == null ? 1 : 0;
    }
    frame.putVarint(leaf).putBlock(after.array(), 0, after.length());
    frame.putVarint(nextLeaf).putBlock(nextKey.array(), 0, nextKey.length());
    boolean first = leaf == 0 && after.length() == 0;
    frame.putByte(first ? 1 : 0);
    if (first) {
      ReplicationCodec.putPosition(frame, position);
      frame.putVarint(vector.size());
      vector.forEach((origin, index) -> frame.putVarint(origin).putVarint(index));
    }
    frame.putBytes(changes.array(), 0, changes.size());
  }

  /**
   * Takes an answer.
   *
   * @param stamp of the entry
   * @param entry gets the changes of an entry that merges the piece; stays empty when there is
   *     nothing in it
   * @return whether it is the answer to what was asked last
   */
  boolean take(ByteSource answer, long stamp, ByteSink entry) {
    int answeredLeaf = answer.getCount(MergedTree.LEAVES);
    Bytes answeredAfter = Bytes.wrap(answer.getBlock());
    if (answeredLeaf != leaf || !answeredAfter.equals(after)) {
      return false;
    }
    leaf = answer.getCount(MergedTree.LEAVES);
    after = Bytes.wrap(answer.getBlock());
    if (answer.getByte() != 0) {
      position = ReplicationCodec.getPosition(answer);
      int count = answer.getCount(MAX_ORIGINS);
      for (int i = 0; i < count; i++) {
        vector.put(answer.getCount(Integer.MAX_VALUE), answer.getVarint());
      }
    }
    byte[] changes = answer.getBytes(answer.remaining());
    if (changes.length > 0) {
      ByteSink inner = new ByteSink(changes.length + 32);
      EntryWriter.begin(inner, stamp);
      EntryWriter.fill(inner, 0);
      inner.putBytes(changes, 0, changes.length);
      ByteSink body = new ByteSink(inner.size() + 8);
      body.putBlock(inner.array(), 0, inner.size());
      EntryWriter.from(entry, 0, 0, 1, body.toArray());
    }
    return true;
  }

  /** Whether all of it was taken. */
  boolean isWhole() {
    return leaf == MergedTree.LEAVES && position != null;
  }

  /** Writes the changes of the entry that says what is here by now. */
  void end(int region, ByteSink entry) {
    EntryWriter.reached(entry, region, position.epoch(), position.index());
    vector.forEach((origin, index) -> EntryWriter.from(entry, origin, index, 0, new byte[0]));
  }
}
