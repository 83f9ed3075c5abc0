package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.TextTable;
import java.util.ArrayList;
import java.util.List;

/** What the demo's frames have in common: a title, tables, a list below, and the keys. Pure. */
final class DemoFrame {
  /**
   * What stands below the tables.
   *
   * @param newest whether the last lines are shown when there is no room for all, or the first
   */
  record Below(String title, List<String> lines, boolean newest) {
    private List<String> in(int room) {
      int shown = Math.min(lines.size(), Math.max(0, room - 1));
      int from = newest ? lines.size() - shown : 0;
      List<String> section = new ArrayList<>();
      section.add(title);
      lines.subList(from, from + shown).forEach(line -> section.add("  " + line));
      return section.subList(0, Math.min(section.size(), room));
    }
  }

  private DemoFrame() {}

  /**
   * @param current whether a node answered when last asked for the status
   */
  static String title(
      long running, int nodes, String controller, boolean current, long uptimeSeconds) {
    return String.format(
        "TREFOIL DEMO   %d of %d nodes run   controller %s   up %s%s",
        running,
        nodes,
        Show.dash(controller),
        Quantities.seconds(uptimeSeconds),
        current ? "" : "   NO NODE ANSWERS: what follows is old");
  }

  static Below tries(List<String> tries) {
    return new Below("TRY, in another terminal (t: events)", tries, false);
  }

  static Below events(String title, List<String> events) {
    return new Below(title, events, true);
  }

  /** The frame: at most {@code height} lines, none longer than {@code width}. */
  static List<String> of(List<String> head, Below below, String keys, int width, int height) {
    List<String> lines = new ArrayList<>(head);
    lines.add("");
    lines.addAll(below.in(Math.max(0, height - lines.size() - 2)));
    while (lines.size() < height - 1) {
      lines.add("");
    }
    // A low screen loses the middle before it loses the keys.
    List<String> frame = new ArrayList<>(lines.subList(0, Math.max(0, height - 1)));
    frame.add(keys);
    frame.replaceAll(line -> TextTable.clip(line, width));
    return frame;
  }
}
