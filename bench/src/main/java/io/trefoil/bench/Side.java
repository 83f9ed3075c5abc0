package io.trefoil.bench;

import io.trefoil.bench.load.Load;
import io.trefoil.bench.server.Servers;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** Servers, and the client that is connected to them. */
final class Side implements Closeable {
  private static final long SEED = 42;

  private final Servers servers;
  private final Load.Size size;
  private List<InetSocketAddress> nodes = List.of();
  private Load load;

  Side(Servers servers, Load.Size size) {
    this.servers = servers;
    this.size = size;
  }

  Servers servers() {
    return servers;
  }

  String name() {
    return servers.name();
  }

  List<ProcessHandle> processes() {
    return servers.processes();
  }

  /** The client. */
  Load load() {
    return load;
  }

  /** Connects, and anew when another node leads: what is sent would be forwarded. */
  void connect() throws IOException, InterruptedException {
    if (isWhereItWas()) {
      return;
    }
    close();
    nodes = servers.nodes();
    load = Load.connect(nodes, () -> servers.protocol(size.pipelineMax()), size, SEED);
  }

  /** Whether the client is still connected where clients should be. */
  boolean isWhereItWas() throws IOException, InterruptedException {
    return servers.nodes().equals(nodes);
  }

  @Override
  public void close() throws IOException {
    if (load != null) {
      load.close();
    }
  }
}
