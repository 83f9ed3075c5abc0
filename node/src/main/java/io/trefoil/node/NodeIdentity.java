package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Whose disk this is: one small file, replaced as a whole and synced. It is what keeps strangers,
 * copies and older disks out of a cluster.
 *
 * @param diskId random; a new data folder is a new disk
 * @param clusterId the cluster it belongs to; 0 before it joined one
 * @param node the number it was issued; 0 before
 * @param incarnation the last one it serves under, written before it does
 */
public record NodeIdentity(long diskId, long clusterId, int node, long incarnation) {
  private static final int MAGIC = 0x7472_6964; // "trid"
  private static final int FORMAT = 1;
  private static final String FILE = "identity";

  /**
   * Reads a data folder's identity, or makes a new one with {@code freshDiskId}, which is not yet
   * stored.
   *
   * @throws IOException when the file is damaged, or of a newer version: the message says so
   */
  static NodeIdentity load(Path dataDir, long freshDiskId) throws IOException {
    Path file = dataDir.resolve(FILE);
    if (!Files.exists(file)) {
      return new NodeIdentity(freshDiskId, 0, 0, 0);
    }
    byte[] bytes = Files.readAllBytes(file);
    try {
      ByteSource source = new ByteSource(bytes);
      if (source.getInt() != MAGIC) {
        throw new MalformedBytesException("it does not begin as one");
      }
      int format = source.getByte();
      if (format != FORMAT) {
        throw new MalformedBytesException(
            "it has format " + format + ", this version knows " + FORMAT);
      }
      NodeIdentity identity =
          new NodeIdentity(source.getLong(), source.getLong(), source.getInt(), source.getLong());
      int checked = source.position();
      if (source.getInt() != crc(bytes, checked)) {
        throw new MalformedBytesException("its checksum is wrong");
      }
      source.expectEnd();
      return identity;
    } catch (MalformedBytesException e) {
      throw new IOException(
          file
              + " is not a readable identity: "
              + e.getMessage()
              + ". Start with an empty data.dir: the node joins as a new one, to which DATABASE MOVE"
              + " brings the copies of this one",
          e);
    }
  }

  /** Stores it durably, in place of the one before. */
  void store(Path dataDir) throws IOException {
    ByteSink sink = new ByteSink(64);
    sink.putInt(MAGIC).putByte(FORMAT).putLong(diskId).putLong(clusterId).putInt(node);
    sink.putLong(incarnation);
    sink.putInt(crc(sink.array(), sink.size()));
    Path fresh = dataDir.resolve(FILE + ".new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      channel.write(ByteBuffer.wrap(sink.toArray()));
      channel.force(true);
    }
    Files.move(fresh, dataDir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(dataDir, StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  NodeIdentity joined(long cluster, int number, long newIncarnation) {
    return new NodeIdentity(diskId, cluster, number, newIncarnation);
  }

  /** As the disk is when all that this node had journaled is gone from it. */
  public NodeIdentity emptied() {
    return new NodeIdentity(diskId, clusterId, node, 0);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
