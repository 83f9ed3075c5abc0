package io.trefoil.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether what clients were told of their writes is what is there in the end. Each key is set once,
 * so that nothing may hide a write but its loss.
 */
public final class Durability {
  private Durability() {}

  /**
   * @param contents what is there in the end
   * @param saved keys whose writes are in divergence files: lost from the history, and not silently
   */
  public static List<Violation> check(
      List<Invocation> writes, Map<String, String> contents, Set<String> saved) {
    List<Violation> violations = new ArrayList<>();
    for (Invocation write : writes) {
      String found = contents.get(write.key());
      String written = write.call().argument();
      switch (write.outcome()) {
        case ACKNOWLEDGED -> {
          if (found == null && !saved.contains(write.key())) {
            violations.add(violation("nothing is lost silently", "is not there", write));
          }
        }
        case REFUSED -> {
          if (found != null) {
            violations.add(violation("what is refused is not done", "is there", write));
          }
        }
        case UNCERTAIN -> {
          // Both is right.
        }
      }
      if (found != null && !found.equals(written)) {
        violations.add(violation("a value is what was written", "is " + found, write));
      }
    }
    return violations;
  }

  /** Acknowledged writes that the history has lost, saved or not. */
  public static List<Invocation> lost(List<Invocation> writes, Map<String, String> contents) {
    return writes.stream()
        .filter(write -> write.isAcknowledged() && !contents.containsKey(write.key()))
        .toList();
  }

  private static Violation violation(String promise, String what, Invocation write) {
    return new Violation(promise, write.key() + " " + what, List.of(write));
  }
}
