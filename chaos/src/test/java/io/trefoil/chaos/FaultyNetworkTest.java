package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Node 0 dials node 1; both are this process. */
class FaultyNetworkTest {
  private static final int DEADLINE_MILLIS = 20_000;
  private static final int SILENCE_MILLIS = 150;

  private final Links links = new Links(Layout.ofOneCluster(3));
  private final FaultyNetwork network =
      new FaultyNetwork(
          links, new SocketOwners(List.of(ProcessHandle.current()::pid, () -> 0L, () -> 0L)));
  private ServerSocket listening;
  private Socket dialer;
  private Socket dialed;

  @BeforeEach
  void connect() throws Exception {
    listening = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
    network.listen(1, new InetSocketAddress("127.0.1.2", listening.getLocalPort()));
    dialer = new Socket("127.0.1.2", listening.getLocalPort());
    dialed = listening.accept();
    dialer.setSoTimeout(DEADLINE_MILLIS);
    dialed.setSoTimeout(DEADLINE_MILLIS);
  }

  @AfterEach
  void close() throws IOException {
    dialer.close();
    dialed.close();
    listening.close();
    network.close();
  }

  private Runnable begin(FaultKind kind, int amount) {
    return links.begin(new PlannedFault(0, kind, 1, false, 0, 1, amount), 0);
  }

  private static void send(Socket from, int value) throws IOException {
    from.getOutputStream().write(value);
  }

  private static int receive(Socket at) throws IOException {
    return at.getInputStream().read();
  }

  private static void hearsNothing(Socket at) throws IOException {
    at.setSoTimeout(SILENCE_MILLIS);
    assertThatThrownBy(() -> receive(at)).isInstanceOf(SocketTimeoutException.class);
    at.setSoTimeout(DEADLINE_MILLIS);
  }

  @Test
  void passes_on_both_ways() throws IOException {
    send(dialer, 1);
    assertThat(receive(dialed)).isEqualTo(1);
    send(dialed, 2);
    assertThat(receive(dialer)).isEqualTo(2);
    dialer.close();
    assertThat(receive(dialed)).isEqualTo(-1);
  }

  @Test
  void what_a_cut_holds_up_comes_when_it_is_over() throws IOException {
    Runnable mending = begin(FaultKind.CUT, 0);
    send(dialer, 1);
    send(dialed, 2);
    hearsNothing(dialed);
    hearsNothing(dialer);
    mending.run();
    assertThat(receive(dialed)).isEqualTo(1);
    assertThat(receive(dialer)).isEqualTo(2);
  }

  @Test
  void nobody_hears_of_an_end_through_a_cut() throws IOException {
    Runnable mending = begin(FaultKind.CUT, 0);
    dialer.close();
    hearsNothing(dialed);
    mending.run();
    assertThat(receive(dialed)).isEqualTo(-1);
  }

  @Test
  void one_way_may_be_cut_alone() throws IOException {
    Runnable mending = begin(FaultKind.CUT_ONE_WAY, 0);
    send(dialed, 2);
    assertThat(receive(dialer)).isEqualTo(2);
    send(dialer, 1);
    hearsNothing(dialed);
    mending.run();
    assertThat(receive(dialed)).isEqualTo(1);
  }

  @Test
  void nobody_gets_a_connection_through_a_cut() throws IOException {
    Runnable mending = begin(FaultKind.CUT, 0);
    try (Socket another = new Socket("127.0.1.2", listening.getLocalPort())) {
      send(another, 3);
      listening.setSoTimeout(SILENCE_MILLIS);
      assertThatThrownBy(listening::accept).isInstanceOf(SocketTimeoutException.class);
      listening.setSoTimeout(DEADLINE_MILLIS);
      mending.run();
      try (Socket accepted = listening.accept()) {
        assertThat(receive(accepted)).isEqualTo(3);
      }
    }
  }

  @Test
  void late_and_repeated_packets_come_in_order_and_whole() throws IOException {
    begin(FaultKind.DELAY, 20);
    begin(FaultKind.LOSS, 300);
    byte[] sent = new byte[3 << 20];
    for (int i = 0; i < sent.length; i++) {
      sent[i] = (byte) (i * 31 >> 3);
    }
    Thread sending =
        new Thread(
            () -> {
              try {
                dialer.getOutputStream().write(sent);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    sending.start();
    assertThat(dialed.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
  }

  @Test
  void a_reset_ends_both() throws IOException {
    send(dialer, 1);
    receive(dialed);
    network.reset();
    assertThatThrownBy(() -> receive(dialer)).isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> receive(dialed)).isInstanceOf(SocketException.class);
  }
}
