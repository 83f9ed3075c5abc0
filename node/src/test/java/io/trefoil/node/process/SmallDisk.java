package io.trefoil.node.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file system of its own, in a file; only root can have one. */
final class SmallDisk implements AutoCloseable {
  private static final int BLOCK_BYTES = 1 << 16;

  private final Path folder;

  private SmallDisk(Path folder) {
    this.folder = folder;
  }

  /**
   * Mounts one; skips the test, loudly, where that is not allowed.
   *
   * @param folder where; made
   */
  static SmallDisk mount(Path folder, int megabytes) throws IOException {
    Programs.require("mkfs.ext4", "mount", "umount");
    Path image = folder.resolveSibling(folder.getFileName() + ".img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength((long) megabytes << 20);
    }
    Files.createDirectories(folder);
    boolean isMounted =
        run("mkfs.ext4", "-q", "-m", "0", image.toString())
            && run("mount", "-o", "loop", image.toString(), folder.toString());
    if (!isMounted) {
      System.err.println("SKIPPED: no disk can be mounted here, a full one is NOT tested");
      assumeTrue(false, "no disk can be mounted here");
    }
    return new SmallDisk(folder);
  }

  /** Takes all room but so much, or all there is. */
  void fill(int leftMegabytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ballast().toFile(), "rw")) {
      file.seek(file.length());
      byte[] block = new byte[BLOCK_BYTES];
      while (Files.getFileStore(folder).getUsableSpace() > (long) leftMegabytes << 20) {
        file.write(block);
      }
    } catch (IOException e) {
      if (leftMegabytes > 0) {
        throw e;
      }
    }
  }

  /** Gives back what {@link #fill} took. */
  void free() throws IOException {
    Files.delete(ballast());
  }

  private Path ballast() {
    return folder.resolve("ballast");
  }

  private static boolean run(String... command) throws IOException {
    return new ProcessBuilder(command).inheritIO().start().onExit().join().exitValue() == 0;
  }

  @Override
  public void close() throws IOException {
    run("umount", folder.toString());
  }
}
