package io.trefoil.cli.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Asks the operating system about ports on the loopback address. */
public final class LocalPorts implements PortPlan.Probe {
  // In the output of `ss -p`: users:(("redis-server",pid=12,fd=6))
  private static final Pattern USER = Pattern.compile("\\(\\(\"([^\"]+)\",pid=(\\d+)");

  @Override
  public Optional<String> holder(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // A port that only waits for old connections to be forgotten is free.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(nameOfHolder(port).orElse("another process"));
    }
  }

  private static Optional<String> nameOfHolder(int port) {
    try {
      Process ss =
          new ProcessBuilder("ss", "-Hltnp", "sport", "=", ":" + port)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      ss.getOutputStream().close();
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(ss.getInputStream(), StandardCharsets.UTF_8))) {
        return holderIn(lines.lines().collect(Collectors.joining("\n")));
      }
    } catch (IOException e) {
      // No ss on this system: the name is a courtesy.
      return Optional.empty();
    }
  }

  /** The process that the output of {@code ss -p} names. */
  static Optional<String> holderIn(String output) {
    Matcher user = USER.matcher(output);
    return user.find()
        ? Optional.of(user.group(1) + " (pid " + user.group(2) + ")")
        : Optional.empty();
  }
}
