package io.trefoil.bench;

import io.trefoil.bench.load.Load;
import io.trefoil.bench.server.Servers;
import java.util.List;

/** Servers, and the client that is connected to them. */
record Side(Servers servers, Load load) {
  String name() {
    return servers.name();
  }

  List<ProcessHandle> processes() {
    return servers.processes();
  }
}
