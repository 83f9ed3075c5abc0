package io.trefoil.chaos;

import io.trefoil.check.FieldCalls;
import io.trefoil.cli.Reply;
import java.util.List;
import java.util.SortedMap;

/** Which keys the clients of a run use, and what they hold. */
final class Keys {
  /** Keys and fields that are set once, by one client. */
  static final String UNIQUE = "unique-";

  /** Hashes that only grow; each field is a key of the history. */
  static final String GROWING = "unique-hash-";

  private static final String HASH = "hash-";
  private static final String SET = "set-";

  private Keys() {}

  /** The name in the history of a field that is set once. */
  static String ofField(String key, String field) {
    return key + "/" + field;
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
