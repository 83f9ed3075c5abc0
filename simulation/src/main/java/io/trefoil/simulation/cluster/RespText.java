package io.trefoil.simulation.cluster;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

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

  /**
   * What a reply says of each of {@code count} things: the parts of an array, or the same of all.
   * Null stands for none, and for an error's.
   */
  static List<String> results(String reply, int count) {
    if (reply == null || reply.startsWith("-") || !reply.startsWith("*")) {
      boolean none = reply == null || reply.startsWith("-") || reply.equals("$-1");
      return Collections.nCopies(count, none ? null : reply.substring(1));
    }
    List<String> results = new ArrayList<>();
    byte[] bytes = reply.getBytes(StandardCharsets.UTF_8);
    for (int at = lineEnd(bytes, 0) + 2; at < bytes.length; ) {
      int length = length(bytes, at);
      String part = text(Arrays.copyOfRange(bytes, at, at + length), length);
      results.add(part.equals("$-1") ? null : part.substring(1));
      at += length;
    }
    return results;
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
