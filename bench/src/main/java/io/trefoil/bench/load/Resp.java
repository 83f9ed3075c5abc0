package io.trefoil.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The Redis protocol: SET and GET. With copies to wait for, what is written together is followed by
 * one WAIT, and is done when that says that enough replicas have it.
 */
public final class Resp implements Protocol {
  private static final byte[] SET = ascii("*3\r\n$3\r\nSET\r\n");
  private static final byte[] GET = ascii("*2\r\n$3\r\nGET\r\n");
  private static final byte[] END = {'\r', '\n'};
  private static final int FRAME_BYTES = 128;
  private static final int LENGTH_DIGITS_MAX = 10;

  /** What is expected instead of a slot's reply. */
  private static final int WAITED = -1;

  private final String database;
  private final int replicas;
  private final byte[] wait;

  /** Whose replies come next: slots, of which those of writes are coded as {@code -2 - slot}. */
  private final IntRing expected;

  /** Slots of writes that the server has taken, and whose copies are waited for. */
  private final IntRing taken;

  private boolean isWritten;

  /**
   * @param database to select
   * @param pipeline so many requests are in flight at most
   * @param replicas so many beside the leader have what is written, or 0 to wait for none
   * @param waitMillis how long they may take
   */
  public Resp(String database, int pipeline, int replicas, int waitMillis) {
    this.database = database;
    this.replicas = replicas;
    this.wait = ascii("WAIT " + replicas + " " + waitMillis + "\r\n");
    // A refused write's slot is free before the WAIT behind it is answered: one more for each.
    this.expected = new IntRing(3 * pipeline);
    this.taken = new IntRing(pipeline);
  }

  @Override
  public void begin(Connection connection) throws IOException {
    connection.out().put(ascii("SELECT " + database + "\r\n"));
    ByteBuffer reply = connection.ask(in -> lineEnd(in) >= 0);
    if (reply.get(0) != '+') {
      throw new IOException("SELECT " + database + ": " + text(reply, 0, lineEnd(reply)));
    }
  }

  @Override
  public int frameBytes(int valueSize) {
    return FRAME_BYTES + wait.length + valueSize;
  }

  @Override
  public void write(ByteBuffer out, int slot, byte[] key, byte[] values, int from, int size) {
    out.put(SET);
    bulk(out, key, 0, key.length);
    bulk(out, values, from, size);
    expected.add(-2 - slot);
    isWritten = true;
  }

  @Override
  public void read(ByteBuffer out, int slot, byte[] key) {
    out.put(GET);
    bulk(out, key, 0, key.length);
    expected.add(slot);
  }

  private static void bulk(ByteBuffer out, byte[] bytes, int from, int size) {
    out.put((byte) '$');
    int unit = 1;
    while (size / unit >= 10) {
      unit *= 10;
    }
    for (; unit > 0; unit /= 10) {
      out.put((byte) ('0' + size / unit % 10));
    }
    out.put(END).put(bytes, from, size).put(END);
  }

  @Override
  public void end(ByteBuffer out) {
    if (isWritten && replicas > 0) {
      out.put(wait);
      expected.add(WAITED);
    }
    isWritten = false;
  }

  @Override
  public void receive(ByteBuffer in, Replies replies) throws IOException {
    for (int end = lineEnd(in); end >= 0; end = lineEnd(in)) {
      int begin = in.position();
      byte kind = in.get(begin);
      long number = kind == '$' || kind == ':' ? number(in, begin + 1, end) : 0;
      long next = end + END.length + (kind == '$' && number >= 0 ? number + END.length : 0);
      if (next > in.limit()) {
        return;
      }
      if (expected.isEmpty()) {
        throw new IOException("a reply to no request: " + text(in, begin, end));
      }
      take(expected.remove(), kind, number, in, end, replies);
      in.position((int) next);
    }
  }

  private void take(int whose, byte kind, long number, ByteBuffer in, int end, Replies replies) {
    int slot = whose < WAITED ? -2 - whose : whose;
    if (whose == WAITED) {
      settle(kind == ':' && number >= replicas, in, end, replies);
    } else if (kind == '-') {
      replies.onError(slot, text(in, in.position() + 1, end));
    } else if (kind != (whose < WAITED ? '+' : '$')) {
      replies.onError(slot, "unexpected reply: " + text(in, in.position(), end));
    } else if (whose < WAITED && replicas > 0) {
      taken.add(slot);
    } else {
      replies.on(slot, number < 0 ? Outcome.MISSING : Outcome.GOOD);
    }
  }

  /** All writes before a WAIT are done with it: it counts who has the last of them. */
  private void settle(boolean isGood, ByteBuffer in, int end, Replies replies) {
    while (!taken.isEmpty()) {
      if (isGood) {
        replies.on(taken.remove(), Outcome.GOOD);
      } else {
        replies.onError(taken.remove(), "WAIT: " + text(in, in.position(), end));
      }
    }
  }

  /**
   * Where the line at the buffer's position ends, without what ends it; -1 when it is not whole.
   */
  private static int lineEnd(ByteBuffer in) {
    for (int at = in.position(); at < in.limit(); at++) {
      if (in.get(at) == '\n') {
        return Math.max(in.position(), at - 1);
      }
    }
    return -1;
  }

  private static long number(ByteBuffer in, int from, int to) throws IOException {
    boolean isNegative = from < to && in.get(from) == '-';
    int first = isNegative ? from + 1 : from;
    if (first == to || to - first > LENGTH_DIGITS_MAX) {
      throw new IOException("no number: " + text(in, from, to));
    }
    long number = 0;
    for (int at = first; at < to; at++) {
      int digit = in.get(at) - '0';
      if (digit < 0 || digit > 9) {
        throw new IOException("no number: " + text(in, from, to));
      }
      number = number * 10 + digit;
    }
    return isNegative ? -number : number;
  }

  private static String text(ByteBuffer in, int from, int to) {
    byte[] bytes = new byte[Math.min(to - from, 200)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = in.get(from + i);
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
