package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/** A redis-server of the tests' own, on a free port, with nothing kept on disk. */
final class RealRedis implements AutoCloseable {
  private final Process process;
  private final int port;

  private RealRedis(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts one in a folder; the test is skipped, loudly, where there is no redis-server 7.0. */
  static RealRedis start(Path folder) throws IOException {
    Optional<Path> program = program();
    if (program.isEmpty()) {
      System.err.println("SKIPPED: no redis-server on the PATH, replies are NOT compared with it");
    }
    assumeTrue(program.isPresent(), "no redis-server on the PATH");
    int port = freePort();
    ProcessBuilder builder =
        new ProcessBuilder(
                program.get().toString(),
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--save",
                "",
                "--appendonly",
                "no",
                "--proto-max-bulk-len",
                Integer.toString(OnePartition.MAX_BULK_BYTES),
                "--dir",
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("redis.log").toFile());
    // SORT ALPHA compares by the locale.
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    RealRedis redis = new RealRedis(process, port);
    redis.awaitStart();
    return redis;
  }

  private static Optional<Path> program() {
    return Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
        .map(folder -> Path.of(folder, "redis-server"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitStart() throws IOException {
    while (true) {
      assertThat(process.isAlive()).as("redis-server runs").isTrue();
      try (Connection connection = connect()) {
        assertThat(connection.run("INFO", "server")).contains("redis_version:7.0.");
        return;
      } catch (ConnectException e) {
        Thread.onSpinWait();
      }
    }
  }

  Connection connect() throws IOException {
    return new Connection(port);
  }

  @Override
  public void close() {
    process.destroy();
  }

  /** One connection. */
  static final class Connection implements AutoCloseable {
    private final Socket socket = new Socket();

    Connection(int port) throws IOException {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5000);
      socket.setSoTimeout(10_000);
      socket.setTcpNoDelay(true);
    }

    /** Sends bytes and waits for so many replies; their bytes. */
    byte[] send(byte[] bytes, int replies) {
      try {
        socket.getOutputStream().write(bytes);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ReplyReader reader = new ReplyReader(1 << 26);
        byte[] chunk = new byte[1 << 16];
        InputStream in = socket.getInputStream();
        int left = replies;
        while (left > 0) {
          int length = in.read(chunk);
          if (length < 0) {
            throw new IOException("redis-server closed the connection after " + all);
          }
          all.write(chunk, 0, length);
          reader.feed(chunk, 0, length);
          for (Optional<Reply> next = reader.next(); next.isPresent(); next = reader.next()) {
            left--;
          }
        }
        return all.toByteArray();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Sends bytes, and returns all that comes until the server closes. */
    byte[] sendAndDrain(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
      return socket.getInputStream().readAllBytes();
    }

    /** Runs one command given as words; answers in Latin-1. */
    String run(String... words) {
      byte[][] bytes =
          Arrays.stream(words)
              .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
              .toArray(byte[][]::new);
      return new String(send(Args.of(bytes).encoded(), 1), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
