package io.trefoil.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Cassandra's native protocol, version 4: prepared statements on a table {@code kv} of keys and
 * values. The slot is the stream.
 *
 * @see <a href="https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v4.spec">The
 *     protocol</a>
 */
public final class Cql implements Protocol {
  private static final byte VERSION = 4;
  private static final byte STARTUP = 1;
  private static final byte QUERY = 7;
  private static final byte PREPARE = 9;
  private static final byte EXECUTE = 10;
  private static final byte ERROR = 0;
  private static final byte RESULT = 8;
  private static final int HEADER = 9;
  private static final int LENGTH_AT = 5;
  private static final int FRAME_BYTES_MAX = 256 * 1024 * 1024;
  private static final int FRAME_BYTES = 256;
  private static final int ROWS = 2;

  /** Values follow; the reply needs no names and types of columns. */
  private static final byte VALUES_ONLY = 3;

  /** In nanoseconds: nodes hear of a new table a moment later. */
  private static final long PATIENCE = 30_000_000_000L;

  /** How many replicas have to answer, by the protocol's number. */
  public enum Consistency {
    ONE(1),
    QUORUM(4),
    ALL(5);

    private final short number;

    Consistency(int number) {
      this.number = (short) number;
    }

    /** So many of three. */
    public static Consistency of(int replicas) {
      return values()[replicas - 1];
    }
  }

  private final String keyspace;
  private final int pipeline;
  private final Consistency reads;
  private final Consistency writes;
  private byte[] insert;
  private byte[] select;

  /**
   * @param keyspace of the table, which {@link #createTable} made
   * @param pipeline so many requests are in flight at most
   */
  public Cql(String keyspace, int pipeline, Consistency reads, Consistency writes) {
    this.keyspace = keyspace;
    this.pipeline = pipeline;
    this.reads = reads;
    this.writes = writes;
  }

  /** Makes the table, with three replicas, over a connection that is used for nothing else. */
  public static void createTable(Connection connection, String keyspace) throws IOException {
    start(connection);
    query(
        connection,
        "CREATE KEYSPACE "
            + keyspace
            + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}");
    query(connection, "CREATE TABLE " + keyspace + ".kv (k blob PRIMARY KEY, v blob)");
  }

  private static void start(Connection connection) throws IOException {
    ByteBuffer out = connection.out();
    int body = open(out, STARTUP, 0);
    out.putShort((short) 1);
    string(out, "CQL_VERSION");
    string(out, "3.0.0");
    close(out, body);
    ask(connection);
  }

  private static void query(Connection connection, String statement) throws IOException {
    ByteBuffer out = connection.out();
    int body = open(out, QUERY, 0);
    out.putInt(statement.length()).put(ascii(statement));
    out.putShort(Consistency.QUORUM.number).put((byte) 0);
    close(out, body);
    ask(connection);
  }

  @Override
  public void begin(Connection connection) throws IOException {
    start(connection);
    insert = prepare(connection, "INSERT INTO " + keyspace + ".kv (k, v) VALUES (?, ?)");
    select = prepare(connection, "SELECT v FROM " + keyspace + ".kv WHERE k = ?");
  }

  /** Returns what the node calls the statement. Waits for it to know the table. */
  private static byte[] prepare(Connection connection, String statement) throws IOException {
    long end = System.nanoTime() + PATIENCE;
    while (true) {
      try {
        return tryPrepare(connection, statement);
      } catch (IOException e) {
        if (System.nanoTime() - end > 0) {
          throw e;
        }
      }
    }
  }

  private static byte[] tryPrepare(Connection connection, String statement) throws IOException {
    ByteBuffer out = connection.out();
    int body = open(out, PREPARE, 0);
    out.putInt(statement.length()).put(ascii(statement));
    close(out, body);
    ByteBuffer reply = ask(connection);
    reply.position(HEADER + Integer.BYTES);
    byte[] id = new byte[reply.getShort()];
    reply.get(id);
    return id;
  }

  private static ByteBuffer ask(Connection connection) throws IOException {
    ByteBuffer reply = connection.ask(in -> isWhole(in));
    if (reply.get(4) == ERROR) {
      throw new IOException(errorText(reply, 0));
    }
    return reply;
  }

  @Override
  public int frameBytes(int valueSize) {
    return FRAME_BYTES + valueSize;
  }

  @Override
  public void write(ByteBuffer out, int slot, byte[] key, byte[] values, int from, int size) {
    int body = execute(out, slot, insert, writes, 2);
    out.putInt(key.length).put(key);
    out.putInt(size).put(values, from, size);
    close(out, body);
  }

  @Override
  public void read(ByteBuffer out, int slot, byte[] key) {
    int body = execute(out, slot, select, reads, 1);
    out.putInt(key.length).put(key);
    close(out, body);
  }

  private static int execute(
      ByteBuffer out, int slot, byte[] statement, Consistency consistency, int values) {
    int body = open(out, EXECUTE, slot);
    out.putShort((short) statement.length).put(statement);
    out.putShort(consistency.number).put(VALUES_ONLY).putShort((short) values);
    return body;
  }

  /** Begins a frame: version, flags, stream, operation, length. Returns where its body begins. */
  private static int open(ByteBuffer out, byte operation, int stream) {
    out.put(VERSION).put((byte) 0).putShort((short) stream).put(operation).putInt(0);
    return out.position();
  }

  private static void close(ByteBuffer out, int body) {
    out.putInt(body - Integer.BYTES, out.position() - body);
  }

  private static void string(ByteBuffer out, String text) {
    out.putShort((short) text.length()).put(ascii(text));
  }

  @Override
  public void receive(ByteBuffer in, Replies replies) throws IOException {
    while (isWhole(in)) {
      int begin = in.position();
      int length = in.getInt(begin + LENGTH_AT);
      if (length < 0 || length > FRAME_BYTES_MAX) {
        throw new IOException("a frame of " + length + " bytes");
      }
      int stream = in.getShort(begin + 2);
      if (stream < 0 || stream >= pipeline) {
        throw new IOException("a frame of stream " + stream + ", on which nothing was sent");
      }
      byte operation = in.get(begin + 4);
      if (operation == RESULT) {
        replies.on(stream, outcome(in, begin + HEADER));
      } else {
        replies.onError(stream, errorText(in, begin));
      }
      in.position(begin + HEADER + length);
    }
  }

  private static Outcome outcome(ByteBuffer in, int body) {
    // Kind, flags and the number of columns, then the number of rows.
    boolean isEmpty = in.getInt(body) == ROWS && in.getInt(body + 3 * Integer.BYTES) == 0;
    return isEmpty ? Outcome.MISSING : Outcome.GOOD;
  }

  private static boolean isWhole(ByteBuffer in) {
    return in.remaining() >= HEADER
        && in.remaining() - HEADER >= in.getInt(in.position() + LENGTH_AT);
  }

  /** An error's code and what it says. */
  private static String errorText(ByteBuffer in, int begin) {
    int at = begin + HEADER;
    byte[] text = new byte[in.getShort(at + Integer.BYTES)];
    for (int i = 0; i < text.length; i++) {
      text[i] = in.get(at + Integer.BYTES + Short.BYTES + i);
    }
    return "error 0x"
        + Integer.toHexString(in.getInt(at))
        + ": "
        + new String(text, StandardCharsets.UTF_8);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
