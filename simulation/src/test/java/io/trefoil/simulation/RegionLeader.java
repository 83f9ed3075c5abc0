package io.trefoil.simulation;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.NeighbourView;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.ReceiverEffect;
import io.trefoil.replication.multileader.ReceiverEvent;
import io.trefoil.replication.multileader.RegionLog;
import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.replication.multileader.RegionReceiver;
import io.trefoil.replication.multileader.RegionSender;
import io.trefoil.replication.multileader.RegionSettings;
import io.trefoil.replication.multileader.RegionVector;
import io.trefoil.replication.multileader.RegionWays;
import io.trefoil.replication.multileader.SenderEffect;
import io.trefoil.replication.multileader.SenderEvent;
import io.trefoil.replication.multileader.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * One region of a {@link RegionDialogue}: its log, and the machines of the leader that leads now.
 * The log is in memory, and commits at once unless it is told not to.
 */
final class RegionLeader implements RegionLog {
  private static final RegionSettings SETTINGS = RegionSettings.DEFAULT;

  /** No leadership uses the numbers of another one's pulls. */
  private static final long PULLS = 1_000;

  /**
   * An entry of the log.
   *
   * @param text of an own write; null of others
   * @param neighbour whose log {@code upTo} is of; 0 when it merges nothing
   */
  private record Entry(long epoch, String text, int neighbour, Position upTo, List<Piece> pieces) {
    static Entry own(long epoch, String text) {
      return new Entry(epoch, text, 0, Position.ZERO, List.of());
    }
  }

  private final RegionDialogue dialogue;
  private final RegionLines lines;
  private final int id;
  private final RegionWays ways;
  private final List<Entry> log = new ArrayList<>();
  private final SortedMap<Integer, RegionSender> senders = new TreeMap<>();
  private final SortedMap<Long, Integer> sequences = new TreeMap<>();
  private final SortedMap<Integer, Piece> waiting = new TreeMap<>();
  private RegionReceiver receiver;
  private long epoch;
  private int committed;
  private int firstHeld = 1;
  private boolean commits = true;

  RegionLeader(RegionDialogue dialogue, RegionLines lines, int id, RegionWays ways) {
    this.dialogue = dialogue;
    this.lines = lines;
    this.id = id;
    this.ways = ways;
  }

  int id() {
    return id;
  }

  RegionWays ways() {
    return ways;
  }

  // What is told.

  void write(String text) {
    log.add(Entry.own(epoch, text));
    note("write " + position(log.size()) + " [" + text + "]");
    maybeCommit();
  }

  /** Nothing gets the copies that it needs, or everything has them again. */
  void commits(boolean does) {
    commits = does;
    maybeCommit();
  }

  /** Another leader, with what is committed but for so many entries. */
  void fail(int lost) {
    lead(committed - lost);
    note("another leader, epoch " + epoch + ", has the log up to " + position(log.size() - 1));
  }

  /** The log lets go of everything so far. */
  void trim() {
    firstHeld = committed + 1;
    note("its log begins at " + firstHeld);
  }

  /** A leadership begins; its first entry is committed before anything else happens. */
  void lead(int kept) {
    log.subList(kept, log.size()).clear();
    epoch++;
    log.add(Entry.own(epoch, null));
    committed = log.size();
    commits = true;
    sequences.clear();
    waiting.clear();
    senders.clear();
    for (int neighbour : ways.neighbours()) {
      senders.put(neighbour, new RegionSender(this, SETTINGS));
      toSender(neighbour, tickOfSender());
      toSender(neighbour, new SenderEvent.MaySend(committed));
    }
    receiver = new RegionReceiver(id, ways, SETTINGS, recovered());
  }

  private RegionReceiver.Recovered recovered() {
    RegionVector vector = new RegionVector();
    SortedMap<Integer, Position> positions = new TreeMap<>();
    for (int index = 1; index <= log.size(); index++) {
      Entry entry = log.get(index - 1);
      vector.advance(RegionOrigin.number(id, entry.epoch()), index);
      entry.pieces().forEach(piece -> vector.advance(piece.origin(), piece.index()));
      if (entry.neighbour() > 0) {
        positions.put(entry.neighbour(), entry.upTo());
      }
    }
    vector.advance(RegionOrigin.number(id, epoch), Long.MAX_VALUE);
    long now = dialogue.nowMillis();
    return new RegionReceiver.Recovered(vector, positions, epoch * PULLS, now, now);
  }

  // What happens.

  void linkUp(int neighbour) {
    step(new ReceiverEvent.LinkUp(neighbour));
  }

  void linkDown(int neighbour) {
    step(new ReceiverEvent.LinkDown(neighbour));
    toSender(neighbour, new SenderEvent.Lost());
  }

  void tick() {
    step(new ReceiverEvent.Tick(dialogue.nowMillis(), dialogue.nowMillis()));
    senders.keySet().forEach(it -> toSender(it, tickOfSender()));
  }

  private SenderEvent tickOfSender() {
    return new SenderEvent.Tick(dialogue.nowMillis(), dialogue.nowMillis());
  }

