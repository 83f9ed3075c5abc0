package io.trefoil.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DelayedLinkTest {
  private static final int DELAY = 40;

  private final DelayedLink link = new DelayedLink(DELAY);
  private final List<Socket> sockets = new ArrayList<>();
  private ServerSocket target;
  private int port;

  @BeforeEach
  void open() throws IOException {
    target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    port = link.open(0, target.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    link.close();
    target.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private Socket dial() throws IOException {
    return closedLater(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  private Socket accept() throws IOException {
    return closedLater(target.accept());
  }

  private Socket closedLater(Socket socket) {
    sockets.add(socket);
    return socket;
  }

  private static void write(Socket to, int value) throws IOException {
    to.getOutputStream().write(value);
  }

  private static int read(Socket from) throws IOException {
    return from.getInputStream().read();
  }

  /** Only that nothing is heard, so it need not be long. */
  private static void assertHearsNothing(Socket socket) throws IOException {
    socket.setSoTimeout(2 * DELAY);
    assertThatThrownBy(() -> read(socket)).isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(0);
  }

  @Test
  void everyByteComesLaterAndNotBefore() throws IOException {
    Socket here = dial();
    Socket there = accept();
    long begin = System.nanoTime();
    write(here, 1);
    assertThat(read(there)).isEqualTo(1);
    write(there, 2);
    assertThat(read(here)).isEqualTo(2);
    assertThat(System.nanoTime() - begin)
        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(2 * DELAY));
    link.delay(0);
    write(here, 3);
    assertThat(read(there)).isEqualTo(3);
  }

  @Test
  void manyBytesComeWholeAndInOrder() throws Exception {
    byte[] sent = new byte[3 * DelayedLink.HELD_BYTES_MAX];
    new Random(7).nextBytes(sent);
    Socket here = dial();
    Socket there = accept();
    CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> readAll(there));
    here.getOutputStream().write(sent);
    here.shutdownOutput();
    assertThat(received.get()).isEqualTo(sent);
    // The other direction goes on when one has ended.
    write(there, 9);
    assertThat(read(here)).isEqualTo(9);
  }

  private static byte[] readAll(Socket socket) {
    try {
      return socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void noMoreIsReadThanIsHeld() throws Exception {
    Socket here = dial();
    Socket there = accept();
    link.cut();
    byte[] much = new byte[8 * DelayedLink.HELD_BYTES_MAX];
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              try {
                here.getOutputStream().write(much);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    while (link.bytesUnderWay() < DelayedLink.HELD_BYTES_MAX) {
      assertThat(writing).isNotDone();
      LockSupport.parkNanos(1_000_000);
    }
    assertHearsNothing(there);
    // One more may have been read when it became too much, and one is about to be passed on.
    assertThat(link.bytesUnderWay()).isLessThan(DelayedLink.HELD_BYTES_MAX + 256 * 1024);
    assertThat(writing).isNotDone();
    link.heal();
    assertThat(there.getInputStream().readNBytes(much.length)).isEqualTo(much);
    writing.get();
  }

  @Test
  void aCutHoldsBytesAndEndsUntilItHeals() throws IOException {
    Socket here = dial();
    Socket there = accept();
    write(here, 1);
    assertThat(read(there)).isEqualTo(1);
    link.cut();
    write(here, 2);
    here.close();
    assertHearsNothing(there);
    long healed = System.nanoTime();
    link.heal();
    assertThat(read(there)).isEqualTo(2);
    assertThat(System.nanoTime() - healed)
        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(DELAY));
    assertThat(read(there)).isEqualTo(-1);
  }

  @Test
  void aConnectionThatIsMadeDuringACutComesWhenItHeals() throws IOException {
    link.cut();
    Socket here = dial();
    write(here, 1);
    target.setSoTimeout(2 * DELAY);
    assertThatThrownBy(target::accept).isInstanceOf(SocketTimeoutException.class);
    target.setSoTimeout(0);
    link.heal();
    assertThat(read(accept())).isEqualTo(1);
  }

  @Test
  void whoGaveUpDuringACutIsHeardOfAfterIt() throws IOException {
    Socket here = dial();
    Socket there = accept();
    write(there, 1);
    assertThat(read(here)).isEqualTo(1);
    link.cut();
    here.setSoLinger(true, 0); // a reset
    here.close();
    write(there, 2);
    assertHearsNothing(there);
    link.heal();
    assertThat(read(there)).isEqualTo(-1);
  }

  @Test
  void whereNobodyListensTheConnectionEnds() throws IOException {
    target.close();
    Socket here = dial();
    assertThat(read(here)).isEqualTo(-1);
  }
}
