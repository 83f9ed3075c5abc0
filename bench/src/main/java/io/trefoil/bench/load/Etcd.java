package io.trefoil.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * etcd's Put and Range, as gRPC over HTTP/2: one stream for each request. The least that is needed:
 * what headers say in replies is not read. A call that failed has no message before its trailers,
 * by which it is known.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9113">HTTP/2</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7541">HPACK</a>
 */
public final class Etcd implements Protocol {
  /** In bytes: with its key, one frame of HTTP/2 takes it. */
  public static final int VALUE_MAX = 16_000;

  private static final byte[] PREFACE = ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  private static final int FRAME_HEADER = 9;
  private static final int FRAME_BYTES = 512;

  private static final byte DATA = 0;
  private static final byte HEADERS = 1;
  private static final byte RST_STREAM = 3;
  private static final byte SETTINGS = 4;
  private static final byte PING = 6;
  private static final byte GOAWAY = 7;
  private static final byte WINDOW_UPDATE = 8;

  private static final byte ACK = 1;
  private static final byte END_STREAM = 1;
  private static final byte END_HEADERS = 4;
  private static final byte PADDED = 8;

  private static final int MAX_CONCURRENT_STREAMS = 3;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int DEFAULT_WINDOW = 65_535;
  private static final int OWN_STREAM_WINDOW = 1 << 20;
  private static final int WINDOW_MAX = Integer.MAX_VALUE;
  private static final int WINDOW_RENEWED_AFTER = 1 << 30;
  private static final int CONTROL_BYTES = 4_096;

  /** Static entries of HPACK: POST and http whole, the others as names. */
  private static final byte METHOD_POST = (byte) 0x83;

  private static final byte SCHEME_HTTP = (byte) 0x86;
  private static final int PATH_NAME = 4;
  private static final int AUTHORITY_NAME = 1;
  private static final int CONTENT_TYPE_NAME = 31;
  private static final int NEW_NAME = 0;
  private static final int FIRST_DYNAMIC = 62;

  /** Of the headers that are said once and then by their number. */
  private static final int PUT = 0;

  private static final int RANGE = 1;
  private static final int AUTHORITY = 2;
  private static final int CONTENT_TYPE = 3;
  private static final int TE = 4;
  private static final byte[][] VALUES = {
    ascii("/etcdserverpb.KV/Put"),
    ascii("/etcdserverpb.KV/Range"),
    ascii("etcd"),
    ascii("application/grpc"),
    ascii("trailers")
  };

  /** Enough of a message to see whether it has a key and its value. */
  private static final int PREFIX_BYTES = 128;

  private static final int MESSAGE_HEADER = 5;
  private static final int HEADER_FIELD = 0x0a;
  private static final int KEY_VALUES_FIELD = 0x12;

  private final boolean isSerializable;
  private final int[] streams;
  private final boolean[] isRead;
  private final byte[][] prefixes;
  private final int[] received;
  private final int[] said = {-1, -1, -1, -1, -1};
  private final ByteBuffer control = ByteBuffer.allocate(CONTROL_BYTES);
  private int saidCount;
  private int nextStream = 1;
  private long window = DEFAULT_WINDOW;
  private int unacknowledged;

  /**
   * @param pipeline so many requests are in flight at most
   * @param isSerializable whether a member answers a read by itself: it may be behind
   */
  public Etcd(int pipeline, boolean isSerializable) {
    this.isSerializable = isSerializable;
    streams = new int[pipeline];
    isRead = new boolean[pipeline];
    prefixes = new byte[pipeline][PREFIX_BYTES];
    received = new int[pipeline];
  }

  @Override
  public void begin(Connection connection) throws IOException {
    ByteBuffer out = connection.out();
    out.put(PREFACE);
    frame(out, 6, SETTINGS, (byte) 0, 0);
    out.putShort((short) INITIAL_WINDOW_SIZE).putInt(OWN_STREAM_WINDOW);
    frame(out, 4, WINDOW_UPDATE, (byte) 0, 0);
    out.putInt(WINDOW_MAX - DEFAULT_WINDOW);
    // What etcd says first: its settings. They are acknowledged with the first request.
    receive(connection.ask(Etcd::isWhole), null);
  }

