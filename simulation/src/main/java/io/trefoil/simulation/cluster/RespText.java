package io.trefoil.simulation.cluster;

import java.nio.charset.StandardCharsets;

/** As much of RESP2 as a simulated client needs to read. */
final class RespText {
  private RespText() {}

  /** How many bytes the reply at {@code from} takes; -1 while it is not whole. */
  static int length(byte[] bytes, int from) {
    int line = lineEnd(bytes, from);
    if (line < 0) {
      return -1;
    }
    int end = line + 2;
    char kind = (char) bytes[from];
    if (kind == '$' || kind == '*') {
      int count =
          Integer.parseInt(new String(bytes, from + 1, line - from - 1, StandardCharsets.US_ASCII));
      if (kind == '$') {
        end += count < 0 ? 0 : count + 2;
        return end <= bytes.length ? end - from : -1;
      }
      for (int i = 0; i < count; i++) {
        int part = length(bytes, end);
        if (part < 0) {
          return -1;
        }
        end += part;
      }
    }
    return end - from;
  }

  private static int lineEnd(byte[] bytes, int from) {
    for (int i = from; i + 1 < bytes.length; i++) {
      if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /**
   * A reply that is whole: its kind and its text, as {@code +OK}, {@code :1}, {@code $value}, and
   * {@code $-1} for none. Of an array all the bytes.
   */
  static String text(byte[] bytes, int length) {
    String whole = new String(bytes, 0, length, StandardCharsets.UTF_8);
    if (whole.startsWith("$") && !whole.startsWith("$-1")) {
      int line = whole.indexOf("\r\n");
      return "$" + whole.substring(line + 2, whole.length() - 2);
    }
    return whole.startsWith("*") ? whole : whole.substring(0, whole.length() - 2);
  }
}
