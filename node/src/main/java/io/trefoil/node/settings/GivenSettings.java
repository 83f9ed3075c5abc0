package io.trefoil.node.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a file and flags say, and everything that is wrong with it. A source is read whole before
 * the next: {@link #beginSource} makes what follows win over what came before.
 */
final class GivenSettings {
  /** With more problems than this the file is something else. */
  private static final int MAX_PROBLEMS = 50;

  private static final int MAX_SHOWN = 160;

  private record Given(Object value, String origin) {}

  private final Map<Setting<?>, Given> given = new HashMap<>();
  private final Map<Setting<?>, String> inThisSource = new HashMap<>();
  private final Set<Setting<?>> refused = new HashSet<>();
  private final List<String> problems = new ArrayList<>();

  void beginSource() {
    inThisSource.clear();
  }

  /**
   * Takes a value, or notes why it is none.
   *
   * @param origin how an error about it begins, such as {@code n1.yaml:7: client.port}
   */
  <T> void put(Setting<T> setting, String text, String origin) {
    String first = inThisSource.putIfAbsent(setting, origin);
    if (first != null) {
      refuse(setting, origin, "given twice, first at " + first);
      return;
    }
    Optional<T> value = setting.type().read(text);
    if (value.isPresent()) {
      given.put(setting, new Given(value.get(), origin));
    } else {
      refuse(setting, origin, quoted(text) + " is not " + setting.type().description());
    }
  }

  /** Notes a name that no setting has. */
  void unknown(String path, String origin) {
    if (problems.size() > MAX_PROBLEMS) {
      return; // not worth guessing what was meant
    }
    Optional<String> inside =
        SettingTable.paths().stream().filter(known -> known.startsWith(path + ".")).findFirst();
    if (inside.isPresent()) {
      problem(origin, "a group of settings, such as " + inside.get() + ", and none itself");
      return;
    }
    Optional<String> meant = Spelling.nearest(path, SettingTable.paths());
    problem(
        origin, "unknown setting" + meant.map(known -> ", did you mean " + known + "?").orElse(""));
  }

  void refuse(Setting<?> setting, String origin, String reason) {
    refused.add(setting);
    problem(origin, reason);
  }

  void problem(String origin, String text) {
    if (problems.size() < MAX_PROBLEMS) {
      problems.add(shown(origin) + ": " + text);
    } else if (problems.size() == MAX_PROBLEMS) {
      problems.add("and more");
    }
  }

  /** Whether a rule over these settings means anything: none of them was refused. */
  boolean areSound(List<Setting<?>> settings) {
    return settings.stream().noneMatch(refused::contains);
  }

  /** How an error about a setting begins: where it was given, or its path. */
  String origin(Setting<?> setting) {
    Given found = given.get(setting);
    return found == null ? setting.path() : found.origin();
  }

  @SuppressWarnings("unchecked") // put() stores only what the setting's own type read
  <T> Optional<T> find(Setting<T> setting) {
    return Optional.ofNullable(given.get(setting)).map(found -> (T) found.value());
  }

  /** The value given, or else the setting's default, which it must have. */
  <T> T value(Setting<T> setting) {
    return find(setting).or(setting::defaultValue).orElseThrow();
  }

  List<String> problems() {
    return problems;
  }

  static String quoted(String text) {
    return "'" + shown(text) + "'";
  }

  /** Text from outside, on one line and cut to what a person reads. */
  private static String shown(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() <= MAX_SHOWN ? line : line.substring(0, MAX_SHOWN) + "…";
  }
}
