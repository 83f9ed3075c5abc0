package io.trefoil.node.http;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code /metrics}, {@code /healthz} and {@code /readyz} on the loopback address.
 *
 * <p><b>Threads.</b> It has one of its own, which does everything in turn and asks the suppliers
 * that it was given; it never waits for another thread of the node.
 *
 * <p><b>Bounds.</b> Connections are closed after their answer. As there is one thread, a client
 * that sends half a request would hold up the others: it is cut off after a few seconds. The JDK's
 * server takes such bounds from system properties only, so they are set for the whole process; a
 * value that somebody gave on the command line stays.
 */
public final class HttpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
  private static final int BACKLOG = 16;
  private static final int MAX_EXCHANGE_SECONDS = 2;
  private static final int MAX_CONNECTIONS = 64;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  static {
    setIfAbsent("sun.net.httpserver.maxReqTime", MAX_EXCHANGE_SECONDS);
    setIfAbsent("sun.net.httpserver.maxRspTime", MAX_EXCHANGE_SECONDS);
    setIfAbsent("jdk.httpserver.maxConnections", MAX_CONNECTIONS);
  }

  private final com.sun.net.httpserver.HttpServer server;
  private final Supplier<String> metrics;
  private final Readiness readiness;

  private record Answer(int status, String type, String body) {}

  private HttpServer(
      com.sun.net.httpserver.HttpServer server, Supplier<String> metrics, Readiness readiness) {
    this.server = server;
    this.metrics = metrics;
    this.readiness = readiness;
  }

  /**
   * Starts to listen.
   *
   * @param port 0 for any free one
   * @param metrics the text of {@code /metrics}, version 0.0.4 of the format
   * @throws IOException when the port is taken
   */
  public static HttpServer start(int port, Supplier<String> metrics, Readiness readiness)
      throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
    HttpServer started =
        new HttpServer(
            com.sun.net.httpserver.HttpServer.create(address, BACKLOG), metrics, readiness);
    started.server.createContext("/", started::handle);
    started.server.start();
    return started;
  }

  /** The port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      send(exchange, answer(exchange.getRequestMethod(), exchange.getRequestURI().getPath()));
    }
  }

  private Answer answer(String method, String path) {
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return new Answer(405, TEXT, "only GET and HEAD\n");
    }
    try {
      return switch (path) {
        case "/metrics" -> new Answer(200, PROMETHEUS_TEXT, metrics.get());
        case "/healthz" -> verdict(readiness.whyNotHealthy());
        case "/readyz" -> verdict(readiness.whyNotHealthy().or(readiness::whyNotReady));
        default -> new Answer(404, TEXT, "only /metrics, /healthz and /readyz\n");
      };
    } catch (RuntimeException e) {
      LOG.error("path={} can't be answered", path, e);
      return new Answer(500, TEXT, "failed, see the node's log\n");
    }
  }

  private static Answer verdict(Optional<String> whyNot) {
    return whyNot
        .map(reason -> new Answer(503, TEXT, reason + "\n"))
        .orElseGet(() -> new Answer(200, TEXT, "ok\n"));
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    exchange.getResponseHeaders().set("Connection", "close");
    if (answer.status() == 405) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
    }
    boolean headersOnly = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), headersOnly ? -1 : body.length);
    if (!headersOnly) {
      exchange.getResponseBody().write(body);
    }
  }

  private static void setIfAbsent(String property, int value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Integer.toString(value));
    }
  }

  /** Stops listening and cuts off who is connected. */
  @Override
  public void close() {
    server.stop(0);
  }
}
