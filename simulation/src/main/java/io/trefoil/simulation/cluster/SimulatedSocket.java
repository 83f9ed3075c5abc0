package io.trefoil.simulation.cluster;

import io.trefoil.node.ClientConnection;
import io.trefoil.node.ClientSocket;
import java.util.Arrays;

/** The connection of a simulated client to a process, with both ends. */
final class SimulatedSocket implements ClientSocket {
  /** The client's end. */
  interface End {
    void received(byte[] bytes);

    /** The connection broke, or was never made. */
    void broken();
  }

  private final ClusterWorld world;
  private final SimulatedProcess process;
  private final End end;
  private final ClusterNetwork.Pipe there;
  private final ClusterNetwork.Pipe back;
  private ClientConnection connection;
  private byte[] unsent = new byte[0];
  private boolean closed;

  /** Whether the client has left: what is still on its way to it arrives nowhere. */
  private boolean left;

  SimulatedSocket(ClusterWorld world, Machine client, SimulatedProcess process, End end) {
    this.world = world;
    this.process = process;
    this.end = end;
    this.there = world.network.new Pipe(client, process.machine);
    this.back = world.network.new Pipe(process.machine, client);
  }

  /** From the client: dials. */
  void dial(String name) {
    there.send(0, () -> process.dataLoop().execute(() -> process.accept(this, name)));
  }

  /** From the client: sends bytes. */
  void send(byte[] bytes) {
    there.send(
        0,
        () ->
            process
                .dataLoop()
                .execute(
                    () -> {
                      if (!closed && connection != null) {
                        connection.receive(bytes);
                      }
                    }));
  }

  /** From the client: is gone. */
  void hangUp() {
    left = true;
    if (!closed) {
      closed = true;
      process.dataLoop().execute(this::end);
    }
  }

  private void end() {
    process.gone(this);
    if (connection != null) {
      connection.disconnected();
    }
  }

  void accepted(ClientConnection newConnection) {
    connection = newConnection;
  }

  /** What was sent before still arrives. */
  void processDied() {
    if (!closed) {
      closed = true;
      back.send(0, this::tellBroken);
    }
  }

  @Override
  public void write(byte[] array, int length) {
    int old = unsent.length;
    unsent = Arrays.copyOf(unsent, old + length);
    System.arraycopy(array, 0, unsent, old, length);
  }

  @Override
  public void flush() {
    byte[] bytes = unsent;
    unsent = new byte[0];
    if (!closed && bytes.length > 0) {
      back.send(process.outputDelayMicros(), () -> tellReceived(bytes));
    }
  }

  @Override
  public boolean isWritable() {
    return true;
  }

  @Override
  public void read(boolean wanted) {
    // A client has one command at a time under way: there is nothing to hold back.
  }

  @Override
  public void closeWhenSent() {
    flush();
    close();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      back.send(process.outputDelayMicros(), this::tellBroken);
      process.dataLoop().execute(this::end);
    }
  }

  private void tellReceived(byte[] bytes) {
    if (!left) {
      end.received(bytes);
    }
  }

  private void tellBroken() {
    if (!left) {
      end.broken();
    }
  }
}
