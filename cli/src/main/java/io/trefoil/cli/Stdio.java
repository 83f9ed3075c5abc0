package io.trefoil.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * What a command reads from and prints to. An argument rather than {@code System}, so that a test
 * can look at it.
 *
 * @param inIsTerminal whether a person types the input
 * @param outIsTerminal whether a person sees the output
 * @param environment the environment's variables
 */
public record Stdio(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean inIsTerminal,
    boolean outIsTerminal,
    Map<String, String> environment) {

  /**
   * The process's own. The launcher says which ends are terminals: Java alone only knows whether
   * both are.
   */
  public static Stdio ofProcess() {
    return new Stdio(
        System.in,
        System.out,
        System.err,
        isTerminal("trefoil.stdin.terminal"),
        isTerminal("trefoil.stdout.terminal"),
        System.getenv());
  }

  private static boolean isTerminal(String property) {
    String said = System.getProperty(property);
    return said == null ? System.console() != null : Boolean.parseBoolean(said);
  }

  /** Whether colours may be used: on a terminal, unless {@code NO_COLOR} is set. */
  public boolean colour() {
    return outIsTerminal && environment.getOrDefault("NO_COLOR", "").isEmpty();
  }
}
