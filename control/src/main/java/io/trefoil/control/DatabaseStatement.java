package io.trefoil.control;

/** What somebody asked for with the words after {@code DATABASE} or {@code SWITCHOVER}. */
public sealed interface DatabaseStatement {
  record Create(String name, DatabaseOptions options) implements DatabaseStatement {}

  /**
   * @param force regions go that can't be asked whether others have all that is theirs
   */
  record Alter(String name, DatabaseOptions options, boolean force) implements DatabaseStatement {}

  record Drop(String name) implements DatabaseStatement {}

  /**
   * @param partition null for all
   */
  record Move(String name, Integer partition, String from, String to)
      implements DatabaseStatement {}

  /**
   * @param partition null for all
   */
  record SwitchOver(String name, Integer partition, String node) implements DatabaseStatement {}

  record Drain(String node, boolean drained) implements DatabaseStatement {}

  record ListAll() implements DatabaseStatement {}

  record Info(String name) implements DatabaseStatement {}

  record Verify(String name) implements DatabaseStatement {}

  record Help() implements DatabaseStatement {}

  /**
   * Words that ask for nothing.
   *
   * @param error for the client: an error prefix, then a sentence
   */
  record Invalid(String error) implements DatabaseStatement {}
}
