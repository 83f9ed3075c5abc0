package io.trefoil.control;

import io.trefoil.base.Invariants;

/**
 * A database.
 *
 * @param id never used again, unlike the number
 * @param number what {@code SELECT} takes
 * @param name empty for none
 * @param definition tells a multi-leader database from every other that had its name, and is the
 *     same in all of its regions; 0 for a database that never spanned regions
 * @param wasSingle whether it had one leader in this cluster before it spanned regions, so that it
 *     may have cells that only one wrote
 */
public record Database(
    int id,
    int number,
    String name,
    DatabaseSettings settings,
    long definition,
    boolean wasSingle) {
  public Database {
    Invariants.check(
        (definition != 0) == (settings.regions() != null),
        "a database of regions has a definition, and no other has");
  }

  /** One that is new in this cluster. */
  public Database(int id, int number, String name, DatabaseSettings settings, long definition) {
    this(id, number, name, settings, definition, false);
  }

  /** One that is of this cluster alone. */
  public Database(int id, int number, String name, DatabaseSettings settings) {
    this(id, number, name, settings, 0);
  }

  Database with(DatabaseSettings newSettings) {
    return new Database(id, number, name, newSettings, definition, wasSingle);
  }

  /** The same with regions, which it had never before. */
  Database spanning(long newDefinition, DatabaseSettings newSettings) {
    return new Database(id, number, name, newSettings, newDefinition, true);
  }

  /** For messages: the name, or the number when there is none. */
  public String title() {
    return name.isEmpty() ? Integer.toString(number) : name;
  }
}
