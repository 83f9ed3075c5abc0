import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Full load for hours, on nodes that come and go: reads, writes, keys that expire, removals, fields.
 * A connection that breaks is opened again, for as long as it takes. Writes what each ten seconds
 * were like, as CSV: seconds since the begin, commands a second, milliseconds of a batch (p50, p99,
 * longest), errors, connections that broke.
 *
 * <p>Arguments: ports (comma between), connections to each, commands in a batch, keys, seconds, the
 * file.
 */
final class SoakLoad {
  private static final int SHOWN_EVERY_SECONDS = 10;
  private static final byte[] VALUE = "v".repeat(64).getBytes(StandardCharsets.US_ASCII);

  /** Times are counted in classes, 16 to each doubling of a microsecond. */
  private static final int CLASSES_OF_DOUBLING = 16;

  private static final AtomicLongArray times = new AtomicLongArray(32 * CLASSES_OF_DOUBLING);
  private static final AtomicLong longest = new AtomicLong();
  private static final AtomicLong commands = new AtomicLong();
  private static final AtomicLong errors = new AtomicLong();
  private static final AtomicLong broken = new AtomicLong();
  private static final Map<String, Long> errorTexts = new TreeMap<>();
  private static int batch;
  private static int keys;
  private static volatile boolean isOver;

  public static void main(String[] arguments) throws Exception {
    String[] ports = arguments[0].split(",");
    int connections = Integer.parseInt(arguments[1]) * ports.length;
    batch = Integer.parseInt(arguments[2]);
    keys = Integer.parseInt(arguments[3]);
    int seconds = Integer.parseInt(arguments[4]);
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      int port = Integer.parseInt(ports[i % ports.length]);
      SplittableRandom random = new SplittableRandom(i);
      clients.add(new Thread(() -> load(port, random)));
    }
    clients.forEach(Thread::start);
    try (PrintStream out = new PrintStream(arguments[5])) {
      out.println("seconds,commands,p50,p99,longest,errors,broken");
      for (int at = SHOWN_EVERY_SECONDS; at <= seconds; at += SHOWN_EVERY_SECONDS) {
        Thread.sleep(SHOWN_EVERY_SECONDS * 1_000L);
        out.printf(
            Locale.ROOT,
            "%d,%d,%.2f,%.2f,%.1f,%d,%d%n",
            at,
            commands.getAndSet(0) / SHOWN_EVERY_SECONDS,
            percentile(0.5),
            percentile(0.99),
            longest.getAndSet(0) / 1e6,
            errors.getAndSet(0),
            broken.getAndSet(0));
        for (int i = 0; i < times.length(); i++) {
          times.set(i, 0);
        }
      }
    }
    isOver = true;
    for (Thread client : clients) {
      client.join();
    }
    synchronized (errorTexts) {
      errorTexts.forEach((text, count) -> System.out.println(count + " x " + text));
    }
  }

  private static void load(int port, SplittableRandom random) {
    while (!isOver) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
        while (!isOver) {
          send(in, out, random);
        }
      } catch (IOException e) {
        broken.incrementAndGet();
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(InputStream in, OutputStream out, SplittableRandom random)
      throws IOException {
    for (int i = 0; i < batch; i++) {
      command(out, random);
    }
    long sent = System.nanoTime();
    out.flush();
    for (int i = 0; i < batch; i++) {
      answer(in);
    }
    long took = System.nanoTime() - sent;
    commands.addAndGet(batch);
    longest.accumulateAndGet(took, Math::max);
    times.incrementAndGet(classOf(took));
  }

  private static void command(OutputStream out, SplittableRandom random) throws IOException {
    String key = "key:" + random.nextInt(keys);
    int chance = random.nextInt(100);
    if (chance < 40) {
      write(out, "GET", bytes(key));
    } else if (chance < 65) {
      write(out, "SET", bytes(key), VALUE);
    } else if (chance < 85) {
      String life = Integer.toString(1 + random.nextInt(120));
      write(out, "SET", bytes(key), VALUE, bytes("EX"), bytes(life));
    } else if (chance < 95) {
      write(out, "DEL", bytes(key));
    } else {
      String hash = "hash:" + random.nextInt(keys / 100);
      byte[] field = bytes("field:" + random.nextInt(100));
      if (chance < 98) {
        write(out, "HSET", bytes(hash), field, VALUE);
      } else {
        write(out, "HDEL", bytes(hash), field);
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void write(OutputStream out, String command, byte[]... arguments)
      throws IOException {
    out.write(bytes("*" + (arguments.length + 1) + "\r\n$" + command.length() + "\r\n" + command));
    for (byte[] argument : arguments) {
      out.write(bytes("\r\n$" + argument.length + "\r\n"));
      out.write(argument);
    }
    out.write('\r');
    out.write('\n');
  }

  private static void answer(InputStream in) throws IOException {
    String line = line(in);
    if (line.startsWith("-")) {
      errors.incrementAndGet();
      String text = line.replaceAll("\\d+", "#");
      synchronized (errorTexts) {
        if (errorTexts.size() < 20 || errorTexts.containsKey(text)) {
          errorTexts.merge(text, 1L, Long::sum);
        }
      }
    } else if (line.startsWith("$") && !line.equals("$-1")) {
      in.skipNBytes(Integer.parseInt(line.substring(1)) + 2L);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the node closed it");
      }
      line.append((char) c);
    }
    return line.toString().trim();
  }

  // --- classes of times

  private static int classOf(long nanos) {
    double doublings = Math.log(Math.max(1, nanos / 1e3)) / Math.log(2);
    return Math.min(times.length() - 1, (int) (doublings * CLASSES_OF_DOUBLING));
  }

  /** The upper end of the class, in milliseconds. */
  private static double percentile(double share) {
    long all = 0;
    for (int i = 0; i < times.length(); i++) {
      all += times.get(i);
    }
    long seen = 0;
    for (int i = 0; i < times.length(); i++) {
      seen += times.get(i);
      if (seen >= all * share && all > 0) {
        return Math.pow(2, (i + 1.0) / CLASSES_OF_DOUBLING) / 1e3;
      }
    }
    return 0;
  }
}
