package io.trefoil.check;

import java.util.List;

/**
 * A promise that a history breaks.
 *
 * @param promise its name
 * @param what what went wrong, in a sentence
 * @param invocations those that show it, in the order of their beginnings
 */
public record Violation(String promise, String what, List<Invocation> invocations) {
  public Violation {
    invocations = List.copyOf(invocations);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(promise + ": " + what);
    invocations.forEach(it -> text.append("\n  ").append(it));
    return text.toString();
  }
}
