package io.trefoil.cli;

import java.util.Locale;

/** Numbers with units, short enough for a column. */
public final class Quantities {
  private static final String[] BYTE_UNITS = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

  private Quantities() {}

  /** {@code 1536} is {@code 1.5 KB}: units of 1,024. */
  public static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0
        ? bytes + " B"
        : String.format(Locale.ROOT, "%.1f %s", value, BYTE_UNITS[unit]);
  }

  /** {@code 1500} is {@code 1.5 s}, {@code 90000} is {@code 1m30s}. */
  public static String millis(long millis) {
    if (millis < 1_000) {
      return millis + " ms";
    } else if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.1f s", Math.floor(millis / 100.0) / 10);
    }
    return seconds(millis / 1_000);
  }

  /** {@code 42} is {@code 42s}, {@code 90061} is {@code 1d1h}. */
  public static String seconds(long seconds) {
    if (seconds < 60) {
      return seconds + "s";
    } else if (seconds < 3_600) {
      return seconds / 60 + "m" + seconds % 60 + "s";
    } else if (seconds < 86_400) {
      return seconds / 3_600 + "h" + seconds % 3_600 / 60 + "m";
    }
    return seconds / 86_400 + "d" + seconds % 86_400 / 3_600 + "h";
  }
}
