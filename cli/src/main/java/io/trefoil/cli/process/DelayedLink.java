package io.trefoil.cli.process;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Scanner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands in for a long way between processes of this machine: each of its ports passes on to
 * another one, every byte later by the same time in each direction, as many as come. {@link #cut}
 * has nothing pass and tells nobody, as a network does; {@link #heal} has what was held go on.
 * Thread-safe.
 */
public final class DelayedLink implements Closeable {
  /** So many bytes are under way in one direction of a connection before no more are read. */
  public static final int HELD_BYTES_MAX = 8 * 1024 * 1024;

  private static final int CHUNK_BYTES = 64 * 1024;
  private static final int BACKLOG = 64;

  /**
   * What was read at a time.
   *
   * @param bytes none for the end
   */
  private record Chunk(byte[] bytes, long readNanos) {}

  private final Set<ServerSocket> doors = new CopyOnWriteArraySet<>();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Object change = new Object();
  private final AtomicLong underWay = new AtomicLong();
  private volatile long delayNanos;
  private boolean isCut;
  private long healedNanos = System.nanoTime();
  private boolean closed;

  /**
   * @param delayMillis of each byte, in each direction
   */
  public DelayedLink(long delayMillis) {
    delay(delayMillis);
  }

  /** From now on, also for what is under way. */
  public void delay(long millis) {
    delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /**
   * Passes on what comes to a loopback port.
   *
   * @param port 0 for any that is free
   * @param target a port of this machine
   * @return the port
   */
  public int open(int port, int target) throws IOException {
    ServerSocket door = new ServerSocket(port, BACKLOG, InetAddress.getLoopbackAddress());
    doors.add(door);
    daemon(() -> accept(door, target));
    return door.getLocalPort();
  }

  /** Nothing passes from now on, no end of a connection either. */
  public void cut() {
    synchronized (change) {
      isCut = true;
    }
  }

  /** Everything passes again, what was held as if it had been sent now. */
  public void heal() {
    synchronized (change) {
      isCut = false;
      healedNanos = System.nanoTime();
      change.notifyAll();
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (change) {
      closed = true;
      change.notifyAll();
    }
    for (ServerSocket door : doors) {
      door.close();
    }
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  /** Bytes that were read and not passed on yet, of all connections. */
  long bytesUnderWay() {
    return underWay.get();
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "link");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept(ServerSocket door, int target) {
    try {
      while (true) {
        Socket from = door.accept();
        sockets.add(from);
        daemon(() -> connect(from, target));
      }
    } catch (IOException e) {
      // Closed.
      doors.remove(door);
    }
  }

  /** During a cut a new connection goes nowhere; it waits like everything else. */
  private void connect(Socket from, int target) {
    Socket to = new Socket();
    try {
      awaitDue(System.nanoTime());
      sockets.add(to);
      to.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
      from.setTcpNoDelay(true);
      to.setTcpNoDelay(true);
      Pipe there = new Pipe(from, to);
      Pipe back = new Pipe(to, from);
      daemon(there::read);
      daemon(back::read);
      daemon(back::write);
      there.write();
    } catch (IOException | InterruptedException e) {
      // Nobody is there; who dialed finds out.
      end(from, to);
    }
  }

  /** Waits until what was read then has gone all the way. */
  private void awaitDue(long readNanos) throws InterruptedException, IOException {
    synchronized (change) {
      while (true) {
        long leftNanos = Math.max(readNanos, healedNanos) + delayNanos - System.nanoTime();
        if (closed) {
          throw new IOException("closed");
        } else if (isCut) {
          change.wait();
        } else if (leftNanos > 0) {
          TimeUnit.NANOSECONDS.timedWait(change, leftNanos);
        } else {
          return;
        }
      }
    }
  }

  private void end(Socket... both) {
    for (Socket socket : both) {
      sockets.remove(socket);
      try {
        socket.close();
      } catch (IOException e) {
        // Of no use any more, closed cleanly or not.
        continue;
      }
    }
  }

  /** One direction of a connection: one thread reads, one writes. */
  private final class Pipe {
    private final Socket from;
    private final Socket to;
    private final Queue<Chunk> held = new ArrayDeque<>();
    private long heldBytes;

    Pipe(Socket from, Socket to) {
      this.from = from;
      this.to = to;
    }

    void read() {
      byte[] buffer = new byte[CHUNK_BYTES];
      try {
        int count = 0;
        while (count >= 0) {
          count = from.getInputStream().read(buffer);
          hold(Arrays.copyOf(buffer, Math.max(count, 0)));
        }
      } catch (IOException e) {
        // It broke: for the other end that is the end, as late as everything else.
        holdEnd();
      } catch (InterruptedException e) {
        end(from, to);
      }
    }

    private synchronized void hold(byte[] bytes) throws InterruptedException {
      while (heldBytes > HELD_BYTES_MAX && !to.isClosed()) {
        wait();
      }
      held.add(new Chunk(bytes, System.nanoTime()));
      heldBytes += bytes.length;
      underWay.addAndGet(bytes.length);
      notifyAll();
    }

    private synchronized void holdEnd() {
      held.add(new Chunk(new byte[0], System.nanoTime()));
      notifyAll();
    }

    private synchronized Chunk next() throws InterruptedException {
      while (held.isEmpty()) {
        wait();
      }
      Chunk chunk = held.remove();
      heldBytes -= chunk.bytes().length;
      underWay.addAndGet(-chunk.bytes().length);
      notifyAll();
      return chunk;
    }

    void write() {
      try {
        while (true) {
          Chunk chunk = next();
          awaitDue(chunk.readNanos());
          if (chunk.bytes().length == 0) {
            to.shutdownOutput();
            break;
          }
          to.getOutputStream().write(chunk.bytes());
        }
        if (from.isOutputShutdown()) {
          end(from, to); // Both directions have ended.
        }
      } catch (IOException | InterruptedException e) {
        // An end has given up.
        giveUp();
      }
    }

    private synchronized void giveUp() {
      end(from, to);
      notifyAll();
    }
  }

  /**
   * Runs a link as a process, which ends with its standard input: {@code cut} and {@code heal} are
   * lines there, and each is answered by itself.
   *
   * @param arguments milliseconds, then {@code port:target} for each port
   */
  public static void main(String[] arguments) throws IOException {
    try (DelayedLink link = new DelayedLink(Long.parseLong(arguments[0]))) {
      for (String door : Arrays.copyOfRange(arguments, 1, arguments.length)) {
        String[] ports = door.split(":");
        link.open(Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
      }
      try (Scanner words = new Scanner(System.in)) {
        while (words.hasNext()) {
          link.obey(words.next());
        }
      }
    }
  }

  private void obey(String word) {
    switch (word) {
      case "cut" -> cut();
      case "heal" -> heal();
      default -> throw new IllegalArgumentException(word + " is neither cut nor heal");
    }
    System.out.println(word);
  }
}
