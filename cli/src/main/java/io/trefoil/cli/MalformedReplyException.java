package io.trefoil.cli;

import java.io.IOException;

/** What came is no reply of the Redis protocol, or larger than asked for. Close the connection. */
public final class MalformedReplyException extends IOException {
  MalformedReplyException(String message) {
    super(message);
  }
}
