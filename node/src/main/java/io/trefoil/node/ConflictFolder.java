package io.trefoil.node;

import java.io.IOException;
import java.util.List;

/** Where a node keeps conflicts beyond its own end. Every method may wait for the disk. */
public interface ConflictFolder {
  /** Keeps nothing. */
  ConflictFolder NONE =
      new ConflictFolder() {
        @Override
        public List<String> read() {
          return List.of();
        }

        @Override
        public void append(List<String> lines) {}
      };

  /** The lines that are kept, the oldest first. */
  List<String> read() throws IOException;

  /**
   * Keeps more lines, and may let the oldest go. Not synced: a machine that dies may lose the last
   * ones.
   */
  void append(List<String> lines) throws IOException;
}
