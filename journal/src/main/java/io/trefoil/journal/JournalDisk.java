package io.trefoil.journal;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.UUID;

/**
 * The port to the folder that holds one journal's segments. Whoever holds a disk is alone in the
 * folder. Calls may come from several threads.
 */
public interface JournalDisk extends Closeable {
  /** A boot id for a machine that can't tell: never the same boot as any other. */
  UUID UNKNOWN_BOOT = new UUID(0, 0);

  /** The names of all files that {@link #create} or {@link #rename} made, in any order. */
  List<String> list() throws IOException;

  /**
   * Makes a file of zeros whose space is allocated and whose zeros are synced, so that a later sync
   * of its contents changes no metadata. Leaves nothing behind when it fails.
   *
   * @param rest is run between pieces, and may wait: others want the disk, too
   */
  SegmentFile create(String name, long sizeBytes, Runnable rest) throws IOException;

  /** Opens a file that is there. */
  SegmentFile open(String name) throws IOException;

  /** Gives a file another name; a file that is open stays usable. */
  void rename(String from, String to) throws IOException;

  void delete(String name) throws IOException;

  /** Makes creations, new names and deletions up to now survive a crash of the machine. */
  void forceNames() throws IOException;

  /**
   * What is the same until the machine starts again, or {@link #UNKNOWN_BOOT}. While it is the
   * same, everything that was written can be read back, synced or not.
   */
  UUID bootId();

  /** Where this is, for messages. */
  String place();

  @Override
  void close() throws IOException;
}
