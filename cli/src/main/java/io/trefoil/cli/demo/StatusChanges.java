package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What happened between two statuses, as sentences for the list of events. */
final class StatusChanges {
  private StatusChanges() {}

  static List<String> between(ClusterStatus before, ClusterStatus now) {
    return between(before, now, database -> true);
  }

  /** What happened to such databases, and to the control plane. */
  static List<String> between(
      ClusterStatus before, ClusterStatus now, Predicate<ClusterStatus.Database> such) {
    List<String> events = new ArrayList<>();
    for (ClusterStatus.Database database : now.databases().stream().filter(such).toList()) {
      Optional<ClusterStatus.Database> earlier = before.database(database.number());
      if (earlier.isEmpty()) {
        events.add("database " + database.title() + " was created");
      } else {
        compare(DatabaseLine.of(earlier.get()), DatabaseLine.of(database), events);
      }
    }
    if (!before.cluster().controller().equals(now.cluster().controller())) {
      String controller = now.cluster().controller();
      events.add(
          controller.isEmpty() ? "no controller leads" : controller + " is the controller now");
    }
    return events;
  }

  private static void compare(DatabaseLine before, DatabaseLine now, List<String> events) {
    // First what was lost, then who leads now.
    if (!before.state().equals(now.state())) {
      events.add(
          "database "
              + now.title()
              + ": "
              + now.state()
              + (now.reason().isEmpty() ? "" : ", " + now.reason()));
    }
    if (before.epochs() != now.epochs() && !now.leaders().isEmpty()) {
      events.add(
          String.format(
              "database %s: %s %s, epoch %d%s",
              now.title(),
              now.leaders(),
              now.leaders().contains(" ") ? "lead" : "leads",
              now.epochs(),
              before.leaders().equals(now.leaders()) || before.leaders().isEmpty()
                  ? ""
                  : " (before: " + before.leaders() + ")"));
    }
  }
}
