package io.trefoil.base;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a node can be dialed.
 *
 * @param host a host name or an IP address, without brackets
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
  private static final int MAX_PORT = 65_535;
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

  /** Reads {@code host:port}, an IPv6 address in brackets; empty when it is none to dial. */
  public static Optional<HostPort> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      return Optional.empty();
    }
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (host.indexOf(':') >= 0 != bracketed) {
      return Optional.empty();
    }
    String bare = bracketed ? host.substring(1, host.length() - 1) : host;
    return Hosts.host(bare)
        .flatMap(known -> port(text.substring(colon + 1)).map(port -> new HostPort(known, port)));
  }

  private static Optional<Integer> port(String text) {
    return PORT.matcher(text).matches()
        ? Optional.of(Integer.valueOf(text)).filter(port -> port >= 1 && port <= MAX_PORT)
        : Optional.empty();
  }

  /** As it is written: {@code host:port}, an IPv6 address in brackets. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
