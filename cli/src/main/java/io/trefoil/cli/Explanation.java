package io.trefoil.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says in words what {@code CONSISTENCY LAST} answers of the connection's last command: a map, or
 * RESP2's row of names and values, of {@code node}, {@code role}, {@code epoch}, {@code position}
 * and {@code age_ms}. Other names are shown as they are.
 */
final class Explanation {
  private Explanation() {}

  static String of(Reply reply) {
    if (reply.bare() instanceof Reply.Failure) {
      return reply.text().toLowerCase().contains("unknown command")
          ? "this server does not say who answered: it does not know CONSISTENCY LAST"
          : "the server does not say who answered: " + reply.text();
    }
    Map<String, String> said = pairs(reply.bare());
    if (said.isEmpty()) {
      return "the server says nothing about who answered";
    }
    StringBuilder text = new StringBuilder();
    append(text, answeredBy(said.remove("node"), said.remove("role")));
    append(text, prefixed("position ", said.remove("position")));
    said.remove("epoch"); // the position begins with it
    append(text, age(said.remove("age_ms")));
    said.forEach((name, value) -> append(text, name + " " + value));
    return text.toString();
  }

  private static String answeredBy(String node, String role) {
    String by = prefixed("answered by ", node);
    return by == null || role == null ? by : by + " (" + role + ")";
  }

  private static String prefixed(String prefix, String value) {
    return value == null ? null : prefix + value;
  }

  private static String age(String millis) {
    boolean isKnown = millis != null && !millis.isEmpty() && Character.isDigit(millis.charAt(0));
    return millis == null ? null : isKnown ? millis + " ms old" : "nobody knows how old";
  }

  private static void append(StringBuilder text, String part) {
    if (part != null) {
      text.append(text.length() == 0 ? "" : ", ").append(part);
    }
  }

  private static Map<String, String> pairs(Reply reply) {
    Map<String, String> pairs = new LinkedHashMap<>();
    if (reply instanceof Reply.Pairs) {
      for (Reply.Pair pair : ((Reply.Pairs) reply).values()) {
        pairs.put(scalar(pair.key()), scalar(pair.value()));
      }
    } else if (reply instanceof Reply.Items) {
      List<Reply> values = ((Reply.Items) reply).values();
      for (int i = 0; i + 1 < values.size(); i += 2) {
        pairs.put(scalar(values.get(i)), scalar(values.get(i + 1)));
      }
    }
    return pairs;
  }

  private static String scalar(Reply reply) {
    boolean isContainer = reply instanceof Reply.Items || reply instanceof Reply.Pairs;
    return isContainer ? "(several)" : reply.text();
  }
}
