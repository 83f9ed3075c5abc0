package io.trefoil.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.Base64;

/**
 * Reads the changes in a divergence file, line by line, and tells where each stands, so that it can
 * be read again. Not thread-safe.
 */
final class DivergenceReader implements Closeable {
  /** The largest value, each byte of which may be six in JSON, and a change with it in base64. */
  private static final int MAX_LINE_BYTES = 512 << 20;

  private static final int BUFFER_BYTES = 256 * 1024;

  private final SeekableByteChannel channel;
  private InputStream in;
  private long position;
  private long lineStart;

  /** At the first change: the header is skipped. */
  DivergenceReader(SeekableByteChannel channel) throws IOException {
    this.channel = channel;
    seek(0);
    line();
  }

  /** Goes to where a line begins; cheap when that is a little further on. */
  void seek(long offset) throws IOException {
    if (in != null && offset >= position && offset - position < BUFFER_BYTES) {
      in.skipNBytes(offset - position);
      position = offset;
      return;
    }
    channel.position(offset);
    in = new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES);
    position = offset;
  }

  /**
   * The next change: a JSON object with {@code position}, {@code stamp} and {@code change}.
   *
   * @return null at the end
   * @throws IOException when it can't be read, or is none
   */
  JsonNode next() throws IOException {
    byte[] line = line();
    if (line == null) {
      return null;
    }
    try {
      JsonNode change = DivergenceSummary.JSON.readTree(line);
      if (!change.path("change").isTextual()) {
        throw new IOException("at byte " + lineStart + ": no change");
      }
      return change;
    } catch (JsonProcessingException e) {
      throw new IOException("at byte " + lineStart + ": no JSON", e);
    }
  }

  /** Where the line begins that was read last. */
  long lineStart() {
    return lineStart;
  }

  private byte[] line() throws IOException {
    lineStart = position;
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        return line.size() == 0 ? null : line.toByteArray();
      }
      if (line.size() == MAX_LINE_BYTES) {
        throw new IOException("at byte " + lineStart + ": a line of more than 512 MB");
      }
      line.write(c);
      position++;
    }
    position++;
    return line.toByteArray();
  }

  /**
   * A field of any bytes: {@code key}, {@code value}, or their form in base64; null when it is not
   * there.
   *
   * @throws IOException when the base64 is none
   */
  static byte[] bytes(JsonNode change, String field) throws IOException {
    if (change.path(field).isTextual()) {
      return change.path(field).asText().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
    JsonNode base64 = change.path(field + "_base64");
    if (!base64.isTextual()) {
      return null;
    }
    try {
      return Base64.getDecoder().decode(base64.asText());
    } catch (IllegalArgumentException e) {
      throw new IOException(field + "_base64: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
