package io.trefoil.node.settings;

import java.util.List;
import java.util.Optional;

/**
 * One setting: a row of {@link SettingTable}.
 *
 * @param path as in the file and, behind {@code --}, on the command line
 * @param shownDefault the default as documented
 * @param defaultValue empty when the default follows from other settings, or there is none
 * @param meaning one line
 */
record Setting<T>(
    String path,
    SettingType<T> type,
    String shownDefault,
    Optional<T> defaultValue,
    String meaning) {

  static <T> Setting<T> of(String path, SettingType<T> type, String standard, String meaning) {
    Optional<T> value = type.read(standard);
    if (value.isEmpty()) {
      throw new IllegalArgumentException(path + ": the default " + standard + " is not allowed");
    }
    return new Setting<>(path, type, standard, value, meaning);
  }

  /** A setting whose default follows from others, or that may be absent. */
  static <T> Setting<T> derived(String path, SettingType<T> type, String shown, String meaning) {
    return new Setting<>(path, type, shown, Optional.empty(), meaning);
  }

  /**
   * Checks a value that didn't come through the reader.
   *
   * @throws SettingsError when it is out of range
   */
  void require(T value) {
    if (!type.allowed().test(value)) {
      throw new SettingsError(List.of(path + ": '" + value + "' is not " + type.description()));
    }
  }
}
