import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/**
 * Writes and reads one key at a time on clusters of two kinds with the same client: as many
 * connections to each, spread over its nodes, one request in flight on each. Only the bytes differ,
 * so that neither side pays for a heavier client. Measures the sides in turn, and prints medians and
 * what the last side is of each other one.
 *
 * <p>Arguments: seconds of a measurement, pairs, connections, threads, keys, seconds of the warm-up;
 * then five for each side: name, {@code resp} or {@code cql}, database or keyspace, nodes
 * ({@code host:port,…}), process ids of its servers ({@code id,…}).
 */
final class QuorumBench {
  /** In bytes. */
  private static final int VALUE_SIZE = 64;

  public static void main(String[] arguments) throws Exception {
    int seconds = Integer.parseInt(arguments[0]);
    int pairs = Integer.parseInt(arguments[1]);
    int connections = Integer.parseInt(arguments[2]);
    int threads = Integer.parseInt(arguments[3]);
    int keys = Integer.parseInt(arguments[4]);
    int warmUp = Integer.parseInt(arguments[5]);
    List<Side> sides = new ArrayList<>();
    for (int at = 6; at < arguments.length; at += 5) {
      sides.add(Side.connect(Arrays.copyOfRange(arguments, at, at + 5), connections, threads));
    }
    for (Side side : sides) {
      warmUp(side, keys, warmUp);
    }
    System.out.printf("%-8s%-12s%12s%9s%9s   cores: its servers, client, others%n", "", "", "a second", "p50 ms", "p99 ms");
    for (boolean writes : new boolean[] {true, false}) {
      List<List<Sample>> samples = new ArrayList<>();
      sides.forEach(side -> samples.add(new ArrayList<>()));
      for (int pair = 0; pair < pairs; pair++) {
        for (int side = 0; side < sides.size(); side++) {
          samples.get(side).add(measure(sides, side, Work.random(writes, keys, seconds)));
        }
      }
      print(writes ? "writes" : "reads", sides, samples);
    }
    System.exit(0);
  }

  /** Writes every key once, so that reads find them, and warms the servers up. */
  private static void warmUp(Side side, int keys, int seconds) throws Exception {
    long begin = System.nanoTime();
    Tally filled = side.run(Work.each(keys));
    System.err.printf(
        "%s: wrote %,d keys in %.0f s%s%n",
        side.name, filled.good, (System.nanoTime() - begin) / 1e9, faults(filled.errors, filled.missing));
    for (boolean writes : new boolean[] {true, false}) {
      side.run(Work.random(writes, keys, seconds));
    }
  }

  private static Sample measure(List<Side> sides, int measured, Work work) throws Exception {
    double[] before = cores(sides);
    long begin = System.nanoTime();
    Tally tally = sides.get(measured).run(work);
    double took = (System.nanoTime() - begin) / 1e9;
    double[] after = cores(sides);
    double all = 0;
    for (int i = 0; i < sides.size(); i++) {
      // Two databases of the same nodes are two sides with the same processes: counted once.
      all += sides.get(i).isFirstOf(sides.subList(0, i)) ? after[i] - before[i] : 0;
    }
    double own = after[measured] - before[measured];
    double client = after[sides.size()] - before[sides.size()];
    return new Sample(
        tally.good / took,
        tally.millis(0.5),
        tally.millis(0.99),
        own / took,
        client / took,
        (all - own) / took,
        tally.errors,
        tally.missing);
  }

  /** Seconds of computing so far: of each side's servers, and of this client. */
  private static double[] cores(List<Side> sides) {
    double[] spent = new double[sides.size() + 1];
    for (int i = 0; i < sides.size(); i++) {
      spent[i] = sides.get(i).servers.stream().mapToDouble(QuorumBench::computed).sum();
    }
    spent[sides.size()] = computed(ProcessHandle.current());
    return spent;
  }

  private static double computed(ProcessHandle process) {
    Duration spent = process.info().totalCpuDuration().orElse(Duration.ZERO);
    return spent.toNanos() / 1e9;
  }

