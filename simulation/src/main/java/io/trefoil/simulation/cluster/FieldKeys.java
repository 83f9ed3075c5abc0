package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.FieldsModel;
import io.trefoil.check.Invocation;
import io.trefoil.check.Linearizability;
import io.trefoil.check.ListModel;
import io.trefoil.check.OrderedCalls;
import io.trefoil.check.ScoresModel;
import io.trefoil.check.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which keys of simulated clients have fields, members or elements. */
final class FieldKeys {
  static final String HASH = "hash";
  static final String SET = "set";
  static final String LIST = "list";
  static final String SCORES = "scores";

  /** Hashes that expire: nobody knows when, so that only their end is compared. */
  static final String FLEETING = "fleeting";

  /** A hash that only grows: of each field the key is {@code unique-hash-0/field}. */
  static final String GROWING = "unique-hash";

  /** A list that only grows: of each element the key is {@code unique-list-0/element}. */
  static final String GROWING_LIST = "unique-list";

  /** A sorted set whose scores are counted: of each member the key is {@code …/member}. */
  static final String COUNTED = "counter-scores";

  private FieldKeys() {}

  /** Whether a key is of a hash, a set, a list or a sorted set. */
  static boolean isAbout(String key) {
    return isHash(key) || is(key, SET) || isList(key) || isScores(key);
  }

  /** Whether the calls of a key have one order that can be looked for. */
  static boolean isShared(String key) {
    return is(key, HASH) || is(key, SET) || is(key, LIST) || is(key, SCORES);
  }

  private static boolean is(String key, String kind) {
    return key.startsWith(kind + "-");
  }

  private static boolean isHash(String key) {
    return is(key, HASH) || is(key, FLEETING) || is(key, GROWING);
  }

  private static boolean isList(String key) {
    return is(key, LIST) || is(key, GROWING_LIST);
  }

  private static boolean isScores(String key) {
    return is(key, SCORES) || is(key, COUNTED);
  }

  /** Whether a key is of an element of a list that only grows. */
  static boolean isElement(String key) {
    return is(key, GROWING_LIST);
  }

  static String[] command(String key, Call call) {
    if (isList(key)) {
      return OrderedCalls.ofListInWords(key, call);
    }
    return isScores(key)
        ? OrderedCalls.ofScoresInWords(key, call)
        : FieldCalls.command(is(key, SET), key, call);
  }

  /**
   * What a key holds, by {@code key/field}, and of what has an order the whole by the key.
   *
   * @param items the reply to a read of the whole key
   */
  static Map<String, String> contents(String key, List<String> items) {
    Map<String, String> contents = new TreeMap<>();
    if (isList(key)) {
      items.forEach(each -> contents.merge(key + "/" + each, each, (one, other) -> "there twice"));
    } else {
      FieldCalls.fields(is(key, SET), items)
          .forEach((field, value) -> contents.put(key + "/" + field, value));
    }
    if (!items.isEmpty() && (isList(key) || isScores(key))) {
      contents.put(key, text(key, items));
    }
    return contents;
  }

  /** What the reply to a read of the whole key says, as the models answer it. */
  static String whole(String key, String reply) {
    return text(key, RespText.results(reply, 0));
  }

  private static String text(String key, List<String> items) {
    if (isList(key)) {
      return String.join(",", items);
    }
    return isScores(key)
        ? OrderedCalls.scores(items)
        : FieldsModel.text(FieldCalls.fields(is(key, SET), items));
  }

  /** Whether there is an order of the calls of shared keys that explains what was answered. */
  static List<Violation> check(List<Invocation> shared) {
    List<Invocation> fields = new ArrayList<>();
    List<Invocation> lists = new ArrayList<>();
    List<Invocation> scores = new ArrayList<>();
    for (Invocation it : shared) {
      (isList(it.key()) ? lists : isScores(it.key()) ? scores : fields).add(it);
    }
    List<Violation> violations = new ArrayList<>();
    violations.addAll(Linearizability.check(fields, new FieldsModel()));
    violations.addAll(Linearizability.check(lists, new ListModel()));
    violations.addAll(Linearizability.check(scores, new ScoresModel()));
    return violations;
  }
}
