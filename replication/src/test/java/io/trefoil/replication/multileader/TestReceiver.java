package io.trefoil.replication.multileader;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.ReceiverEffect.Append;
import io.trefoil.replication.multileader.RegionMessage.Acked;
import io.trefoil.replication.multileader.RegionMessage.Batch;
import io.trefoil.replication.multileader.RegionMessage.Pull;
import io.trefoil.replication.multileader.RegionReceiver.Recovered;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The receiver of region 1, epoch 5, and its effects of the last step. */
final class TestReceiver {
  static final RegionSettings SETTINGS =
      new RegionSettings(1_000, 200, 100, 2_000, 1_000, 500, 60_000);

  /** What regions 2, 3 and 4 write in their first epoch, and region 1 in its fourth. */
  static final int TWO = RegionOrigin.number(2, 1);

  static final int THREE = RegionOrigin.number(3, 1);
  static final int FOUR = RegionOrigin.number(4, 1);
  static final int LOST = RegionOrigin.number(1, 4);

  private final RegionReceiver receiver;
  private final SortedMap<Integer, Long> pulls = new TreeMap<>();
  private List<ReceiverEffect> effects = List.of();

  TestReceiver(RegionWays ways, SortedMap<Integer, Position> positions) {
    RegionVector vector = new RegionVector();
    vector.advance(LOST, 20);
    vector.advance(RegionOrigin.number(1, 5), Long.MAX_VALUE);
    receiver =
        new RegionReceiver(1, ways, SETTINGS, new Recovered(vector, positions, 100, 0, 50_000));
  }

  TestReceiver(RegionWays ways) {
    this(ways, new TreeMap<>());
  }

  /** Each linked with each, and nothing of anybody is here. */
  static TestReceiver linked(int regions) {
    List<Integer> ids = List.of(1, 2, 3, 4).subList(0, regions);
    TestReceiver test = new TestReceiver(RegionWays.allToAll(1, ids));
    ids.subList(1, regions).forEach(region -> test.step(new ReceiverEvent.LinkUp(region)));
    return test;
  }

  static Position at(long index) {
    return index == 0 ? Position.ZERO : new Position(1, index);
  }

  static Bytes body(int count) {
    ByteSink sink = new ByteSink();
    for (int i = 0; i < count; i++) {
      sink.putText("x");
    }
    return Bytes.wrap(sink.toArray());
  }

  static Piece entries(int origin, long index, int count) {
    return new Piece(origin, index, count, body(count));
  }

  static Piece entry(int origin, long index) {
    return entries(origin, index, 1);
  }

  RegionReceiver receiver() {
    return receiver;
  }

  List<ReceiverEffect> step(ReceiverEvent event) {
    effects = new ArrayList<>();
    receiver.step(event, this::carryOut);
    return effects;
  }

  private void carryOut(ReceiverEffect effect) {
    effects.add(effect);
    if (effect instanceof ReceiverEffect.Send send && send.message() instanceof Pull pull) {
      pulls.put(send.region(), pull.id());
    }
  }

  /** Number of the last pull from the neighbour. */
  long pull(int region) {
    return pulls.get(region);
  }

  /** The next part of the neighbour's log, from {@code after} to {@code upTo}. */
  List<ReceiverEffect> batch(int region, long after, long upTo, Piece... pieces) {
    return receive(
        region, new Batch(pull(region), at(after), at(upTo), upTo, 50_000, List.of(pieces)));
  }

  List<ReceiverEffect> heartbeat(int region, long at) {
    return batch(region, at, at);
  }

  List<ReceiverEffect> receive(int region, RegionMessage message) {
    return step(new ReceiverEvent.Received(region, message));
  }

  List<ReceiverEffect> tick(long nowMillis) {
    return step(new ReceiverEvent.Tick(nowMillis, 50_000 + nowMillis));
  }

  List<ReceiverEffect> committed(long sequence) {
    return step(new ReceiverEvent.Committed(sequence));
  }

  /** Time passes, and these neighbours have nothing to send. */
  void pass(long fromMillis, long toMillis, SortedMap<Integer, Long> heard) {
    for (long now = fromMillis; now <= toMillis; now += 100) {
      heard.forEach(this::heartbeat);
      tick(now);
    }
  }

  NeighbourView neighbour(int region) {
    return receiver.neighbours().get(region);
  }

  List<Append> appends() {
    return effects.stream().filter(Append.class::isInstance).map(Append.class::cast).toList();
  }

  List<Pull> pulls(int region) {
    return sent(region, Pull.class);
  }

  List<Acked> acks(int region) {
    return sent(region, Acked.class);
  }

  private <T extends RegionMessage> List<T> sent(int region, Class<T> type) {
    return effects.stream()
        .filter(ReceiverEffect.Send.class::isInstance)
        .map(ReceiverEffect.Send.class::cast)
        .filter(send -> send.region() == region && type.isInstance(send.message()))
        .map(send -> type.cast(send.message()))
        .toList();
  }
}