  private static void print(String what, List<Side> sides, List<List<Sample>> samples) {
    for (int i = 0; i < sides.size(); i++) {
      List<Sample> of = samples.get(i);
      System.out.printf(
          "%-8s%-12s%,12.0f%9.2f%9.2f   %.2f, %.2f, %.2f%s%n",
          what,
          sides.get(i).name,
          median(of, Sample::rate),
          median(of, Sample::middle),
          median(of, Sample::slow),
          median(of, Sample::servers),
          median(of, Sample::client),
          median(of, Sample::others),
          faults(
              of.stream().mapToLong(Sample::errors).sum(),
              of.stream().mapToLong(Sample::missing).sum()));
    }
    int last = sides.size() - 1;
    for (int i = 0; i < last; i++) {
      System.out.printf(
          "%-8s%s / %s: a second %s, p99 %s%n",
          what,
          sides.get(last).name,
          sides.get(i).name,
          ratio(samples.get(last), samples.get(i), Sample::rate),
          ratio(samples.get(last), samples.get(i), Sample::slow));
    }
  }

  /** The median of the pairs' ratios, and their span. */
  private static String ratio(List<Sample> of, List<Sample> to, ToDoubleFunction<Sample> figure) {
    double[] ratios = new double[of.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = figure.applyAsDouble(of.get(i)) / figure.applyAsDouble(to.get(i));
    }
    Arrays.sort(ratios);
    return String.format(
        "%.2f (%.2f to %.2f)", median(ratios), ratios[0], ratios[ratios.length - 1]);
  }

  private static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
    return median(samples.stream().mapToDouble(figure).sorted().toArray());
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String faults(long errors, long missing) {
    return errors + missing == 0
        ? ""
        : ", errors " + errors + ", reads that found nothing " + missing;
  }

  /**
   * One measurement: requests a second; the milliseconds in which half and 99 % of them were
   * answered; what this side's servers, the client and other sides' servers computed, in cores.
   */
  private record Sample(
      double rate,
      double middle,
      double slow,
      double servers,
      double client,
      double others,
      long errors,
      long missing) {}

  /** What a client's threads do: which keys, and until when. */
  private record Work(boolean writes, int keys, long end, AtomicInteger next) {
    static Work random(boolean writes, int keys, int seconds) {
      return new Work(writes, keys, System.nanoTime() + seconds * 1_000_000_000L, null);
    }

    /** Writes each key once. */
    static Work each(int keys) {
      return new Work(true, keys, 0, new AtomicInteger());
    }

    /** The next key, or -1 when it is done. */
    int key(SplittableRandom random, long now) {
      if (next == null) {
        return now - end < 0 ? random.nextInt(keys) : -1;
      }
      int key = next.getAndIncrement();
      return key < keys ? key : -1;
    }
  }

  /** One of the clusters, or one of its databases, with connections to it. */
  private static final class Side {
    private final String name;
    private final String pids;
    private final List<ProcessHandle> servers = new ArrayList<>();
    private final List<Loop> loops = new ArrayList<>();
    private final ExecutorService threads;

    private Side(String name, String pids, int threads) {
      this.name = name;
      this.pids = pids;
      this.threads = Executors.newFixedThreadPool(threads);
      for (String pid : pids.split(",")) {
        servers.add(ProcessHandle.of(Long.parseLong(pid)).orElseThrow());
      }
    }

    static Side connect(String[] words, int connections, int threads) throws IOException {
      Side side = new Side(words[0], words[4], threads);
      String[] nodes = words[3].split(",");
      for (int i = 0; i < threads; i++) {
        side.loops.add(new Loop(i));
      }
      Protocol protocol = words[1].equals("cql") ? new Cql() : new Resp();
      for (int i = 0; i < connections; i++) {
        Connection made = new Connection(nodes[i % nodes.length], protocol, words[2]);
        side.loops.get(i % threads).add(made);
      }
      return side;
    }

    boolean isFirstOf(List<Side> earlier) {
      return earlier.stream().noneMatch(side -> side.pids.equals(pids));
    }

    Tally run(Work work) throws InterruptedException, ExecutionException {
      List<Future<Tally>> running = new ArrayList<>();
      for (Loop loop : loops) {
        running.add(threads.submit(() -> loop.run(work)));
      }
      List<Tally> tallies = new ArrayList<>();
      for (Future<Tally> loop : running) {
        tallies.add(loop.get());
      }
      return Tally.sum(tallies);
    }
  }

