package io.trefoil.check;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** What clients ask of keys that have fields, in Redis' words, and what they hear. */
public final class FieldCalls {
  private static final int FIELDS = 4;

  private FieldCalls() {}

  /** A call of a hash that several clients use. */
  public static Call ofHash(RandomGenerator random, String value) {
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
  public static Call ofSet(RandomGenerator random) {
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

  /** One of the few that are used. */
  public static String field(RandomGenerator random) {
    return "f" + random.nextInt(FIELDS);
  }

  /** All that are used. */
  public static List<String> fields() {
    return IntStream.range(0, FIELDS).mapToObj(i -> "f" + i).toList();
  }

  /**
   * The command that asks for it.
   *
   * @param set whether the key holds a set, and not a hash
   */
  public static String[] command(boolean set, String key, Call call) {
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

  /**
   * All fields of a key.
   *
   * @param items the reply to a read of the whole key: fields with their values, or members alone
   */
  public static SortedMap<String, String> fields(boolean set, List<String> items) {
    SortedMap<String, String> fields = new TreeMap<>();
    int step = set ? 1 : 2;
    for (int i = 0; i < items.size(); i += step) {
      fields.put(items.get(i), set ? "" : items.get(i + 1));
    }
    return fields;
  }
}
