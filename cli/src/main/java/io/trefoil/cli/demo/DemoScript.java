package io.trefoil.cli.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * Keys of the demo that are pressed without anybody: {@code 10 k 5.5 r 10} waits 10 seconds, kills
 * a node, waits 5.5 seconds, restarts it, waits 10 seconds and ends.
 */
final class DemoScript {
  private static final long WAIT_SECONDS_MAX = 3_600;

  private DemoScript() {}

  /**
   * @param waitMillis before the key
   * @param key 0 for none, at the end
   */
  record Step(long waitMillis, char key) {
    boolean hasKey() {
      return key != 0;
    }
  }

  /**
   * Reads a script.
   *
   * @throws IllegalArgumentException when it is none; the message says why
   */
  static List<Step> parse(String script) {
    List<Step> steps = new ArrayList<>();
    long waitMillis = 0;
    for (String word : script.strip().split("\\s+")) {
      if (word.length() == 1 && Character.isLetter(word.charAt(0))) {
        steps.add(new Step(waitMillis, word.charAt(0)));
        waitMillis = 0;
      } else {
        waitMillis += millis(word);
      }
    }
    steps.add(new Step(waitMillis, (char) 0));
    return List.copyOf(steps);
  }

  private static long millis(String word) {
    if (!word.matches("\\d{1,4}(\\.\\d{1,3})?") || Double.parseDouble(word) > WAIT_SECONDS_MAX) {
      throw new IllegalArgumentException(
          "'"
              + word
              + "' is neither a key nor seconds up to "
              + WAIT_SECONDS_MAX
              + "; right would be: 10 k 5 r 10");
    }
    return Math.round(Double.parseDouble(word) * 1_000);
  }
}
