package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.FieldsModel;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** What simulated clients ask of keys that have fields, in Redis' words, and what they hear. */
final class FieldCalls {
  static final String HASH = "hash";
  static final String SET = "set";

  /** Hashes that expire: nobody knows when, so that only their end is compared. */
  static final String FLEETING = "fleeting";

  /** A hash that only grows: of each field the key is {@code unique-hash-0/field}. */
  static final String GROWING = "unique-hash";

  private static final int FIELDS = 4;

  private FieldCalls() {}

  /** Whether a key is of a hash or a set. */
  static boolean isAbout(String key) {
    return isHash(key) || isSet(key);
  }

  /** Whether the calls of a key have one order that can be looked for. */
  static boolean isShared(String key) {
    return key.startsWith(HASH + "-") || isSet(key);
  }

  static boolean isSet(String key) {
    return key.startsWith(SET + "-");
  }

  private static boolean isHash(String key) {
    return key.startsWith(HASH + "-")
        || key.startsWith(FLEETING + "-")
        || key.startsWith(GROWING + "-");
  }

  /** A call of a hash that several clients use. */
  static Call ofHash(SplittableRandom random, String value) {
    String field = field(random);
    return switch (random.nextInt(14)) {
      case 0, 1, 2, 3 -> Call.setField(field, value);
      case 4, 5 -> Call.removeField(field);
      case 6 -> Call.delete();
      case 7, 8, 9 -> Call.getField(field);
      case 10 -> Call.hasField(field);
      case 11 -> Call.countFields();
      default -> Call.get();
    };
  }

  /** A call of a set that several clients use. */
  static Call ofSet(SplittableRandom random) {
    String member = field(random);
    return switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> Call.addMember(member);
      case 4, 5, 6 -> Call.removeField(member);
      case 7 -> Call.delete();
      case 8 -> Call.hasField(member);
      case 9 -> Call.countFields();
      default -> Call.get();
    };
  }

  static String field(SplittableRandom random) {
    return "f" + random.nextInt(FIELDS);
  }

  static String[] command(String key, Call call) {
    boolean set = isSet(key);
    return switch (call.kind()) {
      case GET -> new String[] {set ? "SMEMBERS" : "HGETALL", key};
      case SET_FIELD -> new String[] {"HSET", key, call.field(), call.argument()};
      case ADD_MEMBER -> new String[] {"SADD", key, call.field()};
      case REMOVE_FIELD -> new String[] {set ? "SREM" : "HDEL", key, call.field()};
      case GET_FIELD -> new String[] {"HGET", key, call.field()};
      case HAS_FIELD -> new String[] {set ? "SISMEMBER" : "HEXISTS", key, call.field()};
      case COUNT_FIELDS -> new String[] {set ? "SCARD" : "HLEN", key};
      case DELETE -> new String[] {"DEL", key};
      default -> throw new IllegalArgumentException("nobody asks to " + call);
    };
  }

  /** All fields, as a list with their values, or as the members alone. */
  static SortedMap<String, String> fields(String key, List<String> items) {
    SortedMap<String, String> fields = new TreeMap<>();
    int step = isSet(key) ? 1 : 2;
    for (int i = 0; i < items.size(); i += step) {
      fields.put(items.get(i), step == 1 ? "" : items.get(i + 1));
    }
    return fields;
  }

  /** What the reply to a read of the whole key says, as {@link FieldsModel} answers it. */
  static String whole(String key, String reply) {
    return FieldsModel.text(fields(key, RespText.results(reply, 0)));
  }
}
