package io.trefoil.simulation;

import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Message;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** What runs have met. Adds up over seeds. */
public final class Coverage {
  private final Map<String, Long> faults = new TreeMap<>();
  private final Map<String, Long> messages = new TreeMap<>();
  private final Map<String, Long> effects = new TreeMap<>();
  private final Map<String, Long> outcomes = new TreeMap<>();
  private final Map<String, Long> rules = new TreeMap<>();
  private long events;
  private long appointments;

  void met(Fault fault) {
    count(faults, fault.name());
  }

  void ran(Rule rule) {
    count(rules, rule.name());
  }

  void sent(Message message) {
    count(messages, message.getClass().getSimpleName());
  }

  void done(Effect effect) {
    count(effects, effect.getClass().getSimpleName());
  }

  void answered(String outcome) {
    count(outcomes, outcome);
  }

  void appointed(boolean mayLose) {
    appointments++;
    if (mayLose) {
      count(outcomes, "appointments that may lose");
    }
  }

  void ranEvents(long count) {
    events += count;
  }

  private static void count(Map<String, Long> counts, String what) {
    counts.merge(what, 1L, Long::sum);
  }

  public void add(Coverage other) {
    other.faults.forEach((what, count) -> faults.merge(what, count, Long::sum));
    other.messages.forEach((what, count) -> messages.merge(what, count, Long::sum));
    other.effects.forEach((what, count) -> effects.merge(what, count, Long::sum));
    other.outcomes.forEach((what, count) -> outcomes.merge(what, count, Long::sum));
    other.rules.forEach((what, count) -> rules.merge(what, count, Long::sum));
    events += other.events;
    appointments += other.appointments;
  }

  /** Kinds of fault, message, effect and rule that were never met; empty when all were. */
  public String missing() {
    StringBuilder missing = new StringBuilder();
    Arrays.stream(Fault.values()).forEach(it -> check(faults, it.name(), missing));
    Arrays.stream(Rule.values()).forEach(it -> check(rules, it.name(), missing));
    for (Class<?> type : Message.class.getPermittedSubclasses()) {
      check(messages, type.getSimpleName(), missing);
    }
    for (Class<?> type : Effect.class.getPermittedSubclasses()) {
      check(effects, type.getSimpleName(), missing);
    }
    return missing.toString().trim();
  }

  private static void check(Map<String, Long> counts, String what, StringBuilder missing) {
    if (!counts.containsKey(what)) {
      missing.append(' ').append(what);
    }
  }

  /** One screen of text. */
  public String summary() {
    return "events       "
        + events
        + "\nleaders      "
        + appointments
        + "\nrules        "
        + line(rules)
        + "\nclients      "
        + line(outcomes)
        + "\nmessages     "
        + line(messages)
        + "\neffects      "
        + line(effects)
        + "\nfaults       "
        + line(faults)
        + "\nnever met    "
        + (missing().isEmpty() ? "nothing is missing" : missing());
  }

  private static String line(Map<String, Long> counts) {
    StringBuilder text = new StringBuilder();
    int column = 0;
    for (Map.Entry<String, Long> entry : counts.entrySet()) {
      String item = entry.getKey().toLowerCase(java.util.Locale.ROOT) + " " + entry.getValue();
      if (column + item.length() > 84) {
        text.append("\n             ");
        column = 0;
      }
      text.append(item).append("   ");
      column += item.length() + 3;
    }
    return text.toString();
  }
}