  void receive(int from, RegionMessage message) {
    if (message instanceof RegionMessage.Pull pull) {
      long after = indexOf(pull.after());
      toSender(from, new SenderEvent.Pulled(pull.id(), after, pull.wants()));
    } else if (message instanceof RegionMessage.Acked acked) {
      toSender(from, new SenderEvent.Acked(acked.id(), indexOf(acked.upTo())));
    } else {
      step(new ReceiverEvent.Received(from, message));
    }
  }

  private void maybeCommit() {
    long of = epoch;
    dialogue.soon(
        () -> {
          if (commits && epoch == of && committed < log.size()) {
            commit();
          }
        });
  }

  private void commit() {
    committed = log.size();
    if (!sequences.isEmpty()) {
      note("committed up to " + position(committed));
      step(new ReceiverEvent.Committed(sequences.lastKey()));
      sequences.clear();
    }
    senders.keySet().forEach(it -> toSender(it, new SenderEvent.MaySend(committed)));
  }

  private void step(ReceiverEvent event) {
    receiver.step(event, this::carryOut);
    receiver.neighbours().forEach(this::maybeNoteWaiting);
  }

  private void maybeNoteWaiting(int neighbour, NeighbourView view) {
    Piece word = view.waitsFor();
    if (word != null && !Objects.equals(word, waiting.get(neighbour))) {
      String what = lines.origin(word.origin()) + ":" + word.index();
      note("what " + lines.name(neighbour) + " sent WAITS for " + what);
    }
    waiting.put(neighbour, word);
  }

  private void carryOut(ReceiverEffect effect) {
    if (effect instanceof ReceiverEffect.Send send) {
      dialogue.send(id, send.region(), send.message());
    } else if (effect instanceof ReceiverEffect.NeedSnapshot need) {
      note("NEEDS A SNAPSHOT of " + lines.name(need.region()));
    } else if (effect instanceof ReceiverEffect.Append append) {
      append(append);
    }
  }

  private void append(ReceiverEffect.Append append) {
    log.add(new Entry(epoch, null, append.region(), append.upTo(), append.pieces()));
    sequences.put(append.sequence(), log.size());
    String what = append.pieces().isEmpty() ? "nothing new" : lines.pieces(append.pieces());
    String upTo = lines.name(append.region()) + "'s log is here up to " + append.upTo();
    note("append " + position(log.size()) + ": " + what + "; " + upTo);
    maybeCommit();
  }

  private void toSender(int neighbour, SenderEvent event) {
    senders.get(neighbour).step(event, effect -> carryOut(neighbour, effect));
  }

  private void carryOut(int neighbour, SenderEffect effect) {
    if (effect instanceof SenderEffect.Send send) {
      dialogue.send(id, neighbour, send.message());
    } else if (effect instanceof SenderEffect.ReadLog read) {
      Stretch stretch = recent(read.fromIndex(), read.upToIndex(), read.wants(), read.maxBytes());
      SenderEvent answer = new SenderEvent.LogRead(read.id(), read.fromIndex(), stretch);
      dialogue.soon(() -> toSender(neighbour, answer));
    }
  }

  // The log.

  @Override
  public Stretch recent(long from, long to, SortedSet<Integer> wants, int maxBytes) {
    if (from < firstHeld) {
      return null;
    }
    List<Piece> pieces = new ArrayList<>();
    for (long index = from; index <= to; index++) {
      for (Piece piece : pieces(index)) {
        pieces.add(
            wants.contains(piece.region()) ? piece : Piece.word(piece.origin(), piece.index()));
      }
    }
    return new Stretch(to, pieces);
  }

  /** One entry a piece: a reader need not know how they are joined. */
  private List<Piece> pieces(long index) {
    Entry entry = log.get((int) index - 1);
    if (entry.text() == null) {
      return entry.pieces();
    }
    ByteSink sink = new ByteSink();
    sink.putText(entry.text());
    int origin = RegionOrigin.number(id, entry.epoch());
    return List.of(new Piece(origin, index, 1, Bytes.wrap(sink.toArray())));
  }

  @Override
  public Position position(long index) {
    return index == 0 ? Position.ZERO : new Position(log.get((int) index - 1).epoch(), index);
  }

  /** The last index at which this log is what the position's was. */
  private long indexOf(Position position) {
    long index = Math.min(position.index(), log.size());
    while (index > 0 && log.get((int) index - 1).epoch() > position.epoch()) {
      index--;
    }
    return index;
  }

  private void note(String what) {
    dialogue.note(lines.name(id), what);
  }

  /** What is in the log, in its order, and how far each origin is. */
  String status() {
    List<String> texts = new ArrayList<>();
    for (Entry entry : log) {
      if (entry.text() != null) {
        texts.add(entry.text());
      }
      entry.pieces().forEach(piece -> texts.addAll(RegionLines.texts(piece)));
    }
    return "log " + texts + " vector " + lines.vector(receiver.vector());
  }
}
