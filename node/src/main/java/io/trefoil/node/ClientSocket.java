package io.trefoil.node;

/** The port to one client's socket. On the data loop. */
public interface ClientSocket {
  /** Adds bytes to what {@link #flush} sends; they are copied. */
  void write(byte[] array, int length);

  void flush();

  /** Whether the client takes what is sent to it, so far. */
  boolean isWritable();

  /** Has the client's bytes read, or no longer. */
  void read(boolean wanted);

  /** Closes when everything written has left. */
  void closeWhenSent();

  void close();
}
