package io.trefoil.node.settings;

/**
 * Where a node can be dialed.
 *
 * @param host a host name or an IP address, without brackets
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
  /** As it is written: {@code host:port}, an IPv6 address in brackets. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
