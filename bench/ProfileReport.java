import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;

/**
 * Says where a thread's time went, for each command: what the system counted of it, divided as the
 * samples are. A sample in Java belongs to the part of the node whose code it is in, or that called
 * the library it is in.
 *
 * <p>Arguments: recording, thread, file of samples (count, kind, what for), commands, ticks in a
 * second, seconds, and before and after: the thread's user and system ticks and the process's.
 */
final class ProfileReport {
  private static final double SMALL = 0.01;
  private static final int METHODS_SHOWN = 20;

  private static final Map<String, String> PARTS = new LinkedHashMap<>();

  static {
    PARTS.put("io.trefoil.resp.", "parse requests, write replies (resp)");
    PARTS.put("io.trefoil.command.", "the commands (command)");
    PARTS.put("io.trefoil.storage.", "the memory table (storage)");
    PARTS.put("io.trefoil.cell.", "entries (cell)");
    PARTS.put("io.trefoil.replication.", "the replication machine (replication)");
    PARTS.put("io.trefoil.journal.", "the journal (journal)");
    PARTS.put("io.trefoil.transport.", "frames between nodes (transport)");
    PARTS.put("io.trefoil.node.", "connections, routes, turns (node)");
    PARTS.put("io.trefoil.", "ids, formats (base, partition)");
    PARTS.put("io.netty.", "Netty");
  }

  public static void main(String[] arguments) throws IOException {
    long thread = Long.parseLong(arguments[1]);
    double commands = Double.parseDouble(arguments[3]);
    double tick = 1e6 / Double.parseDouble(arguments[4]);
    double seconds = Double.parseDouble(arguments[5]);
    double[] took = new double[4];
    for (int i = 0; i < took.length; i++) {
      took[i] = tick * (Long.parseLong(arguments[10 + i]) - Long.parseLong(arguments[6 + i]));
    }
    double user = took[0] / commands;
    double system = took[1] / commands;
    double others = (took[2] + took[3]) / commands - user - system;
    System.out.printf(
        "%,.0f commands a second; the thread that runs them was busy for %.0f %% of the time%n%n",
        commands / seconds, (took[0] + took[1]) / seconds / 1e4);
    System.out.printf("%8s%n", "us each");
    line(user + system, "the thread that runs commands");
    Map<String, Integer> kernel = samples(Path.of(arguments[2]), "kernel");
    Map<String, Integer> natives = samples(Path.of(arguments[2]), "native");
    int java = sum(samples(Path.of(arguments[2]), "java"));
    double inNatives = user * sum(natives) / (sum(natives) + java);
    line(system, "  in the kernel");
    print(kernel, system);
    line(inNatives, "  in native libraries");
    print(natives, inNatives);
    line(user - inNatives, "  in Java");
    Map<String, Integer> methods = java(Path.of(arguments[0]), thread, user - inNatives);
    line(others, "other threads of the node: journal, what is written behind, compiler, collector");
    System.out.printf("%nmethods, with what the JDK does for them:%n");
    int all = sum(methods);
    methods.entrySet().stream()
        .sorted((a, b) -> b.getValue() - a.getValue())
        .limit(METHODS_SHOWN)
        .forEach(it -> line((user - inNatives) * it.getValue() / all, it.getKey()));
  }

  private static void line(double micros, String what) {
    System.out.printf("%8.2f  %s%n", micros, what);
  }

  /** How many samples of a kind there are, by what they were for. */
  private static Map<String, Integer> samples(Path file, String kind) throws IOException {
    Map<String, Integer> counts = new HashMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split("\t");
      if (words[1].equals(kind)) {
        counts.merge(words[words.length - 1], Integer.parseInt(words[0]), Integer::sum);
      }
    }
    return counts;
  }

  private static int sum(Map<String, Integer> counts) {
    return counts.values().stream().mapToInt(it -> it).sum();
  }

  private static Map<String, Integer> java(Path recording, long thread, double user)
      throws IOException {
    Map<String, Integer> parts = new HashMap<>();
    Map<String, Integer> methods = new HashMap<>();
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        RecordedEvent event = file.readEvent();
        if (event.getEventType().getName().equals("jdk.ExecutionSample")
            && event.getThread("sampledThread").getOSThreadId() == thread) {
          add(event, parts, methods);
        }
      }
    }
    print(parts, user);
    return methods;
  }

  private static void add(
      RecordedEvent event, Map<String, Integer> parts, Map<String, Integer> methods) {
    for (RecordedFrame frame : event.getStackTrace().getFrames()) {
      String type = frame.getMethod().getType().getName();
      for (Map.Entry<String, String> part : PARTS.entrySet()) {
        if (type.startsWith(part.getKey())) {
          parts.merge(part.getValue(), 1, Integer::sum);
          String simple = type.substring(type.lastIndexOf('.') + 1);
          methods.merge(simple + "." + frame.getMethod().getName(), 1, Integer::sum);
          return;
        }
      }
    }
    parts.merge("other", 1, Integer::sum);
  }

  private static void print(Map<String, Integer> counts, double micros) {
    int all = sum(counts);
    double rest = micros;
    for (Map.Entry<String, Integer> each :
        counts.entrySet().stream().sorted((a, b) -> b.getValue() - a.getValue()).toList()) {
      double share = (double) each.getValue() / all;
      if (share >= SMALL) {
        line(micros * share, "    " + each.getKey());
        rest -= micros * share;
      }
    }
    if (rest > micros * SMALL) {
      line(rest, "    smaller parts");
    }
  }
}
