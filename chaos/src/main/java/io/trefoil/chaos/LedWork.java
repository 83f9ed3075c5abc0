package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.FieldsModel;
import io.trefoil.cli.Reply;
import java.util.Random;

/**
 * On a single-leader database: some clients use the same few keys, hashes and sets, for a while,
 * and then others; some set keys and fields of their own, each once.
 */
final class LedWork implements Work {
  @Override
  public Ask next(Random random, String value, long millis) {
    int kind = random.nextInt(14);
    if (kind < 4) {
      return ask(Keys.UNIQUE + value, Call.set(value));
    } else if (kind < 7) {
      return ask(Keys.shared("counter", random, millis), counterCall(random));
    } else if (kind < 10) {
      return ask(Keys.shared("text", random, millis), textCall(random, value));
    } else if (kind < 11) {
      return ask(Keys.ofField(Keys.GROWING + random.nextInt(2), value), Call.set(value));
    } else if (kind < 13) {
      return ask(Keys.shared("hash", random, millis), FieldCalls.ofHash(random, value));
    }
    return ask(Keys.shared("set", random, millis), FieldCalls.ofSet(random));
  }

  @Override
  public Ask nextRead(Random random, long millis) {
    return ask(Keys.shared("counter", random, millis), Call.get());
  }

  private static Call counterCall(Random random) {
    return random.nextInt(3) == 0 ? Call.get() : Call.increment();
  }

  private static Call textCall(Random random, String value) {
    return switch (random.nextInt(9)) {
      case 0, 1 -> Call.set(value);
      case 2 -> Call.append(value);
      case 3 -> Call.compareAndSet(null, value);
      case 4 -> Call.delete();
      default -> Call.get();
    };
  }

  private static Ask ask(String key, Call call) {
    return Ask.of(key, call, words(key, call));
  }

  private static String[] words(String key, Call call) {
    if (Keys.isFieldOfGrowing(key)) {
      return new String[] {"HSET", Keys.keyOf(key), Keys.fieldOf(key), call.argument()};
    }
    if (Keys.hasFields(key)) {
      return FieldCalls.command(Keys.isSet(key), key, call);
    }
    return switch (call.kind()) {
      case GET -> new String[] {"GET", key};
      case SET -> new String[] {"SET", key, call.argument()};
      case APPEND -> new String[] {"APPEND", key, call.argument()};
      case INCREMENT -> new String[] {"INCR", key};
      case COMPARE_AND_SET -> new String[] {"SETNX", key, call.argument()};
      case DELETE -> new String[] {"DEL", key};
      default -> throw new IllegalArgumentException("nobody asks to " + call);
    };
  }

  @Override
  public String result(Ask ask, String key, Reply reply) {
    if (reply instanceof Reply.Nil) {
      return null;
    }
    if (Keys.isFieldOfGrowing(key) && reply.text().equals("1")) {
      return "OK"; // HSET of a field that nobody else sets says that it is new
    }
    return reply instanceof Reply.Items items
        ? FieldsModel.text(Keys.fields(key, items.values()))
        : reply.text();
  }
}
