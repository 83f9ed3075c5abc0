package io.trefoil.check;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** What clients ask of lists and sorted sets, in Redis' words, and what they hear. */
public final class OrderedCalls {
  private static final int SCORES = 5;

  private OrderedCalls() {}

  /** A call of a list that several clients use. */
  public static Call ofList(RandomGenerator random, String value) {
    return switch (random.nextInt(14)) {
      case 0, 1, 2 -> Call.pushFirst(value);
      case 3, 4, 5 -> Call.pushLast(value);
      case 6, 7 -> Call.popFirst();
      case 8, 9 -> Call.popLast();
      case 10 -> Call.delete();
      case 11 -> Call.countFields();
      default -> Call.get();
    };
  }

  /** A call of a sorted set that several clients use. */
  public static Call ofScores(RandomGenerator random) {
    String member = FieldCalls.field(random);
    return switch (random.nextInt(14)) {
      case 0, 1, 2 -> Call.setField(member, Integer.toString(random.nextInt(SCORES)));
      case 3, 4 -> Call.incrementField(member);
      case 5, 6 -> Call.removeField(member);
      case 7 -> Call.popFirst();
      case 8 -> Call.delete();
      case 9 -> Call.countFields();
      case 10, 11 -> Call.hasField(member);
      default -> Call.get();
    };
  }

  /** The command that asks a list for it. */
  public static String[] ofListInWords(String key, Call call) {
    return switch (call.kind()) {
      case GET -> new String[] {"LRANGE", key, "0", "-1"};
      case COUNT_FIELDS -> new String[] {"LLEN", key};
      case PUSH_FIRST -> new String[] {"LPUSH", key, call.argument()};
      case PUSH_LAST -> new String[] {"RPUSH", key, call.argument()};
      case POP_FIRST -> new String[] {"LPOP", key};
      case POP_LAST -> new String[] {"RPOP", key};
      case DELETE -> new String[] {"DEL", key};
      default -> throw new IllegalArgumentException("nobody asks a list to " + call);
    };
  }

  /** The command that asks a sorted set for it; of a member, for its rank. */
  public static String[] ofScoresInWords(String key, Call call) {
    return switch (call.kind()) {
      case GET -> new String[] {"ZRANGE", key, "0", "-1", "WITHSCORES"};
      case COUNT_FIELDS -> new String[] {"ZCARD", key};
      case HAS_FIELD -> new String[] {"ZRANK", key, call.field()};
      case SET_FIELD -> new String[] {"ZADD", key, call.argument(), call.field()};
      case INCREMENT_FIELD -> new String[] {"ZINCRBY", key, "1", call.field()};
      case REMOVE_FIELD -> new String[] {"ZREM", key, call.field()};
      case POP_FIRST -> new String[] {"ZPOPMIN", key};
      case DELETE -> new String[] {"DEL", key};
      default -> throw new IllegalArgumentException("nobody asks a sorted set to " + call);
    };
  }

  /**
   * What members and their scores are as {@link ScoresModel} answers them.
   *
   * @param items the reply: each member, followed by its score
   */
  public static String scores(List<String> items) {
    List<String> members = new ArrayList<>();
    for (int i = 0; i < items.size(); i += 2) {
      members.add(items.get(i) + "=" + items.get(i + 1));
    }
    return String.join(",", members);
  }
}
