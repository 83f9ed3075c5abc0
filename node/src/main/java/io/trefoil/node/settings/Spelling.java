package io.trefoil.node.settings;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds what somebody probably meant to write. */
final class Spelling {
  /** Longer words are nobody's typing mistake, and comparing takes the product of the lengths. */
  private static final int MAX_LENGTH = 64;

  private Spelling() {}

  /**
   * The nearest of the known dotted paths: one that ends in {@code .word}, or else one that a few
   * typing mistakes (a third of its letters, at most three) turn into the word.
   */
  static Optional<String> nearest(String word, List<String> known) {
    if (word.isEmpty() || word.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    Optional<String> whole = known.stream().filter(k -> k.endsWith("." + word)).findFirst();
    if (whole.isPresent()) {
      return whole;
    }
    return known.stream()
        .filter(k -> distance(word, k) <= Math.min(3, k.length() / 3))
        .min(Comparator.comparingInt(k -> distance(word, k)));
  }

  /** Letters to insert, remove or replace to make one word the other (Levenshtein 1966). */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
