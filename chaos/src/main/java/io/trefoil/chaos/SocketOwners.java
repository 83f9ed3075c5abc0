package io.trefoil.chaos;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Which node's process a connection comes from. All of them come from the loopback address, so the
 * system is asked: its table of sockets gives the socket's inode, and the process has that inode
 * open.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_net.5.html">proc_pid_net(5)</a>
 */
final class SocketOwners {
  private static final int LOCAL_ADDRESS = 1;
  private static final int REMOTE_ADDRESS = 2;
  private static final int INODE = 9;

  private final List<LongSupplier> pids;

  /**
   * @param pids of the nodes' processes, by node
   */
  SocketOwners(List<LongSupplier> pids) {
    this.pids = List.copyOf(pids);
  }

  /**
   * The node that has dialed.
   *
   * @param dialed the port at the node's end
   * @param listening the port at the other end
   * @return its index; empty when it has ended, or is none of the nodes
   */
  OptionalInt nodeOf(int dialed, int listening) {
    for (String table : List.of("/proc/net/tcp6", "/proc/net/tcp")) {
      OptionalLong inode = inode(Path.of(table), dialed, listening);
      if (inode.isPresent()) {
        return nodeWith(inode.getAsLong());
      }
    }
    return OptionalInt.empty();
  }

  private static OptionalLong inode(Path table, int dialed, int listening) {
    List<String> lines;
    try {
      lines = Files.readAllLines(table);
    } catch (IOException e) {
      return OptionalLong.empty(); // no such protocol in this system
    }
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      String[] columns = line.trim().split("\\s+");
      if (port(columns[LOCAL_ADDRESS]) == dialed && port(columns[REMOTE_ADDRESS]) == listening) {
        return OptionalLong.of(Long.parseLong(columns[INODE]));
      }
    }
    return OptionalLong.empty();
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1), 16);
  }

  private OptionalInt nodeWith(long inode) {
    for (int node = 0; node < pids.size(); node++) {
      if (hasOpen(pids.get(node).getAsLong(), "socket:[" + inode + "]")) {
        return OptionalInt.of(node);
      }
    }
    return OptionalInt.empty();
  }

  private static boolean hasOpen(long pid, String what) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path file : files) {
        if (isLinkTo(file, what)) {
          return true;
        }
      }
    } catch (IOException e) {
      return false; // it ended
    }
    return false;
  }

  private static boolean isLinkTo(Path file, String what) {
    try {
      return Files.readSymbolicLink(file).toString().equals(what);
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }
}
