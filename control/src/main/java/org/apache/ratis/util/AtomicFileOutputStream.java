package org.apache.ratis.util;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;

/**
 * Stands in for Ratis's class of this name, with which it writes its vote, its configuration and
 * its checksums: a file is replaced by a whole new one, or not at all.
 *
 * <p>Ratis 3.3.0's own replaces the file also when writing to it has failed: its users close it
 * with try-with-resources, and closing is what replaces. A full disk then leaves an empty file
 * where the vote was, and the node never starts again. Here a stream to which a write failed gives
 * up when it is closed. This class comes before Ratis's on the class path; {@code ControlPlane}
 * makes sure of it. It can go when Ratis's does the same.
 */
public final class AtomicFileOutputStream extends OutputStream {
  public static final String TMP_EXTENSION = ".tmp";

  private final File file;
  private final File fresh;
  private final FileOutputStream out;
  private boolean failed;
  private boolean closed;

  /** Where a new file is written, unless another place is given. */
  public static File getTemporaryFile(File file) {
    return new File(file.getParentFile(), file.getName() + TMP_EXTENSION);
  }

  public AtomicFileOutputStream(File file) throws IOException {
    this(file, getTemporaryFile(file));
  }

  /**
   * @param fresh where the new file is written, beside the one that it will replace
   */
  public AtomicFileOutputStream(File file, File fresh) throws IOException {
    this.file = file.getAbsoluteFile();
    this.fresh = fresh.getAbsoluteFile();
    this.out = new FileOutputStream(this.fresh);
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    boolean written = false;
    try {
      out.write(bytes, offset, length);
      written = true;
    } finally {
      failed |= !written;
    }
  }

  /** Syncs the new file and puts it in place, unless writing has failed: then nothing changes. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    if (failed) {
      abort();
      throw new IOException(file + " could not be written and is left as it was");
    }
    closed = true;
    boolean replaced = false;
    try (out) {
      out.getFD().sync();
      Files.move(
          fresh.toPath(),
          file.toPath(),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.ATOMIC_MOVE);
      replaced = true;
    } finally {
      if (!replaced) {
        Files.deleteIfExists(fresh.toPath());
      }
    }
  }

  public boolean isClosed() {
    return closed;
  }

  /** Gives up: the file stays as it was. */
  public void abort() throws IOException {
    if (!closed) {
      closed = true;
      out.close();
      Files.deleteIfExists(fresh.toPath());
    }
  }
}
