package io.trefoil.cli.demo;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Quantities;
import io.trefoil.cli.Reply;
import io.trefoil.cli.ReplyFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** Compares what regions hold when nobody writes any more, and with what was acknowledged. */
final class RegionsProof {
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int BATCH = 100;

  private final List<DemoRegion> regions;
  private final String database;
  private final Writer.Settings settings;

  RegionsProof(List<DemoRegion> regions, String database, Writer.Settings settings) {
    this.regions = regions;
    this.database = database;
    this.settings = settings;
  }

  /** A sentence for each thing that must be so; says what is not. Takes up to half a minute. */
  List<String> lines() {
    try {
      List<String> lines = new ArrayList<>();
      lines.add(verified());
      lines.add(counted());
      for (DemoRegion writer : regions) {
        lines.add(readBack(writer));
      }
      return lines;
    } catch (IOException | CommandFailed e) {
      return List.of("Not compared: " + e.getMessage());
    }
  }

  private String verified() throws IOException {
    long begin = System.nanoTime();
    ReplyFields verified = verify();
    // Nobody says when the last entry has come; until then keys are in flight.
    while (!verified.text("result").equals("equal") && System.nanoTime() - begin < LIMIT_NANOS) {
      LockSupport.parkNanos(PAUSE_NANOS);
      verified = verify();
    }
    return String.format(
        "DATABASE VERIFY %s: %s, %d keys, %s after the last write",
        database,
        verified.text("result"),
        verified.number("keys_compared"),
        Quantities.millis(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)));
  }

  private ReplyFields verify() throws IOException {
    return ReplyFields.of(regions.get(0).administrator().ask("DATABASE", "VERIFY", database));
  }

  private String counted() throws IOException {
    long acknowledged = 0;
    long uncertain = 0;
    for (DemoRegion region : regions) {
      acknowledged += region.ledger().increments().acknowledged();
      uncertain += region.ledger().increments().uncertain();
    }
    List<Long> counters = new ArrayList<>();
    for (DemoRegion region : regions) {
      counters.add(counter(region));
    }
    return sentence(
        regions.stream().map(DemoRegion::name).toList(), counters, acknowledged, uncertain);
  }

  /** What a counter should be, and what it is in each region. */
  static String sentence(
      List<String> regions, List<Long> counters, long acknowledged, long uncertain) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < regions.size(); i++) {
      found.add(counters.get(i) + " in " + regions.get(i));
    }
    boolean exact =
        counters.stream().distinct().count() == 1
            && counters.get(0) >= acknowledged
            && counters.get(0) <= acknowledged + uncertain;
    return String.format(
        "counter: %s; %d increments were acknowledged%s: %s",
        String.join(", ", found),
        acknowledged,
        uncertain == 0 ? "" : ", " + uncertain + " are uncertain",
        exact ? "exact" : "WRONG");
  }

  private long counter(DemoRegion region) throws IOException {
    String text = ask(region, List.of("GET", RegionWriter.counter(settings))).text();
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private String readBack(DemoRegion writer) throws IOException {
    int[] numbers = writer.ledger().acknowledged();
    String read = writer.name() + ": " + numbers.length + " acknowledged writes: ";
    for (DemoRegion reader : regions) {
      int missing = 0;
      for (int from = 0; from < numbers.length; from += BATCH) {
        int to = Math.min(from + BATCH, numbers.length);
        missing += missing(reader, writer.name(), Arrays.copyOfRange(numbers, from, to));
      }
      if (missing > 0) {
        return read + missing + " are LOST in " + reader.name();
      }
    }
    return read
        + "all are there, in "
        + regions.stream().map(DemoRegion::name).collect(Collectors.joining(" and in "))
        + ", 0 lost";
  }

  private int missing(DemoRegion reader, String writer, int[] numbers) throws IOException {
    List<String> words = new ArrayList<>(List.of("MGET"));
    for (int number : numbers) {
      words.add(RegionWriter.key(settings, writer, number));
    }
    List<Reply> values = ((Reply.Items) ask(reader, words)).values();
    int missing = 0;
    for (int i = 0; i < numbers.length; i++) {
      boolean there = values.get(i).equals(Reply.BulkString.of(settings.value(numbers[i])));
      missing += there ? 0 : 1;
    }
    return missing;
  }

  private Reply ask(DemoRegion region, List<String> words) throws IOException {
    return region.administrator().askIn(database, words);
  }
}