  /** One thread's connections. */
  private static final class Loop {
    private final Selector selector = Selector.open();
    private final List<Connection> connections = new ArrayList<>();
    private final SplittableRandom random;
    private Work work;
    private Tally tally;
    private int inFlight;

    Loop(int seed) throws IOException {
      random = new SplittableRandom(seed);
    }

    void add(Connection connection) throws IOException {
      connections.add(connection);
      connection.channel.configureBlocking(false);
      connection.channel.register(selector, SelectionKey.OP_READ, connection);
    }

    Tally run(Work given) throws IOException {
      work = given;
      tally = new Tally();
      inFlight = 0;
      for (Connection connection : connections) {
        next(connection, System.nanoTime());
      }
      while (inFlight > 0) {
        selector.selectedKeys().clear();
        selector.select();
        for (SelectionKey ready : selector.selectedKeys()) {
          receive((Connection) ready.attachment());
        }
      }
      return tally;
    }

    private void receive(Connection connection) throws IOException {
      Outcome outcome = connection.receive();
      if (outcome == Outcome.UNFINISHED) {
        return;
      }
      inFlight--;
      long now = System.nanoTime();
      tally.add(outcome, now - connection.sent);
      next(connection, now);
    }

    private void next(Connection connection, long now) throws IOException {
      int key = work.key(random, now);
      if (key >= 0) {
        connection.send(work.writes, key, random, now);
        inFlight++;
      }
    }
  }

  /** A connection to a node, with at most one request in flight. */
  private static final class Connection {
    private static final AtomicInteger ERRORS = new AtomicInteger();
    private static final int ERRORS_SHOWN = 5;

    private final SocketChannel channel;
    private final Protocol protocol;
    private final ByteBuffer out = ByteBuffer.allocateDirect(1024);
    private final ByteBuffer in = ByteBuffer.allocateDirect(65536);
    private final byte[] name = new byte[16];
    private final ByteBuffer value = ByteBuffer.allocate(VALUE_SIZE);
    /** When the request in flight was sent, in nanoseconds of {@link System#nanoTime}. */
    private long sent;

    Connection(String node, Protocol protocol, String database) throws IOException {
      int colon = node.indexOf(':');
      int port = Integer.parseInt(node.substring(colon + 1));
      this.protocol = protocol;
      channel = SocketChannel.open(new InetSocketAddress(node.substring(0, colon), port));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      protocol.begin(this, database);
    }

    void send(boolean write, int key, SplittableRandom random, long now) throws IOException {
      name(key);
      out.clear();
      if (write) {
        for (int i = 0; i < VALUE_SIZE; i += Long.BYTES) {
          value.putLong(i, random.nextLong());
        }
        protocol.write(out, name, value.array());
      } else {
        protocol.read(out, name);
      }
      sent = now;
      flush();
    }

    private void flush() throws IOException {
      out.flip();
      while (out.hasRemaining()) {
        channel.write(out);
      }
    }

    /** As in redis-benchmark: {@code key:} and twelve digits. */
    private void name(int key) {
      name[0] = 'k';
      name[1] = 'e';
      name[2] = 'y';
      name[3] = ':';
      for (int at = name.length - 1, rest = key; at > 3; at--, rest /= 10) {
        name[at] = (byte) ('0' + rest % 10);
      }
    }

    /** Reads what there is; the reply is taken once it is whole. */
    Outcome receive() throws IOException {
      if (channel.read(in) < 0) {
        throw new EOFException(channel.getRemoteAddress() + " closed the connection");
      }
      in.flip();
      try {
        Outcome outcome = protocol.reply(in);
        if (outcome == Outcome.ERROR && ERRORS.getAndIncrement() < ERRORS_SHOWN) {
          System.err.println("error: " + text(in.flip()));
        }
        in.clear();
        return outcome;
      } catch (BufferUnderflowException e) {
        in.position(in.limit());
        in.limit(in.capacity());
        return Outcome.UNFINISHED;
      }
    }

