package io.trefoil.node.settings;

import io.trefoil.base.HostPort;
import io.trefoil.base.Hosts;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What values a setting takes.
 *
 * @param description completes the sentence "'x' is not …"
 * @param converter text to value; empty for text that is none
 * @param allowed which values are in range
 */
record SettingType<T>(
    String description, Function<String, Optional<T>> converter, Predicate<T> allowed) {
  private static final Pattern NAME_PATTERN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  static final SettingType<Integer> PORT =
      new SettingType<>("a port (1 to 65535)", SettingType::integer, p -> p >= 1 && p <= 65535);

  static final SettingType<Boolean> SWITCH =
      new SettingType<>(
          "true or false",
          text ->
              text.equals("true") || text.equals("false")
                  ? Optional.of(text.equals("true"))
                  : Optional.empty(),
          value -> true);

  static final SettingType<String> NAME =
      new SettingType<>(
          "a name (1 to 64 letters, digits, '.', '_' and '-')",
          Optional::of,
          name -> NAME_PATTERN.matcher(name).matches());

  static final SettingType<String> BIND_ADDRESS =
      new SettingType<>("an IP address", Hosts::ip, ip -> Hosts.ip(ip).isPresent());

  static final SettingType<String> HOST =
      new SettingType<>(
          "a host name or IP address that others can dial",
          Hosts::host,
          host -> Hosts.host(host).isPresent());

  static final SettingType<HostPort> ADDRESS =
      new SettingType<>("a host:port", HostPort::parse, address -> true);

  static final SettingType<List<HostPort>> ADDRESSES =
      new SettingType<>("a list of host:port, joined by commas", Hosts::addresses, list -> true);

  static final SettingType<Path> FILE_PATH =
      new SettingType<>("a path", SettingType::path, path -> true);

  static final SettingType<LogLevel> LOG_LEVEL =
      new SettingType<>(
          "one of error, warn, info, debug, trace",
          text ->
              Arrays.stream(LogLevel.values()).filter(l -> l.toString().equals(text)).findFirst(),
          level -> true);

  static final SettingType<Integer> EVENT_LOOPS =
      new SettingType<>("1, which is all that this version can", SettingType::integer, n -> n == 1);

  static SettingType<Integer> count(int min, int max) {
    return new SettingType<>(
        "a number from " + min + " to " + max, SettingType::integer, n -> n >= min && n <= max);
  }

  static SettingType<Long> size(String min, String max) {
    long least = Quantities.size(min).orElseThrow();
    long most = Quantities.size(max).orElseThrow();
    return new SettingType<>(
        "a size from " + min + " to " + max, Quantities::size, s -> s >= least && s <= most);
  }

  static SettingType<Duration> duration(String min, String max) {
    Duration least = Quantities.duration(min).orElseThrow();
    Duration most = Quantities.duration(max).orElseThrow();
    return new SettingType<>(
        "a duration from " + min + " to " + max,
        Quantities::duration,
        d -> d.compareTo(least) >= 0 && d.compareTo(most) <= 0);
  }

  /** The value that the text stands for; empty when it stands for none, or for one out of range. */
  Optional<T> read(String text) {
    return converter.apply(text).filter(allowed);
  }

  private static Optional<Integer> integer(String text) {
    return text.matches("\\d{1,9}") ? Optional.of(Integer.valueOf(text)) : Optional.empty();
  }

  private static Optional<Path> path(String text) {
    try {
      return text.isBlank() ? Optional.empty() : Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