  @Override
  public int frameBytes(int valueSize) {
    return FRAME_BYTES + valueSize;
  }

  @Override
  public boolean hasRoom(int valueSize) {
    return window >= frameBytes(valueSize);
  }

  @Override
  public void write(ByteBuffer out, int slot, byte[] key, byte[] values, int from, int size) {
    int stream = open(out, slot, PUT);
    int begin = beginMessage(out);
    out.put((byte) HEADER_FIELD).put((byte) key.length).put(key);
    out.put((byte) KEY_VALUES_FIELD);
    varint(out, size);
    out.put(values, from, size);
    endMessage(out, begin, stream);
  }

  @Override
  public void read(ByteBuffer out, int slot, byte[] key) {
    int stream = open(out, slot, RANGE);
    int begin = beginMessage(out);
    out.put((byte) HEADER_FIELD).put((byte) key.length).put(key);
    if (isSerializable) {
      out.put((byte) (7 << 3)).put((byte) 1);
    }
    endMessage(out, begin, stream);
  }

  private int open(ByteBuffer out, int slot, int path) {
    int stream = nextStream;
    nextStream += 2;
    streams[slot] = stream;
    isRead[slot] = path == RANGE;
    received[slot] = 0;
    int begin = out.position();
    frame(out, 0, HEADERS, END_HEADERS, stream);
    out.put(METHOD_POST).put(SCHEME_HTTP);
    header(out, path, PATH_NAME);
    header(out, AUTHORITY, AUTHORITY_NAME);
    header(out, CONTENT_TYPE, CONTENT_TYPE_NAME);
    header(out, TE, NEW_NAME);
    length(out, begin);
    return stream;
  }

  /**
   * In full the first time, with which it comes into the server's table; then by its place there.
   */
  private void header(ByteBuffer out, int which, int name) {
    if (said[which] >= 0) {
      out.put((byte) (0x80 | FIRST_DYNAMIC + saidCount - 1 - said[which]));
      return;
    }
    out.put((byte) (0x40 | name));
    if (name == NEW_NAME) {
      out.put((byte) 2).put((byte) 't').put((byte) 'e');
    }
    out.put((byte) VALUES[which].length).put(VALUES[which]);
    said[which] = saidCount++;
  }

  private static int beginMessage(ByteBuffer out) {
    int begin = out.position();
    frame(out, 0, DATA, END_STREAM, 0);
    out.put((byte) 0).putInt(0);
    return begin;
  }

  private void endMessage(ByteBuffer out, int begin, int stream) {
    int size = out.position() - begin - FRAME_HEADER;
    length(out, begin);
    out.putInt(begin + 5, stream);
    out.putInt(begin + FRAME_HEADER + 1, size - MESSAGE_HEADER);
    window -= size;
  }

  private static void frame(ByteBuffer out, int length, byte type, byte flags, int stream) {
    out.put((byte) (length >> 16)).putShort((short) length).put(type).put(flags).putInt(stream);
  }

  /** Sets the length of the frame that ends here. */
  private static void length(ByteBuffer out, int begin) {
    int length = out.position() - begin - FRAME_HEADER;
    out.put(begin, (byte) (length >> 16)).putShort(begin + 1, (short) length);
  }

  private static void varint(ByteBuffer out, int number) {
    int rest = number;
    for (; rest >= 0x80; rest >>>= 7) {
      out.put((byte) (rest | 0x80));
    }
    out.put((byte) rest);
  }

  @Override
  public void end(ByteBuffer out) {
    out.put(control.flip());
    control.clear();
  }

  private static boolean isWhole(ByteBuffer in) {
    return in.remaining() >= FRAME_HEADER
        && in.remaining() - FRAME_HEADER >= lengthAt(in, in.position());
  }

  private static int lengthAt(ByteBuffer in, int at) {
    return (in.get(at) & 0xff) << 16 | in.getShort(at + 1) & 0xffff;
  }

  @Override
  public void receive(ByteBuffer in, Replies replies) throws IOException {
    while (isWhole(in)) {
      int at = in.position();
      int length = lengthAt(in, at);
      byte type = in.get(at + 3);
      byte flags = in.get(at + 4);
      int stream = in.getInt(at + 5) & Integer.MAX_VALUE;
      int body = at + FRAME_HEADER;
      if (stream == 0) {
        onConnection(in, type, flags, body, length);
      } else {
        onStream(in, type, flags, stream, body, length, replies);
      }
      in.position(body + length);
    }
  }

