package io.trefoil.bench.server;

import io.trefoil.bench.load.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** Servers that take requests. What was started for them ends with the {@link Workspace}. */
public interface Servers {
  /** Short, for a column. */
  String name();

  /** Version, nodes and settings that matter. */
  String setup();

  /** What an acknowledged write can rely on. */
  String promise();

  /** Where clients connect now, in turn; waits for a leader where one is needed. */
  List<InetSocketAddress> nodes() throws IOException, InterruptedException;

  /**
   * A connection's protocol.
   *
   * @param pipeline so many requests are in flight at most
   */
  Protocol protocol(int pipeline);

  /** Their processes; none where they are not known. */
  List<ProcessHandle> processes();
}
