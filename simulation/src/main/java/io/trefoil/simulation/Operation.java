package io.trefoil.simulation;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import java.util.ArrayList;
import java.util.List;

/** A client's operation, what came of it, and how it looks as an entry. */
final class Operation {
  /** What is done to a key. */
  enum Kind {
    GET,
    SET,
    APPEND,
    INCREMENT,
    SET_IF_ABSENT
  }

  /** What the client knows. */
  enum Outcome {
    PENDING,
    OK,
    REFUSED,
    UNCERTAIN
  }

  /** An entry's content: opens the epoch when {@code number} is 0. */
  record Content(int number, Kind kind, int key) {
    boolean opens() {
      return number == 0;
    }

    @Override
    public String toString() {
      return opens() ? "opening" : kind + " k" + key + " #" + number;
    }
  }

  static final Bytes OPENING = encode(List.of(new Content(0, Kind.GET, 0)));

  private final Content content;
  private final long startMicros;
  private long endMicros = Long.MAX_VALUE;
  private Outcome outcome = Outcome.PENDING;
  private Register observed;
  private Position position;
  private boolean arrived;
  private boolean changedNothing;

  Operation(Content content, long startMicros) {
    this.content = content;
    this.startMicros = startMicros;
  }

  Content content() {
    return content;
  }

  boolean isWrite() {
    return content.kind() != Kind.GET && !changedNothing;
  }

  /** Whether it is a write that found nothing to do: from then on it is like a read. */
  boolean changedNothing() {
    return changedNothing;
  }

  void changesNothing() {
    changedNothing = true;
  }

  long startMicros() {
    return startMicros;
  }

  /** When the client had its answer; never, while it has none. */
  long endMicros() {
    return endMicros;
  }

  Outcome outcome() {
    return outcome;
  }

  /** The register as the operation left or found it, when it is {@code OK}. */
  Register observed() {
    return observed;
  }

  /** Where a leader appended it, or null. */
  Position position() {
    return position;
  }

  /** True the first time: what a client asks reaches a node once. */
  boolean arrive() {
    boolean first = !arrived;
    arrived = true;
    return first;
  }

  void appendedAt(Position where) {
    position = where;
  }

  /** The first answer stands: a client that gave up does not listen any more. */
  void finish(Outcome how, Register register, long nowMicros) {
    if (outcome == Outcome.PENDING) {
      outcome = how;
      observed = register;
      endMicros = how == Outcome.OK ? nowMicros : Long.MAX_VALUE;
    }
  }

  static Bytes encode(List<Content> contents) {
    ByteSink body = new ByteSink();
    for (Content content : contents) {
      ByteSink entry = new ByteSink();
      entry.putVarint(content.number()).putVarint(content.kind().ordinal());
      entry.putVarint(content.key());
      body.putBlock(entry.array(), 0, entry.size());
    }
    return Bytes.wrap(body.toArray());
  }

  static List<Content> decode(Bytes body, int count) {
    ByteSource source = new ByteSource(body.array());
    List<Content> contents = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      source.getBlockLength();
      int number = (int) source.getVarint();
      Kind kind = Kind.values()[(int) source.getVarint()];
      contents.add(new Content(number, kind, (int) source.getVarint()));
    }
    source.expectEnd();
    return contents;
  }

  static String describe(Bytes body, int count) {
    StringBuilder text = new StringBuilder();
    decode(body, count).forEach(it -> text.append(text.length() == 0 ? "" : ", ").append(it));
    return text.toString();
  }

  @Override
  public String toString() {
    return content + " " + outcome + (observed == null ? "" : " " + observed);
  }
}
