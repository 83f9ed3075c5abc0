package io.trefoil.command;

import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.Args;
import java.util.Arrays;

/**
 * Members whose names are between two, where all have the same score. Where they have not, it is
 * looked for as if their names were in order, as Redis does: right where they are, and anything
 * where they are not.
 */
record NameRange(Bound min, Bound max) implements MemberRange {
  static final String NO_ITEM = "ERR min or max not valid string range item";

  /**
   * A bound: before all names, after all names, or at a name.
   *
   * @param name null for the first two
   * @param included whether the range has the name itself
   * @param afterAll whether it is after all names
   */
  private record Bound(byte[] name, boolean included, boolean afterAll) {
    /**
     * Reads {@code -}, {@code +}, {@code [name} or {@code (name}.
     *
     * @return null when it is none of them
     */
    static Bound parse(Args args, int index) {
      byte[] word = args.copy(index);
      byte first = word.length == 0 ? 0 : word[0];
      if (first == '[' || first == '(') {
        return new Bound(Arrays.copyOfRange(word, 1, word.length), first == '[', false);
      }
      boolean alone = word.length == 1 || word.length > 1 && word[1] == 0; // to C, it ends there
      return alone && (first == '-' || first == '+') ? new Bound(null, false, first == '+') : null;
    }

    /**
     * How many members come before the bound.
     *
     * @param score as all members have it; null when they have not the same one
     * @param after whether a member of this very name comes before it
     */
    long rank(Fields members, byte[] score, boolean after) {
      if (name == null) {
        return afterAll ? members.count() : 0;
      }
      if (score == null) {
        return search(members, after);
      }
      int length = score.length + name.length;
      byte[] place = Arrays.copyOf(score, after ? length + 1 : length);
      System.arraycopy(name, 0, place, score.length, name.length);
      return members.rank(place, 0, place.length);
    }

    /** By names alone: halves the members until it stands between two. */
    private long search(Fields members, boolean after) {
      long low = 0;
      long high = members.count();
      while (low < high) {
        long middle = low + high >>> 1;
        int compared = compareTo(members, middle);
        if (compared < 0 || after && compared == 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    /** How the name of the member with a rank compares to this one. */
    private int compareTo(Fields members, long rank) {
      int[] compared = {0};
      members.visit(
          rank,
          1,
          false,
          (member, offset, length, value, valueOffset, valueLength) ->
              compared[0] =
                  Arrays.compareUnsigned(member, offset, offset + length, name, 0, name.length));
      return compared[0];
    }
  }

  /**
   * Reads two bounds.
   *
   * @return null when they are none
   */
  static NameRange parse(Args args, int min, int max) {
    Bound lower = Bound.parse(args, min);
    Bound upper = Bound.parse(args, max);
    return lower == null || upper == null ? null : new NameRange(lower, upper);
  }

  @Override
  public Ranks ranks(Fields members) {
    if (members.count() == 0) {
      return Ranks.NONE;
    }
    byte[] first = score(members, 0);
    byte[] score = Arrays.equals(first, score(members, members.count() - 1)) ? first : null;
    return Ranks.between(
        min.rank(members, score, !min.included), max.rank(members, score, max.included));
  }

  private static byte[] score(Fields members, long rank) {
    byte[] score = new byte[Score.BYTES];
    members.visit(
        rank,
        1,
        false,
        (member, offset, length, value, valueOffset, valueLength) ->
            System.arraycopy(value, valueOffset, score, 0, Score.BYTES));
    return score;
  }
}