    /** Sends what is in {@code out} and waits for the reply's bytes, while the channel still blocks. */
    ByteBuffer ask() throws IOException {
      flush();
      out.clear();
      in.clear();
      while (true) {
        if (channel.read(in) < 0) {
          throw new EOFException(channel.getRemoteAddress() + " closed the connection");
        }
        ByteBuffer reply = in.duplicate().flip();
        try {
          if (protocol.reply(reply.duplicate()) == Outcome.ERROR) {
            throw new IOException(channel.getRemoteAddress() + ": " + text(reply));
          }
          in.clear();
          return reply;
        } catch (BufferUnderflowException e) {
          // The rest of the reply is still to come.
        }
      }
    }
  }

  private enum Outcome {
    GOOD,
    /** A read found nothing. */
    MISSING,
    ERROR,
    UNFINISHED
  }

  /** The bytes of requests and replies. */
  private interface Protocol {
    void begin(Connection connection, String database) throws IOException;

    void write(ByteBuffer out, byte[] key, byte[] value);

    void read(ByteBuffer out, byte[] key);

    /**
     * @throws BufferUnderflowException when the reply is not whole yet
     */
    Outcome reply(ByteBuffer in);
  }

  /** The Redis protocol. */
  private static final class Resp implements Protocol {
    private static final byte[] SET = ascii("*3\r\n$3\r\nSET\r\n");
    private static final byte[] GET = ascii("*2\r\n$3\r\nGET\r\n");
    private static final byte[] END = ascii("\r\n");

    @Override
    public void begin(Connection connection, String database) throws IOException {
      connection.out.put(ascii("SELECT " + database + "\r\n"));
      connection.ask();
    }

    @Override
    public void write(ByteBuffer out, byte[] key, byte[] value) {
      out.put(SET);
      bulk(out, key);
      bulk(out, value);
    }

    @Override
    public void read(ByteBuffer out, byte[] key) {
      out.put(GET);
      bulk(out, key);
    }

    private static void bulk(ByteBuffer out, byte[] bytes) {
      out.put((byte) '$');
      out.put((byte) ('0' + bytes.length / 10)).put((byte) ('0' + bytes.length % 10));
      out.put(END).put(bytes).put(END);
    }

    @Override
    public Outcome reply(ByteBuffer in) {
      byte kind = in.get();
      int length = 0;
      boolean negative = false;
      for (byte next = in.get(); next != '\n'; next = in.get()) {
        negative |= next == '-';
        length = next >= '0' && next <= '9' ? length * 10 + next - '0' : length;
      }
      if (kind == '$' && !negative) {
        skip(in, length + END.length);
      }
      return kind == '-' ? Outcome.ERROR : negative ? Outcome.MISSING : Outcome.GOOD;
    }
  }

  /** Cassandra's native protocol, version 4: prepared statements, consistency QUORUM. */
  private static final class Cql implements Protocol {
    private static final byte VERSION = 4;
    private static final byte STARTUP = 1;
    private static final byte QUERY = 7;
    private static final byte PREPARE = 9;
    private static final byte EXECUTE = 10;
    private static final byte ERROR = 0;
    private static final byte RESULT = 8;
    private static final int HEADER = 9;
    private static final int ROWS = 2;
    private static final short QUORUM = 4;
    /** Values follow; the reply needs no names and types of columns. */
    private static final byte VALUES_ONLY = 3;
    /** In nanoseconds. */
    private static final long PATIENCE = 30_000_000_000L;

    private byte[] insert;
    private byte[] select;

    @Override
    public void begin(Connection connection, String keyspace) throws IOException {
      int start = open(connection.out, STARTUP);
      connection.out.putShort((short) 1);
      string(connection.out, "CQL_VERSION");
      string(connection.out, "3.0.0");
      close(connection.out, start);
      connection.ask();
      if (insert == null) {
        // The first connection. Nodes hear of it a moment later.
        query(
            connection,
            "CREATE KEYSPACE " + keyspace
                + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}");
        query(connection, "CREATE TABLE " + keyspace + ".kv (k blob PRIMARY KEY, v blob)");
      }
      insert = prepare(connection, "INSERT INTO " + keyspace + ".kv (k, v) VALUES (?, ?)");
      select = prepare(connection, "SELECT v FROM " + keyspace + ".kv WHERE k = ?");
    }

