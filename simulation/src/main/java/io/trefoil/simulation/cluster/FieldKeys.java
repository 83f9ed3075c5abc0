package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.FieldsModel;
import java.util.List;
import java.util.SortedMap;

/** Which keys of simulated clients have fields. */
final class FieldKeys {
  static final String HASH = "hash";
  static final String SET = "set";

  /** Hashes that expire: nobody knows when, so that only their end is compared. */
  static final String FLEETING = "fleeting";

  /** A hash that only grows: of each field the key is {@code unique-hash-0/field}. */
  static final String GROWING = "unique-hash";

  private FieldKeys() {}

  /** Whether a key is of a hash or a set. */
  static boolean isAbout(String key) {
    return isHash(key) || isSet(key);
  }

  /** Whether the calls of a key have one order that can be looked for. */
  static boolean isShared(String key) {
    return key.startsWith(HASH + "-") || isSet(key);
  }

  private static boolean isSet(String key) {
    return key.startsWith(SET + "-");
  }

  private static boolean isHash(String key) {
    return key.startsWith(HASH + "-")
        || key.startsWith(FLEETING + "-")
        || key.startsWith(GROWING + "-");
  }

  static String[] command(String key, Call call) {
    return FieldCalls.command(isSet(key), key, call);
  }

  static SortedMap<String, String> fields(String key, List<String> items) {
    return FieldCalls.fields(isSet(key), items);
  }

  /** What the reply to a read of the whole key says, as {@link FieldsModel} answers it. */
  static String whole(String key, String reply) {
    return FieldsModel.text(fields(key, RespText.results(reply, 0)));
  }
}
