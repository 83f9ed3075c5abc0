package io.trefoil.node.settings;

import java.util.List;

/**
 * Settings that a node can't start with: everything wrong with them, not only the first thing. The
 * process prints the message and exits with 2.
 */
public final class SettingsError extends RuntimeException {
  private final List<String> problems;

  SettingsError(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** One line each, such as {@code n1.yaml:7: client.port: 'abc' is not a port (1 to 65535)}. */
  public List<String> problems() {
    return problems;
  }
}
