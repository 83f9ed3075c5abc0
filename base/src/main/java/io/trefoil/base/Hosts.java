package io.trefoil.base;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Hosts as people name them. Nothing here asks a name server. */
public final class Hosts {
  private static final String BYTE = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
  private static final Pattern IPV4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F.]*:[0-9a-fA-F:.]+");
  private static final Pattern NAME =
      Pattern.compile("(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})*\\.?");
  private static final int MAX_ADDRESSES = 100;

  private Hosts() {}

  /** An IP address that a port can be opened on; {@code localhost} is 127.0.0.1. */
  public static Optional<String> ip(String text) {
    String literal = text.equalsIgnoreCase("localhost") ? "127.0.0.1" : text;
    return address(literal).map(known -> literal);
  }

  /** A host name or an IP address that others can dial. */
  public static Optional<String> host(String text) {
    Optional<InetAddress> address = address(text);
    if (address.isPresent()) {
      return address.filter(known -> !known.isAnyLocalAddress()).map(known -> text);
    }
    // What is all digits and dots and still no address is a mistake in one.
    boolean name = NAME.matcher(text).matches() && !text.matches("[0-9.]+");
    return name ? Optional.of(text) : Optional.empty();
  }

  public static boolean isLoopback(String ip) {
    return address(ip).map(InetAddress::isLoopbackAddress).orElse(false);
  }

  /** Whether it stands for every address of the machine, so that nobody can dial it. */
  public static boolean isWildcard(String ip) {
    return address(ip).map(InetAddress::isAnyLocalAddress).orElse(false);
  }

  private static Optional<InetAddress> address(String text) {
    if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByName(text)); // a literal: no look-up
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** {@code host:port} joined by commas, IPv6 addresses in brackets; empty text is none. */
  public static Optional<List<HostPort>> addresses(String text) {
    List<HostPort> found = new ArrayList<>();
    for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
      Optional<HostPort> address = HostPort.parse(part.strip());
      if (address.isEmpty() || found.size() == MAX_ADDRESSES) {
        return Optional.empty();
      }
      found.add(address.get());
    }
    return Optional.of(List.copyOf(found));
  }
}
