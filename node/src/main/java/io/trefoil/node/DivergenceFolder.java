package io.trefoil.node;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/**
 * Where a node keeps what left the history: one divergence file for each time. Any thread; every
 * method may wait for the disk.
 */
public interface DivergenceFolder {
  /**
   * Stores durably what left the history; a file that is there already keeps its content.
   *
   * @return what the file says of itself
   * @throws IOException when it can't be made durable; nothing may then be cut
   */
  DivergenceSummary save(LeftHistory left) throws IOException;

  /** The files in the order of their names. One that can't be read is among them and says why. */
  List<DivergenceSummary> list() throws IOException;

  /**
   * Opens a file for reading.
   *
   * @throws java.nio.file.NoSuchFileException when there is none of that name
   */
  SeekableByteChannel open(String name) throws IOException;

  /** Notes durably beside a file that it was replayed. */
  void noteReplay(String name, DivergenceSummary.Replay replay) throws IOException;

  /**
   * Deletes a file and what was noted about it, durably.
   *
   * @throws java.nio.file.NoSuchFileException when there is none of that name
   */
  void delete(String name) throws IOException;
}
