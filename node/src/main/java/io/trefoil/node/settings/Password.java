package io.trefoil.node.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;

/** A password that can be compared but not printed. Immutable. */
public final class Password {
  /** A longer first line is taken for the wrong file. */
  static final int MAX_BYTES = 512;

  private final byte[] bytes;

  private Password(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The first line of a file, without its line end.
   *
   * @throws IOException with a reason for people when there is none: no file, an empty first line,
   *     or one of more than 512 bytes
   */
  static Password read(Path file) throws IOException {
    byte[] start = firstBytes(file);
    int end = 0;
    while (end < start.length && start[end] != '\n' && start[end] != '\r') {
      end++;
    }
    if (end == 0) {
      throw new IOException("its first line is empty");
    }
    if (end > MAX_BYTES) {
      throw new IOException("its first line has more than " + MAX_BYTES + " bytes");
    }
    return new Password(Arrays.copyOf(start, end));
  }

  private static byte[] firstBytes(Path file) throws IOException {
    // Opening a pipe would wait for a writer for ever.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException("not a regular file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new IOException("no such file", e);
    } catch (AccessDeniedException e) {
      throw new IOException("not allowed to read it", e);
    }
  }

  /**
   * Whether these bytes are the password; the time it takes doesn't depend on where they differ.
   */
  public boolean matches(byte[] given) {
    return MessageDigest.isEqual(bytes, given);
  }

  @Override
  public String toString() {
    return "(hidden)";
  }
}
