package io.trefoil.bench.server;

import io.trefoil.bench.load.Protocol;
import io.trefoil.bench.load.Resp;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * Servers that somebody else started, and that speak the Redis protocol.
 *
 * @param database number or name
 */
public record RunningServers(List<InetSocketAddress> nodes, String database) implements Servers {
  @Override
  public String name() {
    return "at";
  }

  @Override
  public String setup() {
    return "servers that run already, database " + database;
  }

  @Override
  public String promise() {
    return "not known";
  }

  @Override
  public Protocol protocol(int pipeline) {
    return new Resp(database, pipeline, 0, 0);
  }

  @Override
  public List<ProcessHandle> processes() {
    return List.of();
  }
}
