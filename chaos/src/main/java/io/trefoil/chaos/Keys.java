package io.trefoil.chaos;

import io.trefoil.check.FieldCalls;
import io.trefoil.cli.Reply;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;

/** Which keys the clients of a run use, and what they hold. */
final class Keys {
  /** Keys and fields that are set once, by one client. */
  static final String UNIQUE = "unique-";

  /** Keys that one client sets once, and one removes later. */
  static final String ONCE = "once-";

  /** Hashes that only grow; each field is a key of the history. */
  static final String GROWING = "unique-hash-";

  /** Hashes of a leaderless database whose fields are counted up. */
  static final String COUNTS = "counter-hash";

  private static final String HASH = "hash-";
  private static final String SET = "set-";
  private static final int SHARED_KEYS = 3;

  /** Histories of a key stay short, so that all of them can be searched. */
  private static final long KEY_MILLIS = 1_500;

  private Keys() {}

  /**
   * One of the few keys that several clients use at a time.
   *
   * @param millis since the run began
   */
  static String shared(String kind, Random random, long millis) {
    return kind + "-" + random.nextInt(SHARED_KEYS) + "-" + Math.max(0, millis) / KEY_MILLIS;
  }

  /** The name in the history of a field that is set once. */
  static String ofField(String key, String field) {
    return key + "/" + field;
  }

  /** The key that a field's name in the history is of. */
  static String keyOf(String field) {
    return field.substring(0, field.indexOf('/'));
  }

  /** The field alone, of its name in the history. */
  static String fieldOf(String field) {
    return field.substring(field.indexOf('/') + 1);
  }

  /** Whether a key holds a hash or a set, of whatever kind. */
  static boolean hasAnyFields(String key) {
    return hasFields(key) || key.startsWith(GROWING) || key.startsWith(COUNTS);
  }

  /** Whether nothing is done to it but counting up. */
  static boolean isCounter(String key) {
    return key.startsWith("counter-");
  }

  static boolean isFieldOfGrowing(String key) {
    return key.startsWith(GROWING) && key.indexOf('/') > 0;
  }

  /** Whether several clients use the key, and it holds a hash or a set. */
  static boolean hasFields(String key) {
    return key.startsWith(HASH) || isSet(key);
  }

  static boolean isSet(String key) {
    return key.startsWith(SET);
  }

  /** What a key with fields holds, from the reply to a read of all of it. */
  static SortedMap<String, String> fields(String key, List<Reply> items) {
    return FieldCalls.fields(isSet(key), items.stream().map(Reply::text).toList());
  }
}
