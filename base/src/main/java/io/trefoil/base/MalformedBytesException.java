package io.trefoil.base;

/** Bytes that are not of the format they should be. */
public final class MalformedBytesException extends RuntimeException {
  public MalformedBytesException(String message) {
    super(message);
  }
}
