import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes and reads in turn on connections to some nodes, and says what became of that before and
 * after the first line on the standard input, which says that a replica was just killed: successes a
 * second, the second with the fewest, the longest time in which nothing succeeded, and failures.
 *
 * <p>Arguments: ports (comma between), database, connections, seconds to warm up, to measure before,
 * and after. Exit code 1 if anything failed.
 */
final class LossWatch {
  private static final int KEYS = 20_000;
  private static final int SHOWN = 5;
  private static final byte[] VALUE = "v".repeat(64).getBytes(StandardCharsets.US_ASCII);

  private static AtomicIntegerArray good;
  private static final AtomicInteger failed = new AtomicInteger();
  private static final AtomicLong lastGood = new AtomicLong();
  private static final AtomicLong longestGap = new AtomicLong();
  private static final CountDownLatch measuredBefore = new CountDownLatch(1);
  private static long began;
  private static int before;
  private static volatile int end = Integer.MAX_VALUE;

  public static void main(String[] arguments) throws Exception {
    String[] ports = arguments[0].split(",");
    int connections = Integer.parseInt(arguments[2]);
    int warmUp = Integer.parseInt(arguments[3]);
    before = Integer.parseInt(arguments[4]);
    int after = Integer.parseInt(arguments[5]);
    good = new AtomicIntegerArray(before + after + 60);
    began = System.nanoTime() + warmUp * 1_000_000_000L;
    lastGood.set(began);
    List<Thread> loads = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      int port = Integer.parseInt(ports[i % ports.length]);
      int seed = i;
      loads.add(new Thread(() -> load(port, arguments[1], new SplittableRandom(seed))));
    }
    loads.forEach(Thread::start);
    measuredBefore.await();
    System.out.println("kill");
    if (System.in.read() < 0) {
      System.err.println("nobody said that a replica was killed");
      System.exit(1);
    }
    int killedIn = second(System.nanoTime());
    end = killedIn + after;
    for (Thread load : loads) {
      load.join();
    }
    int[] first = seconds(0, killedIn);
    int[] rest = seconds(killedIn, end);
    System.out.printf(
        "before: %,d a second (median of %d), the worst second %,d%n",
        median(first), first.length, first[0]);
    System.out.printf(
        "after:  %,d a second (median of %d), the worst second %,d; %.2f of before%n",
        median(rest), rest.length, rest[0], (double) median(rest) / median(first));
    System.out.printf(
        "longest time without a success: %d ms; failures: %d%n",
        longestGap.get() / 1_000_000, failed.get());
    System.exit(failed.get() > 0 ? 1 : 0);
  }

  /** Of the measurement; below 0 while servers warm up. */
  private static int second(long now) {
    return (int) Math.floorDiv(now - began, 1_000_000_000L);
  }

  private static int[] seconds(int from, int to) {
    int[] counts = new int[to - from];
    Arrays.setAll(counts, i -> good.get(from + i));
    Arrays.sort(counts);
    return counts;
  }

  private static int median(int[] sorted) {
    return sorted[sorted.length / 2];
  }

  private static void load(int port, String database, SplittableRandom random) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      ask(in, out, "SELECT", database.getBytes(StandardCharsets.US_ASCII));
      while (second(System.nanoTime()) < end) {
        byte[] key = ("key:" + random.nextInt(KEYS)).getBytes(StandardCharsets.US_ASCII);
        took(ask(in, out, "SET", key, VALUE));
        took(ask(in, out, "GET", key));
      }
    } catch (IOException e) {
      failed.incrementAndGet();
      measuredBefore.countDown(); // not to wait for ever when none is left
      System.err.println("a connection to " + port + " broke: " + e.getMessage());
    }
  }

  private static void took(String error) {
    long now = System.nanoTime();
    if (second(now) < 0) {
      return;
    }
    if (second(now) >= before) {
      measuredBefore.countDown();
    }
    if (error != null) {
      if (failed.incrementAndGet() <= SHOWN) {
        System.err.printf("after %.1f s: %s%n", (now - began) / 1e9, error);
      }
      return;
    }
    good.incrementAndGet(Math.min(second(now), good.length() - 1));
    long gap = now - lastGood.getAndSet(now);
    longestGap.accumulateAndGet(gap, Math::max);
  }

  /** Returns the error that was the answer, or null. */
  private static String ask(InputStream in, OutputStream out, String command, byte[]... arguments)
      throws IOException {
    StringBuilder request = new StringBuilder("*" + (arguments.length + 1) + "\r\n");
    request.append('$').append(command.length()).append("\r\n").append(command).append("\r\n");
    for (byte[] argument : arguments) {
      request.append('$').append(argument.length).append("\r\n");
      request.append(new String(argument, StandardCharsets.US_ASCII)).append("\r\n");
    }
    out.write(request.toString().getBytes(StandardCharsets.US_ASCII));
    String answer = line(in);
    if (answer.startsWith("$") && !answer.equals("$-1")) {
      in.readNBytes(Integer.parseInt(answer.substring(1)) + 2);
    }
    return answer.startsWith("-") ? answer : null;
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
}
