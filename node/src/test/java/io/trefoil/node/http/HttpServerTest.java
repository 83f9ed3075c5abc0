package io.trefoil.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class HttpServerTest implements Readiness {
  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Optional<String> notHealthy = Optional.empty();
  private volatile Optional<String> notReady = Optional.empty();
  private volatile Supplier<String> metrics = () -> "trefoil_epoch 4\n";
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(0, () -> metrics.get(), this);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Override
  public Optional<String> whyNotHealthy() {
    return notHealthy;
  }

  @Override
  public Optional<String> whyNotReady() {
    return notReady;
  }

  @Test
  void metricsComeInTheFormatOfPrometheus() throws Exception {
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body()).isEqualTo("trefoil_epoch 4\n");
    assertThat(get("/metrics?x=1").statusCode()).isEqualTo(200);
  }

  @Test
  void healthIsOkUntilThereIsAReasonAgainstIt() throws Exception {
    assertThat(statusAndBody("/healthz")).isEqualTo("200 ok\n");
    notReady = Optional.of("no leader for partition 4");
    assertThat(statusAndBody("/healthz")).isEqualTo("200 ok\n");
    notHealthy = Optional.of("stopping");
    assertThat(statusAndBody("/healthz")).isEqualTo("503 stopping\n");
  }

  @Test
  void readyMeansHealthyAndReady() throws Exception {
    assertThat(statusAndBody("/readyz")).isEqualTo("200 ok\n");
    notReady = Optional.of("no leader for partition 4");
    assertThat(statusAndBody("/readyz")).isEqualTo("503 no leader for partition 4\n");
    notHealthy = Optional.of("stopping");
    assertThat(statusAndBody("/readyz")).isEqualTo("503 stopping\n");
    notReady = Optional.empty();
    assertThat(statusAndBody("/readyz")).isEqualTo("503 stopping\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/metricsfoo", "/metrics/", "/METRICS", "/healthz/x", "/favicon.ico"})
  void everythingElseIsNotFound(String path) throws Exception {
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void onlyReadingIsAllowed() throws Exception {
    HttpResponse<String> answer =
        client.send(
            request("/metrics").POST(BodyPublishers.ofString("x")).build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD");
    answer =
        client.send(
            request("/healthz").method("HEAD", BodyPublishers.noBody()).build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void aFailingSupplierIsAnErrorAndTheServerGoesOn() throws Exception {
    metrics =
        () -> {
          throw new IllegalStateException("no sample");
        };
    assertThat(get("/metrics").statusCode()).isEqualTo(500);
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void aConnectionEndsWithItsAnswer() throws Exception {
    try (Socket socket = connect()) {
      socket
          .getOutputStream()
          .write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(all).startsWith("HTTP/1.1 200 ").endsWith("ok\n");
    }
  }

  @Test
  void halfARequestHoldsUpTheOthersOnlyForAWhile() throws Exception {
    try (Socket socket = connect()) {
      socket.getOutputStream().write("GET /hea".getBytes(StandardCharsets.US_ASCII));
      assertThat(statusAndBody("/healthz")).isEqualTo("200 ok\n");
    }
  }

  @Test
  void itListensOnLoopbackAlone() throws Exception {
    // It couldn't be opened if the server had the port on every address.
    InetAddress another = InetAddress.getByName("127.0.0.2");
    try (ServerSocket free = new ServerSocket(server.port(), 1, another)) {
      assertThat(free.getLocalPort()).isEqualTo(server.port());
    }
  }

  @Test
  void aTakenPortIsAnError() {
    assertThatThrownBy(() -> HttpServer.start(server.port(), () -> "", this))
        .isInstanceOf(IOException.class);
  }

  @Test
  void nobodyAnswersAfterItIsClosed() {
    server.close();
    assertThatThrownBy(() -> get("/healthz")).isInstanceOf(IOException.class);
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getByName("127.0.0.1"), server.port());
  }

  private String statusAndBody(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    return answer.statusCode() + " " + answer.body();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }
}
