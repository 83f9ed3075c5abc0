package io.trefoil.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of requests and replies on one connection. A request has a slot, by which its reply is
 * known; no two in flight have the same. Not thread-safe.
 */
public interface Protocol {
  /**
   * Says what a server has to hear first.
   *
   * @throws IOException when the server refuses
   */
  void begin(Connection connection) throws IOException;

  /** More bytes than a request with a value of this size takes, or its reply. */
  int frameBytes(int valueSize);

  /** Whether the server takes a request with a value of this size now. */
  default boolean hasRoom(int valueSize) {
    return true;
  }

  /** Appends a request to write the key. */
  void write(ByteBuffer out, int slot, byte[] key, byte[] values, int from, int size);

  /** Appends a request to read the key. */
  void read(ByteBuffer out, int slot, byte[] key);

  /** Appends what has to follow the requests before they leave together. */
  default void end(ByteBuffer out) {}

  /** Takes the replies that are whole; what is left begins at the buffer's position. */
  void receive(ByteBuffer in, Replies replies) throws IOException;
}
