package io.trefoil.control;

import java.util.Optional;
import java.util.regex.Pattern;

/** What nodes, regions and databases may be called. */
final class Names {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
  private static final int MAX_SHOWN = 64;

  private Names() {}

  /** What somebody sent, for a message: in quotes, shortened, and on one line whatever it holds. */
  static String quoted(String word) {
    String shown = word.length() <= MAX_SHOWN ? word : word.substring(0, MAX_SHOWN) + "...";
    return "'" + CONTROL.matcher(shown).replaceAll("?") + "'";
  }

  static Optional<String> whyNotNode(String name) {
    return NAME.matcher(name).matches()
        ? Optional.empty()
        : Optional.of(
            "a node's name is 1 to 64 letters, digits, '.', '_' or '-', not " + quoted(name));
  }

  static Optional<String> whyNotRegion(String name) {
    return NAME.matcher(name).matches()
        ? Optional.empty()
        : Optional.of(
            "a region's name is 1 to 64 letters, digits, '.', '_' or '-', not " + quoted(name));
  }

  static Optional<String> whyNotDatabase(String name) {
    if (!NAME.matcher(name).matches()) {
      return Optional.of("a name is 1 to 64 letters, digits, '.', '_' or '-', not " + quoted(name));
    }
    // SELECT takes both names and numbers.
    return DIGITS.matcher(name).matches()
        ? Optional.of("the name " + quoted(name) + " would be taken for a number")
        : Optional.empty();
  }
}
