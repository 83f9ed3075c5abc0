package io.trefoil.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerNetworkTest {
  private final Peer first = new Peer();
  private final Peer second = new Peer();
  private int port;

  @BeforeEach
  void listen() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    second.network.listen("127.0.0.1", port);
  }

  @AfterEach
  void close() throws InterruptedException {
    first.close();
    second.close();
  }

  @Test
  void framesArriveInOrderOnTheirLanesThread() throws InterruptedException {
    for (Lane lane : Lane.values()) {
      Lane thread = lane == Lane.CONTROL ? Lane.CONTROL : Lane.DATA;
      first.connect(lane, new PeerAddress(2, "127.0.0.1", port));
      assertThat(first.take()).isEqualTo("connected " + lane);
      first.send(lane, "one", "two", "x".repeat(300_000));
      assertThat(second.take()).isEqualTo(lane + " from 0: one on " + thread);
      assertThat(second.take()).isEqualTo(lane + " from 0: two on " + thread);
      assertThat(second.take()).startsWith(lane + " from 0: xxx").hasSizeGreaterThan(300_000);
    }
  }

  @Test
  void aReplyComesBackOnTheConnectionOfItsRequest() throws InterruptedException {
    first.connect(Lane.CONTROL, new PeerAddress(2, "127.0.0.1", port));
    assertThat(first.take()).isEqualTo("connected CONTROL");
    first.send(Lane.CONTROL, "ping");
    assertThat(second.take()).isEqualTo("CONTROL from 0: ping on CONTROL");
    assertThat(first.take()).isEqualTo("CONTROL reply: ping");
  }

  @Test
  void repliesThatWaitForTheFlushComeBackInOrder() throws InterruptedException {
    first.connect(Lane.DATA, new PeerAddress(2, "127.0.0.1", port));
    assertThat(first.take()).isEqualTo("connected DATA");
    first.send(Lane.DATA, "later 1", "later 2", "flush");
    assertThat(first.take()).isEqualTo("DATA reply: later 1");
    assertThat(first.take()).isEqualTo("DATA reply: later 2");
    first.send(Lane.DATA, "later 3", "flush");
    assertThat(first.take()).isEqualTo("DATA reply: later 3");
  }

  @Test
  void aRefusedNodeIsToldWhyAndItsFramesAreNotDelivered() throws InterruptedException {
    second.refusal = "a stranger";
    first.connect(Lane.DATA, new PeerAddress(2, "127.0.0.1", port));
    assertThat(first.take()).isEqualTo("connected DATA");
    assertThat(first.take()).isEqualTo("lost DATA");
    assertThat(second.events).isEmpty();
  }

  @Test
  void aPeerThatComesBackIsDialedAgain() throws Exception {
    PeerAddress address = new PeerAddress(2, "127.0.0.1", port);
    first.connect(Lane.DATA, address);
    assertThat(first.take()).isEqualTo("connected DATA");
    second.network.close();
    assertThat(first.take()).isEqualTo("lost DATA");
    second.network.listen("127.0.0.1", port);
    assertThat(first.take()).isEqualTo("connected DATA");
    first.send(Lane.DATA, "again");
    assertThat(second.take()).isEqualTo("DATA from 0: again on DATA");
  }

  @Test
  void aConnectionIsOpenUntilItsOtherEndCloses() throws InterruptedException {
    first.connect(Lane.DATA, new PeerAddress(2, "127.0.0.1", port));
    assertThat(first.take()).isEqualTo("connected DATA");
    first.send(Lane.DATA, "hello");
    assertThat(second.take()).isEqualTo("DATA from 0: hello on DATA");
    PeerConnection connection = second.lastFrom;
    assertThat(connection.isOpen()).isTrue();
    first.network.close();
    while (connection.isOpen()) {
      Thread.onSpinWait();
    }
  }

  private static final class Peer implements PeerListener {
    final MultiThreadIoEventLoopGroup control = Sockets.best().loop("CONTROL");
    final MultiThreadIoEventLoopGroup data = Sockets.best().loop("DATA");
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    volatile PeerConnection lastFrom;
    final PeerNetwork network = new PeerNetwork(Sockets.best(), control.next(), data.next(), this);
    volatile String refusal;

    void connect(Lane lane, PeerAddress address) {
      loop(lane).execute(() -> network.connect(lane, address));
    }

    void send(Lane lane, String... frames) {
      loop(lane)
          .execute(
              () -> {
                for (String frame : frames) {
                  byte[] bytes = frame.getBytes(StandardCharsets.UTF_8);
                  network.send(lane, 2, bytes, 0, bytes.length);
                }
                network.flush(lane);
              });
    }

    private MultiThreadIoEventLoopGroup loop(Lane lane) {
      return lane == Lane.CONTROL ? control : data;
    }

    String take() throws InterruptedException {
      return events.poll(10, TimeUnit.SECONDS);
    }

    void close() throws InterruptedException {
      network.close();
      control.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      data.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @Override
    public String refuse(Hello hello) {
      return refusal;
    }

    @Override
    public void onFrame(PeerConnection from, byte[] frame, int offset, int length) {
      lastFrom = from;
      String thread = Thread.currentThread().getName().replaceAll("-.*", "");
      String text = new String(frame, offset, length, StandardCharsets.UTF_8);
      events.add(
          from.hello().lane() + " from " + from.hello().from() + ": " + text + " on " + thread);
      if (text.equals("ping")) {
        from.reply(frame, offset, length);
      } else if (text.startsWith("later")) {
        from.replyLater(frame, offset, length);
      } else if (text.equals("flush")) {
        network.flush(from.hello().lane());
      }
    }

    @Override
    public void onReply(Lane lane, PeerAddress from, byte[] frame, int offset, int length) {
      events.add(lane + " reply: " + new String(frame, offset, length, StandardCharsets.UTF_8));
    }

    @Override
    public void onLost(Lane lane, PeerAddress peer) {
      events.add("lost " + lane);
    }

    @Override
    public void onConnected(Lane lane, PeerAddress peer) {
      events.add("connected " + lane);
    }
  }
}