  private void onConnection(ByteBuffer in, byte type, byte flags, int body, int length)
      throws IOException {
    if (type == GOAWAY) {
      throw new IOException("etcd ends the connection: " + text(in, body + 8, length - 8));
    } else if (type == WINDOW_UPDATE) {
      window += in.getInt(body) & Integer.MAX_VALUE;
    } else if (type == PING && (flags & ACK) == 0) {
      frame(control, 8, PING, ACK, 0);
      control.putLong(in.getLong(body));
    } else if (type == SETTINGS && (flags & ACK) == 0) {
      settings(in, body, length);
      frame(control, 0, SETTINGS, ACK, 0);
    }
  }

  private void settings(ByteBuffer in, int body, int length) throws IOException {
    for (int at = body; at + 6 <= body + length; at += 6) {
      int which = in.getShort(at);
      long value = in.getInt(at + 2) & 0xffffffffL;
      if (which == MAX_CONCURRENT_STREAMS && value < streams.length) {
        throw new IOException("etcd takes " + value + " requests at a time on a connection");
      }
      if (which == INITIAL_WINDOW_SIZE && value < DEFAULT_WINDOW) {
        throw new IOException("etcd takes " + value + " bytes of a request at a time");
      }
    }
  }

  private void onStream(
      ByteBuffer in, byte type, byte flags, int stream, int body, int length, Replies replies)
      throws IOException {
    if (type == DATA) {
      onData(in, flags, slot(stream), body, length);
    }
    boolean isEnd = (type == HEADERS || type == DATA) && (flags & END_STREAM) != 0;
    if (type == RST_STREAM) {
      end(stream, "reset with HTTP/2's code " + in.getInt(body), replies);
    } else if (isEnd) {
      end(stream, "refused: no message came; etcd's log may say why", replies);
    }
  }

  private void onData(ByteBuffer in, byte flags, int slot, int body, int length) {
    boolean isPadded = (flags & PADDED) != 0;
    int from = isPadded ? body + 1 : body;
    int count = isPadded ? length - 1 - (in.get(body) & 0xff) : length;
    for (int i = 0; i < count && received[slot] + i < PREFIX_BYTES; i++) {
      prefixes[slot][received[slot] + i] = in.get(from + i);
    }
    received[slot] += count;
    unacknowledged += length;
    if (unacknowledged >= WINDOW_RENEWED_AFTER) {
      frame(control, 4, WINDOW_UPDATE, (byte) 0, 0);
      control.putInt(unacknowledged);
      unacknowledged = 0;
    }
  }

  private void end(int stream, String problem, Replies replies) throws IOException {
    int slot = slot(stream);
    streams[slot] = 0;
    byte[] message = prefixes[slot];
    int size = ByteBuffer.wrap(message).getInt(1);
    if (received[slot] < MESSAGE_HEADER || received[slot] != MESSAGE_HEADER + size) {
      replies.onError(slot, problem);
    } else {
      boolean isMissing = isRead[slot] && !hasKeyValue(message, MESSAGE_HEADER + size);
      replies.on(slot, isMissing ? Outcome.MISSING : Outcome.GOOD);
    }
  }

  /** Whether the response's header, which is shorter than the prefix, is followed by a key. */
  private static boolean hasKeyValue(byte[] message, int size) {
    int at = MESSAGE_HEADER;
    if (size > at + 1 && message[at] == HEADER_FIELD) {
      at += 2 + message[at + 1];
    }
    return at < Math.min(size, PREFIX_BYTES) && message[at] == KEY_VALUES_FIELD;
  }

  private int slot(int stream) throws IOException {
    for (int slot = 0; slot < streams.length; slot++) {
      if (streams[slot] == stream) {
        return slot;
      }
    }
    throw new IOException("a frame of stream " + stream + ", which is not open");
  }

  private static String text(ByteBuffer in, int from, int count) {
    byte[] bytes = new byte[Math.max(0, Math.min(count, 200))];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = in.get(from + i);
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