    private static void query(Connection connection, String statement) throws IOException {
      int start = open(connection.out, QUERY);
      connection.out.putInt(statement.length()).put(ascii(statement));
      connection.out.putShort(QUORUM).put((byte) 0);
      close(connection.out, start);
      connection.ask();
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
      int start = open(connection.out, PREPARE);
      connection.out.putInt(statement.length()).put(ascii(statement));
      close(connection.out, start);
      ByteBuffer reply = connection.ask();
      reply.position(HEADER + Integer.BYTES);
      byte[] id = new byte[reply.getShort()];
      reply.get(id);
      return id;
    }

    @Override
    public void write(ByteBuffer out, byte[] key, byte[] value) {
      int start = execute(out, insert, 2);
      out.putInt(key.length).put(key);
      out.putInt(value.length).put(value);
      close(out, start);
    }

    @Override
    public void read(ByteBuffer out, byte[] key) {
      int start = execute(out, select, 1);
      out.putInt(key.length).put(key);
      close(out, start);
    }

    private static int execute(ByteBuffer out, byte[] statement, int values) {
      int start = open(out, EXECUTE);
      out.putShort((short) statement.length).put(statement);
      out.putShort(QUORUM).put(VALUES_ONLY).putShort((short) values);
      return start;
    }

    /** Begins a frame: version, flags, stream, operation, length. Returns where its body begins. */
    private static int open(ByteBuffer out, byte operation) {
      out.put(VERSION).put((byte) 0).putShort((short) 0).put(operation).putInt(0);
      return out.position();
    }

    private static void close(ByteBuffer out, int start) {
      out.putInt(start - Integer.BYTES, out.position() - start);
    }

    private static void string(ByteBuffer out, String text) {
      out.putShort((short) text.length()).put(ascii(text));
    }

    @Override
    public Outcome reply(ByteBuffer in) {
      int begin = in.position();
      skip(in, HEADER);
      byte operation = in.get(begin + 4);
      int length = in.getInt(begin + 5);
      skip(in, length);
      if (operation == ERROR) {
        return Outcome.ERROR;
      }
      int body = begin + HEADER;
      if (operation == RESULT && in.getInt(body) == ROWS) {
        // Flags and the number of columns, then the number of rows.
        return in.getInt(body + 3 * Integer.BYTES) > 0 ? Outcome.GOOD : Outcome.MISSING;
      }
      return Outcome.GOOD;
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void skip(ByteBuffer in, int bytes) {
    if (in.remaining() < bytes) {
      throw new BufferUnderflowException();
    }
    in.position(in.position() + bytes);
  }

  /** What can be read of a reply. */
  private static String text(ByteBuffer reply) {
    byte[] bytes = new byte[reply.remaining()];
    reply.get(bytes);
    return new String(bytes, StandardCharsets.US_ASCII).replaceAll("[^ -~]+", " ").strip();
  }

  /** How many requests ended how, and how long the good ones took. */
  private static final class Tally {
    /** Of so many microseconds; the last one also counts what took longer. */
    private final int[] micros = new int[2_000_000];

    private long good;
    private long missing;
    private long errors;

    void add(Outcome outcome, long nanos) {
      switch (outcome) {
        case GOOD -> {
          good++;
          micros[(int) Math.min(nanos / 1000, micros.length - 1)]++;
        }
        case MISSING -> missing++;
        default -> errors++;
      }
    }

    static Tally sum(List<Tally> tallies) {
      Tally sum = new Tally();
      for (Tally tally : tallies) {
        sum.good += tally.good;
        sum.missing += tally.missing;
        sum.errors += tally.errors;
        for (int i = 0; i < sum.micros.length; i++) {
          sum.micros[i] += tally.micros[i];
        }
      }
      return sum;
    }

    /** Milliseconds within which this share of the good ones was answered. */
    double millis(double share) {
      long counted = 0;
      for (int i = 0; i < micros.length; i++) {
        counted += micros[i];
        if (counted >= good * share) {
          return i / 1000.0;
        }
      }
      return Double.NaN;
    }
  }
}
