package io.trefoil.cli.demo;

import io.trefoil.cli.Reply;
import java.util.regex.Pattern;

/**
 * What is known of one key to which one writer writes growing numbers. A read is stale when it
 * shows a smaller number than was acknowledged before it began. Thread-safe.
 */
final class Register {
  /**
   * @param acknowledged, and then refused and uncertain writes, as {@link WriterLedger} has it
   * @param refused also reads
   * @param reads that were answered
   * @param stale of these
   * @param worst by how many writes a stale one was behind, at most
   */
  record Counts(
      long acknowledged, long refused, long uncertain, long reads, long stale, long worst) {}

  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}\\.*");

  private final int valueBytes;
  private long written;
  private long newest;
  private long acknowledged;
  private long refused;
  private long uncertain;
  private long reads;
  private long stale;
  private long worst;

  /**
   * @param valueBytes size of a value, at least
   */
  Register(int valueBytes) {
    this.valueBytes = valueBytes;
  }

  /** The next number to write. */
  synchronized long next() {
    return ++written;
  }

  String value(long number) {
    String digits = Long.toString(number);
    return digits + ".".repeat(Math.max(0, valueBytes - digits.length()));
  }

  /** What a reply to a read shows: 0 before the first write, or when it is none of the writer's. */
  private static long number(Reply reply) {
    boolean isNumber = reply instanceof Reply.BulkString && NUMBER.matcher(reply.text()).matches();
    return isNumber ? Long.parseLong(reply.text().replace(".", "")) : 0;
  }

  /** Notes what became of the write of that number. */
  synchronized void wrote(long number, WriterLedger.Outcome outcome) {
    switch (outcome) {
      case ACKNOWLEDGED -> {
        acknowledged++;
        newest = number;
      }
      case REFUSED -> refused++;
      default -> uncertain++;
    }
  }

  /** The newest number that was acknowledged: what a read that begins now must show, or more. */
  synchronized long acknowledged() {
    return newest;
  }

  /**
   * Notes what a read was answered.
   *
   * @param before what was acknowledged before it began
   */
  synchronized void read(long before, Reply reply) {
    if (reply.bare() instanceof Reply.Failure) {
      refused++;
      return;
    }
    reads++;
    long behind = before - number(reply.bare());
    if (behind > 0) {
      stale++;
      worst = Math.max(worst, behind);
    }
  }

  synchronized Counts counts() {
    return new Counts(acknowledged, refused, uncertain, reads, stale, worst);
  }
}
