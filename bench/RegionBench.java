import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.Reply;
import io.trefoil.cli.ReplyFields;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What a database that spans two regions costs, and how far apart they run: beside a single-leader
 * one with the same commit rule, of the same cluster, in turn. Times of requests are from when they
 * were due, so that nothing hides a halt. Lags are of real data: marks are written in the first
 * region and looked for in the second one, by one clock.
 *
 * <p>Arguments: first client port of the first region and of the second, file that takes {@code cut}
 * and {@code heal}, milliseconds of the link each way, parts, rounds, seconds of a measurement,
 * writes a second, minutes of part c, seconds of the cut, keys. Beside it on the class path: cli.
 */
final class RegionBench {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
          });

  private static final int CONNECTIONS = 4;
  private static final int IN_FLIGHT = 16;
  private static final int LOW_RATE = 200;
  private static final long MARK_NANOS = 10_000_000;
  /** Marks are seen so much late, at most: what looks more often takes from what is measured. */
  private static final long LOOK_NANOS = 2_000_000;

  private static final long LEVEL_NANOS = 500_000_000;
  private static final byte[] VALUE = "x".repeat(64).getBytes(StandardCharsets.US_ASCII);

  private final int here;
  private final int there;
  private final Path link;
  private final long linkMillis;
  private final String parts;
  private final int rounds;
  private final int seconds;
  private final int rate;
  private final double minutes;
  private final int cutSeconds;
  private final int keys;

  private RegionBench(String[] arguments) {
    here = Integer.parseInt(arguments[0]);
    there = Integer.parseInt(arguments[1]);
    link = Path.of(arguments[2]);
    linkMillis = Long.parseLong(arguments[3]);
    parts = arguments[4];
    rounds = Integer.parseInt(arguments[5]);
    seconds = Integer.parseInt(arguments[6]);
    rate = Integer.parseInt(arguments[7]);
    minutes = Double.parseDouble(arguments[8]);
    cutSeconds = Integer.parseInt(arguments[9]);
    keys = Integer.parseInt(arguments[10]);
  }

  public static void main(String[] arguments) throws Exception {
    new RegionBench(arguments).run();
    System.exit(0);
  }

  private void run() throws Exception {
    Side single = fill(new Side("single-leader", "single", here));
    Side multi = fill(new Side("multi-leader", "multi", here));
    System.out.printf("%-2s %-46s%16s   %s%n", "", "", "measured", "target");
    if (parts.contains("a")) {
      local(single, multi);
    }
    if (parts.contains("b")) {
      loaded(single, multi);
    }
    if (parts.contains("c")) {
      held(single, multi);
    }
    if (parts.contains("d")) {
      healed(multi);
    }
    if (parts.contains("e")) {
      verified();
    }
  }

  private static void row(String part, String what, String measured, String target) {
    System.out.printf("%-2s %-46s%16s   %s%n", part, what, measured, target);
  }

  private static String millis(double nanos) {
    return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
  }

  // Before all: both databases hold all keys, in both regions.

  private Side fill(Side side) throws Exception {
    long begin = System.nanoTime();
    int filled = side.fill(keys);
    System.err.printf("%s: wrote %,d keys in %.0f s%n", side.name, filled, since(begin));
    if (side.database.equals("multi")) {
      try (Marks marks = new Marks(here, there)) {
        marks.await(marks.begin + 1);
      }
    }
    return side;
  }

  private static double since(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  // a. At low load, one request in flight.

  private void local(Side single, Side multi) throws Exception {
    for (boolean writes : new boolean[] {true, false}) {
      List<Double> of = new ArrayList<>();
      List<Double> to = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        to.add(single.calm(writes, keys, seconds).share(0.5));
        of.add(multi.calm(writes, keys, seconds).share(0.5));
      }
      String what = writes ? "write" : "read";
      row("a", "local " + what + ", p50, at " + LOW_RATE + " a second", millis(median(of)), "< 2 ms");
      row("", "  single-leader", millis(median(to)), "");
      row("", "  ratio", ratio(of, to), "");
    }
  }

  // b. At a steady rate.

  private void loaded(Side single, Side multi) throws Exception {
    List<Double> of = new ArrayList<>();
    List<Double> to = new ArrayList<>();
    List<Double> lags = new ArrayList<>();
    long errors = 0;
    long errorsThere = 0;
    for (int round = 0; round < rounds; round++) {
      try (Load load = new Load(single, rate, keys)) {
        pause(seconds);
        to.add(load.stop().share(0.5));
        errorsThere += load.errors();
      }
      try (Load load = new Load(multi, rate, keys);
          Marks marks = new Marks(here, there)) {
        pause(seconds);
        of.add(load.stop().share(0.5));
        errors += load.errors();
        lags.add(marks.lags(marks.begin, System.nanoTime()).share(0.99));
      }
    }
    String at = String.format(Locale.ROOT, " at %,d a second", rate);
    row("b", "write, p50," + at, millis(median(of)), "");
    row("", "  single-leader", millis(median(to)), "");
    row("", "  ratio", ratio(of, to), "<= 1.5");
    row("", "lag, p99," + at, millis(median(lags)), "< " + (100 + linkMillis) + " ms");
    row("", "  errors", Long.toString(errors), "0");
    row("", "  single-leader", Long.toString(errorsThere), "0");
  }

  // c. At half of the peak, for long.

  private void held(Side single, Side multi) throws Exception {
    List<Double> peaks = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      peaks.add(single.peak(keys, seconds));
    }
    int half = (int) (median(peaks) / 2);
    row("c", "peak of the single-leader database", String.format("%,.0f /s", median(peaks)), "");
    double window = Math.min(60, minutes * 60 / 5);
    try (Load load = new Load(multi, half, keys);
        Marks marks = new Marks(here, there)) {
      pause(minutes * 60);
      long end = System.nanoTime();
      Times latencies = load.stop();
      Times first = marks.lags(marks.begin, marks.begin + (long) (window * 1e9));
      Times last = marks.lags(end - (long) (window * 1e9), end);
      String over = String.format(Locale.ROOT, " %.0f s of %.1f min", window, minutes);
      row("", "acknowledged, at half of it", String.format("%,.0f /s", latencies.count() / (minutes * 60)), String.format("%,d /s", half));
      row("", "lag, p50, p99, first" + over, millis(first.share(0.5)) + ", " + millis(first.share(0.99)), "");
      row("", "lag, p50, p99, last" + over, millis(last.share(0.5)) + ", " + millis(last.share(0.99)), "not above the first");
      row("", "  errors", Long.toString(load.errors()), "0");
    }
  }

  // d. The link is cut.

  private void healed(Side multi) throws Exception {
    try (Load load = new Load(multi, rate, keys);
        Marks marks = new Marks(here, there)) {
      pause(5);
      say("cut");
      pause(cutSeconds);
      long acknowledged = load.acknowledged();
      say("heal");
      long healed = System.nanoTime();
      marks.await(healed);
      double took = since(healed);
      Times latencies = load.stop();
      row("d", "caught up after a cut of " + cutSeconds + " s", String.format(Locale.ROOT, "%.1f s", took), "<= 30 s");
      row("", "  acknowledged until then, p50", String.format("%,d, %s", acknowledged, millis(latencies.share(0.5))), "");
      row("", "  errors", Long.toString(load.errors()), "0");
    }
  }

  private void say(String word) throws IOException {
    Files.writeString(link, word + "\n", StandardOpenOption.WRITE);
  }

  // e. Both are compared.

  private void verified() throws Exception {
    List<Double> times = new ArrayList<>();
    String result = "";
    long compared = 0;
    for (int round = 0; round < rounds; round++) {
      for (int port : new int[] {here, there}) {
        try (RespClient client = connect(port)) {
          client.call("HELLO", "3");
          long begin = System.nanoTime();
          ReplyFields reply = ReplyFields.of(client.call("DATABASE", "VERIFY", "multi"));
          times.add((double) System.nanoTime() - begin);
          result = reply.text("result");
          compared = reply.number("keys_compared");
        }
      }
    }
    row("e", String.format("DATABASE VERIFY, %,d keys: %s", compared, result), String.format(Locale.ROOT, "%.1f s", median(times) / 1e9), "equal, < 10 s");
  }

  // Figures.

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /** The median of the rounds' ratios. */
  private static String ratio(List<Double> of, List<Double> to) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < of.size(); i++) {
      ratios.add(of.get(i) / to.get(i));
    }
    return String.format(Locale.ROOT, "%.2f", median(ratios));
  }

  private static void pause(double seconds) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
  }

  private static RespClient connect(int port) throws IOException {
    return RespClient.connect("127.0.0.1", port, CONNECT, PATIENCE);
  }

  private static RespClient connect(int port, String database) throws IOException {
    RespClient client = connect(port);
    if (client.call("SELECT", database).bare() instanceof Reply.Failure refused) {
      throw new IOException(refused.message());
    }
    return client;
  }

  /** As in redis-benchmark: {@code key:} and twelve digits. */
  private static byte[] key(int number) {
    byte[] name = "key:000000000000".getBytes(StandardCharsets.US_ASCII);
    for (int at = name.length - 1, rest = number; rest > 0; at--, rest /= 10) {
      name[at] += (byte) (rest % 10);
    }
    return name;
  }

  private static final AtomicInteger ERRORS = new AtomicInteger();
  private static final int ERRORS_SHOWN = 5;
  private static final byte[] SET = "SET".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] GET = "GET".getBytes(StandardCharsets.US_ASCII);

  /** Nanoseconds of many requests, or lags. */
  private static final class Times {
    private final long[] sorted;

    Times(long[] nanos) {
      sorted = nanos.clone();
      Arrays.sort(sorted);
    }

    long count() {
      return sorted.length;
    }

    /** Within which this share of them was. */
    double share(double share) {
      return sorted.length == 0
          ? Double.NaN
          : sorted[Math.max(0, (int) Math.ceil(sorted.length * share) - 1)];
    }
  }

  /** Takes many numbers. */
  private static final class Series {
    private long[] values = new long[1 << 16];
    private int count;

    synchronized void add(long value) {
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
      }
      values[count++] = value;
    }

    synchronized long[] all() {
      return Arrays.copyOf(values, count);
    }
  }

  /** A database, at the node that leads its one partition in a region. */
  private static final class Side {
    private final String name;
    private final String database;
    private final int anyPort;

    /**
     * @param anyPort client port of any node of the region
     */
    Side(String name, String database, int anyPort) {
      this.name = name;
      this.database = database;
      this.anyPort = anyPort;
    }

    /** Where the leader is now: what another node forwards takes longer. */
    int port() throws IOException {
      try (RespClient client = RegionBench.connect(anyPort)) {
        ClusterStatus status = ClusterStatus.parse(client.call("STATUS").text());
        String leader = status.database(database).orElseThrow().partitionStates().get(0).leader();
        String address =
            status.nodes().stream()
                .filter(node -> node.name().equals(leader))
                .findFirst()
                .orElseThrow(() -> new IOException(database + " has no leader"))
                .client();
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
      }
    }

    RespClient connect() throws IOException {
      return RegionBench.connect(port(), database);
    }

    /** Writes each key once. */
    int fill(int keys) throws Exception {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        int from = (int) ((long) keys * i / CONNECTIONS);
        int to = (int) ((long) keys * (i + 1) / CONNECTIONS);
        tasks.add(() -> closed(from, to, Long.MAX_VALUE));
      }
      return sum(tasks);
    }

    /** Writes a second, with so many always in flight. */
    double peak(int keys, int seconds) throws Exception {
      long end = System.nanoTime() + seconds * 1_000_000_000L;
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        int from = (int) ((long) keys * i / CONNECTIONS);
        tasks.add(() -> closed(from, from + Integer.MAX_VALUE / 2, end));
      }
      return sum(tasks) / (double) seconds;
    }

    private static int sum(List<Callable<Integer>> tasks) throws Exception {
      int sum = 0;
      for (Future<Integer> done : THREADS.invokeAll(tasks)) {
        sum += done.get();
      }
      return sum;
    }

    private int closed(int from, int to, long end) throws IOException {
      try (RespClient client = connect()) {
        int sent = 0;
        int got = 0;
        int good = 0;
        while (got < sent || from + sent < to && System.nanoTime() < end) {
          if (sent - got < IN_FLIGHT && from + sent < to && System.nanoTime() < end) {
            client.send(List.of(SET, key(from + sent++), VALUE));
          } else {
            good += isGood(client.receive()) ? 1 : 0;
            got++;
          }
        }
        return good;
      }
    }

    /** Some errors are told; their requests count nowhere. */
    private static boolean isGood(Reply reply) {
      if (reply.bare() instanceof Reply.Failure refused) {
        if (ERRORS.getAndIncrement() < ERRORS_SHOWN) {
          System.err.println("error: " + refused.message());
        }
        return false;
      }
      return true;
    }

    /** One request at a time, at a low rate. */
    Times calm(boolean writes, int keys, int seconds) throws IOException {
      Series times = new Series();
      SplittableRandom random = new SplittableRandom(1);
      try (RespClient client = connect()) {
        long begin = System.nanoTime();
        for (int i = 0; i < LOW_RATE * seconds; i++) {
          long due = begin + i * (1_000_000_000L / LOW_RATE);
          LockSupport.parkNanos(due - System.nanoTime());
          byte[] key = key(random.nextInt(keys));
          long sent = System.nanoTime();
          if (isGood(client.call(writes ? List.of(SET, key, VALUE) : List.of(GET, key)))) {
            times.add(System.nanoTime() - sent);
          }
        }
      }
      return new Times(times.all());
    }
  }

  /** Writes at a steady rate, whatever becomes of the replies: open loop. */
  private static final class Load implements AutoCloseable {
    private final List<RespClient> clients = new ArrayList<>();
    private final List<BlockingQueue<Long>> due = new ArrayList<>();
    private final Series times = new Series();
    private final Series failed = new Series();
    private final CountDownLatch ended;
    private final int rate;
    private final int keys;
    private volatile boolean on = true;

    Load(Side side, int rate, int keys) throws IOException {
      this.rate = rate;
      this.keys = keys;
      ended = new CountDownLatch(CONNECTIONS);
      for (int i = 0; i < CONNECTIONS; i++) {
        RespClient client = side.connect();
        BlockingQueue<Long> inFlight = new LinkedBlockingQueue<>();
        clients.add(client);
        due.add(inFlight);
        THREADS.submit(() -> receive(client, inFlight));
      }
      THREADS.submit(this::send);
    }

    private void send() {
      SplittableRandom random = new SplittableRandom(2);
      long begin = System.nanoTime();
      try {
        for (long i = 0; on; i++) {
          long at = begin + (long) (i * 1e9 / rate);
          while (at - System.nanoTime() > 0) {
            LockSupport.parkNanos(at - System.nanoTime());
          }
          int which = (int) (i % CONNECTIONS);
          due.get(which).add(at);
          clients.get(which).send(List.of(SET, key(random.nextInt(keys)), VALUE));
        }
      } catch (IOException e) {
        System.err.println("load: " + e);
      } finally {
        due.forEach(queue -> queue.add(0L));
      }
    }

    private void receive(RespClient client, BlockingQueue<Long> inFlight) {
      try {
        for (long at = inFlight.take(); at != 0; at = inFlight.take()) {
          Reply reply = client.receive().bare();
          (Side.isGood(reply) ? times : failed).add(System.nanoTime() - at);
        }
      } catch (IOException | InterruptedException e) {
        System.err.println("load: " + e);
        failed.add(0);
      } finally {
        ended.countDown();
      }
    }

    long acknowledged() {
      return times.all().length;
    }

    long errors() {
      return failed.all().length;
    }

    Times stop() throws InterruptedException {
      on = false;
      ended.await();
      return new Times(times.all());
    }

    @Override
    public void close() throws IOException {
      on = false;
      for (RespClient client : clients) {
        client.close();
      }
    }
  }

  /** Keys that are written in one region each 10 ms, and when each of them is seen in the other. */
  private static final class Marks implements AutoCloseable {
    /** When a mark was acknowledged and seen. */
    private record Mark(long acknowledged, long seen) {}

    private final long begin = System.nanoTime();
    private final String prefix = "mark:" + begin + ":";
    private final BlockingQueue<Long> written = new LinkedBlockingQueue<>();
    private final Queue<Mark> seen = new ConcurrentLinkedQueue<>();
    private final List<RespClient> clients = new ArrayList<>();
    private volatile boolean on = true;

    Marks(int here, int there) throws IOException {
      RespClient writer = new Side("", "multi", here).connect();
      RespClient reader = new Side("", "multi", there).connect();
      clients.addAll(List.of(writer, reader));
      THREADS.submit(() -> quietly(() -> write(writer)));
      THREADS.submit(() -> quietly(() -> look(reader)));
    }

    private Void quietly(Callable<Void> task) {
      try {
        return task.call();
      } catch (Exception e) {
        if (on) {
          System.err.println("marks: " + e);
        }
        return null;
      }
    }

    private Void write(RespClient client) throws Exception {
      for (long i = 0; on; i++) {
        // One that was not acknowledged may never come.
        while (!Side.isGood(client.call("SET", prefix + i, "x"))) {
          LockSupport.parkNanos(MARK_NANOS);
        }
        written.add(System.nanoTime());
        LockSupport.parkNanos(MARK_NANOS);
      }
      return null;
    }

    private Void look(RespClient client) throws Exception {
      for (long i = 0; on; i++) {
        long acknowledged = written.take();
        while (client.call("GET", prefix + i).bare() instanceof Reply.Nil) {
          LockSupport.parkNanos(LOOK_NANOS);
        }
        seen.add(new Mark(acknowledged, System.nanoTime()));
      }
      return null;
    }

    /** Of marks that were seen in that time; of one not seen yet nobody knows. */
    Times lags(long from, long to) {
      return new Times(
          seen.stream()
              .filter(mark -> mark.seen() >= from && mark.seen() <= to)
              .mapToLong(mark -> Math.max(0, mark.seen() - mark.acknowledged()))
              .toArray());
    }

    /** Waits until a mark of after that time is seen soon after it was acknowledged. */
    void await(long after) throws InterruptedException {
      while (seen.stream()
          .noneMatch(
              mark -> mark.acknowledged() > after && mark.seen() - mark.acknowledged() < LEVEL_NANOS)) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }

    @Override
    public void close() throws IOException {
      on = false;
      for (RespClient client : clients) {
        client.close();
      }
    }
  }
}
