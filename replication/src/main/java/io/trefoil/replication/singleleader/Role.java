package io.trefoil.replication.singleleader;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Effects;

/** What a replica does in its epoch. */
sealed interface Role permits Leading, Following {
  /** The epoch's leader, or null while it has none. */
  NodeId leader();

  /** More of this replica's own log is stable. */
  void onStable(Effects out);

  /** That this replica knows its epoch is on disk. */
  void onPromiseDurable(Effects out);

  void onTick(Effects out);
}
