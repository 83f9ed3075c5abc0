package io.trefoil.control;

/**
 * A database.
 *
 * @param id never used again, unlike the number
 * @param number what {@code SELECT} takes
 * @param name empty for none
 */
public record Database(int id, int number, String name, DatabaseSettings settings) {
  /** For messages: the name, or the number when there is none. */
  public String title() {
    return name.isEmpty() ? Integer.toString(number) : name;
  }
}
