package io.trefoil.node.settings;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes such as {@code 64mb} and durations such as {@code 600ms}: whole numbers with a unit. */
final class Quantities {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(b|kb|mb|gb|tb)?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h)");
  private static final String[] SIZE_UNITS = {"b", "kb", "mb", "gb", "tb"};

  private Quantities() {}

  /** Bytes; units are powers of 1,024 as in Redis, in any case; a bare number is bytes. */
  static Optional<Long> size(String text) {
    Matcher parts = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      return Optional.empty();
    }
    String unit = parts.group(2) == null ? "b" : parts.group(2);
    long factor = 1;
    for (int i = 0; !SIZE_UNITS[i].equals(unit); i++) {
      factor *= 1024;
    }
    return product(Long.parseLong(parts.group(1)), factor);
  }

  private static Optional<Long> product(long number, long factor) {
    try {
      return Optional.of(Math.multiplyExact(number, factor));
    } catch (ArithmeticException e) {
      return Optional.empty();
    }
  }

  /** The size in the largest unit that leaves a whole number. */
  static String sizeText(long bytes) {
    long number = bytes;
    int unit = 0;
    while (number != 0 && number % 1024 == 0 && unit < SIZE_UNITS.length - 1) {
      number /= 1024;
      unit++;
    }
    return number + SIZE_UNITS[unit];
  }

  /** A duration must say its unit: a bare number has been taken for too many different ones. */
  static Optional<Duration> duration(String text) {
    Matcher parts = DURATION.matcher(text.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(parts.group(1));
    return Optional.of(
        switch (parts.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          default -> Duration.ofHours(number);
        });
  }

  /** The duration in the largest unit that leaves a whole number; whole milliseconds only. */
  static String durationText(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1000 != 0 || millis == 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 60 != 0) {
      return seconds + "s";
    }
    long minutes = seconds / 60;
    return minutes % 60 != 0 ? minutes + "m" : minutes / 60 + "h";
  }
}
