package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.merge.SeenStamps;

/**
 * What a copy that several nodes write knows of its cells as a whole. All who write the copy share
 * it, and it is stored with the cells, at the same position.
 *
 * <p>For the owner's thread, like the store.
 *
 * <pre>seen ({@link SeenStamps}) · last stamp (8) · horizon (8) · tree ({@link MergedTree})</pre>
 */
public final class MergedState {
  private final SeenStamps seen = new SeenStamps();
  private final MergedTree tree = new MergedTree();
  private long lastStamp;
  private long horizon;

  /** The last stamp of each origin that came here, in whatever cell. */
  public SeenStamps seen() {
    return seen;
  }

  /** Of the committed versions. */
  public MergedTree tree() {
    return tree;
  }

  /**
   * The largest stamp that came here, of an entry or in a cell. A change is noted with it, so that
   * a removal is not forgotten before everybody has what was there until then.
   */
  public long lastStamp() {
    return lastStamp;
  }

  /** Notes the stamp of an entry before its changes are merged, or issued. */
  public void observe(long stamp) {
    lastStamp = Math.max(lastStamp, stamp);
  }

  /**
   * All replicas have every entry up to this stamp, and may have forgotten what those removed; 0 at
   * first.
   */
  public long horizon() {
    return horizon;
  }

  /** The horizon is at least so far. Whoever issues stamps must be above it. */
  public void reach(long newHorizon) {
    horizon = Math.max(horizon, newHorizon);
    observe(newHorizon);
  }

  public boolean isEmpty() {
    return seen.isEmpty() && horizon == 0;
  }

  /**
   * The tree is that of the committed cells; what else is known may be ahead of them, which does no
   * harm: whoever goes on from there gives larger stamps.
   */
  public void write(ByteSink sink) {
    seen.write(sink);
    sink.putLong(lastStamp).putLong(horizon);
    tree.write(sink);
  }

  /**
   * @throws MalformedBytesException when it is not what {@link #write} writes
   */
  public MergedState read(ByteSource source) {
    seen.read(source);
    lastStamp = source.getLong();
    horizon = source.getLong();
    if (horizon < 0 || lastStamp < horizon) {
      throw new MalformedBytesException("a horizon of " + horizon + ", last stamp " + lastStamp);
    }
    tree.read(source);
    return this;
  }
}
