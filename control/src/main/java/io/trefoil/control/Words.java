package io.trefoil.control;

import java.util.List;
import java.util.Locale;

/**
 * The words of a command that are not read yet. Keywords are read in any case; what is wrong is
 * said for the client, with the word that is meant, if one is near.
 */
final class Words {
  private static final int DAMERAU_LIMIT = 2;

  private final String what;
  private final List<String> words;
  private int at;

  /**
   * @param what begins each error: an error prefix and the command, as in {@code "ERR SWITCHOVER:
   *     "}
   * @param at the first word to read
   */
  Words(String what, List<String> words, int at) {
    this.what = what;
    this.words = words;
    this.at = at;
  }

  /** Leaves a parser with the error for the client; never leaves the grammars. */
  static final class Wrong extends Exception {
    private static final long serialVersionUID = 1;

    Wrong(String error) {
      super(error, null, false, false);
    }
  }

  Wrong wrong(String error) {
    return new Wrong(what + error);
  }

  boolean isAtEnd() {
    return at == words.size();
  }

  /** The next word as a keyword, which stays to be read; empty at the end. */
  String peeked() {
    return isAtEnd() ? "" : upper(words.get(at));
  }

  String next(String missing) throws Wrong {
    if (isAtEnd()) {
      throw wrong(missing + " is missing");
    }
    return words.get(at++);
  }

  void expect(String word) throws Wrong {
    String found = next(word);
    if (!upper(found).equals(word)) {
      throw wrong("expected " + word + ", found " + Names.quoted(found));
    }
  }

  void expectEnd() throws Wrong {
    if (!isAtEnd()) {
      throw wrong("nothing may follow, found " + Names.quoted(words.get(at)));
    }
  }

  /** The value of an option that is a whole number. */
  int number(String option, int min, int max) throws Wrong {
    String word = value(option);
    try {
      int value = Integer.parseInt(word);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, like a number out of range.
    }
    throw wrong(option + " is a number from " + min + " to " + max + ", not " + Names.quoted(word));
  }

  /** The value of an option that is one of these words. */
  String word(String option, String... allowed) throws Wrong {
    return word(option, List.of(allowed), List.of(allowed));
  }

  /**
   * @param shown the allowed words as errors name them, with what follows each
   */
  String word(String option, List<String> allowed, List<String> shown) throws Wrong {
    if (isAtEnd()) {
      throw wrong(option + " needs a value: " + oneOf(shown));
    }
    String given = words.get(at++);
    String word = upper(given);
    if (!allowed.contains(word)) {
      throw wrong(
          option
              + " is "
              + oneOf(shown)
              + ", not "
              + Names.quoted(given)
              + didYouMean(word, allowed));
    }
    return word;
  }

  private String value(String option) throws Wrong {
    if (isAtEnd()) {
      throw wrong(option + " needs a value");
    }
    return words.get(at++);
  }

  static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
  }

  static String oneOf(List<String> words) {
    int last = words.size() - 1;
    return last == 0
        ? words.get(0)
        : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
  }

  /** The end of an error about an unknown word: the known one that is nearest, if one is near. */
  static String didYouMean(String word, Iterable<String> known) {
    String nearest = null;
    // A short word is near to any other: what is left of it must be more than what is changed.
    int least = Math.min(DAMERAU_LIMIT, (word.length() - 1) / 2) + 1;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest == null ? "" : ", did you mean " + nearest + "?";
  }

  /**
   * Insertions, removals, changes and swaps of neighbours from one word to the other.
   *
   * @see "Damerau 1964; the variant that edits no letter twice"
   */
  private static int distance(String a, String b) {
    // Words from the network can be long; the distance then exceeds every limit anyway.
    if (Math.abs(a.length() - b.length()) > DAMERAU_LIMIT) {
      return Integer.MAX_VALUE;
    }
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swapped) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
