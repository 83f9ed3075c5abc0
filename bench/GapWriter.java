import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

/**
 * Writes one key after the other to a node, each when the one before was answered. For each line on
 * the standard input it prints the longest time without an acknowledged write since the last line, in
 * microseconds, and how many writes were answered with an error. Arguments: port and database.
 */
final class GapWriter {
  private static long longest;
  private static long errors;

  public static void main(String[] arguments) throws IOException {
    Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
    socket.setTcpNoDelay(true);
    Thread writer = new Thread(() -> write(socket, arguments[1]));
    writer.setDaemon(true);
    writer.start();
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      lines.nextLine();
      synchronized (GapWriter.class) {
        System.out.println(longest + " " + errors);
        longest = 0;
        errors = 0;
      }
    }
  }

  private static void write(Socket socket, String database) {
    try {
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      ask(in, out, "SELECT " + database);
      long last = System.nanoTime();
      for (long i = 0; ; i++) {
        boolean good = ask(in, out, "SET key:" + i % 1000 + " " + i);
        long now = System.nanoTime();
        synchronized (GapWriter.class) {
          errors += good ? 0 : 1;
          if (good) {
            longest = Math.max(longest, (now - last) / 1000);
            last = now;
          }
        }
      }
    } catch (IOException e) {
      System.err.println("the writer's connection broke: " + e.getMessage());
      System.exit(1);
    }
  }

  private static boolean ask(InputStream in, OutputStream out, String line) throws IOException {
    out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
    StringBuilder reply = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("the node closed it");
      }
      reply.append((char) next);
    }
    if (reply.charAt(0) == '-') {
      System.err.println(reply.toString().strip());
    }
    return reply.charAt(0) == '+';
  }
}
