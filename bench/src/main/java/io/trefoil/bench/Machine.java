package io.trefoil.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What the system says of the machine and of processes. */
final class Machine {
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  private Machine() {}

  /** The machine that all runs on, and its Java, in a line. */
  static String describe() {
    return String.format(
        Locale.ROOT,
        "%d cores%s, %s, %s %s, Java %s",
        Runtime.getRuntime().availableProcessors(),
        processor(),
        memory(),
        System.getProperty("os.name"),
        System.getProperty("os.version"),
        System.getProperty("java.vm.version"));
  }

  private static String processor() {
    String name = field(PROCESSORS, "model name");
    return name.isEmpty() ? "" : " (" + name + ")";
  }

  private static String memory() {
    String kilobytes = field(MEMORY, "MemTotal").replaceAll("\\D", "");
    return kilobytes.isEmpty()
        ? "memory unknown"
        : Math.round(Long.parseLong(kilobytes) / 1048576.0) + " GiB";
  }

  /**
   * The resident memory of the largest of these processes, in MB; not a number when none is known.
   */
  static double residentOfLargest(List<ProcessHandle> processes) {
    return processes.stream()
        .map(it -> field(Path.of("/proc", Long.toString(it.pid()), "status"), "VmRSS"))
        .map(kilobytes -> kilobytes.replaceAll("\\D", ""))
        .filter(kilobytes -> !kilobytes.isEmpty())
        .mapToDouble(kilobytes -> Long.parseLong(kilobytes) / 1024.0)
        .max()
        .orElse(Double.NaN);
  }

  /** What stands behind the colon; empty where there is no such file. */
  private static String field(Path file, String name) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
