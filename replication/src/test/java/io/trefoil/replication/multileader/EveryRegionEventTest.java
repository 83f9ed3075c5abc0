package io.trefoil.replication.multileader;

import static io.trefoil.replication.multileader.TestReceiver.TWO;
import static io.trefoil.replication.multileader.TestReceiver.at;
import static io.trefoil.replication.multileader.TestReceiver.entry;
import static io.trefoil.replication.multileader.TestReceiver.linked;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Position;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A kind of event or message that nobody handles is the classic bug of a protocol. */
class EveryRegionEventTest {
  private static final SortedSet<Integer> WANTS = new TreeSet<>(List.of(1));

  static Stream<ReceiverEvent> receiverEvents() {
    return Stream.of(
        new ReceiverEvent.Tick(2_000, 0),
        new ReceiverEvent.LinkUp(2),
        new ReceiverEvent.LinkDown(2),
        new ReceiverEvent.Committed(1),
        received(new RegionMessage.Batch(100, at(3), at(4), 4, 0, List.of(entry(TWO, 4)))),
        received(new RegionMessage.TooOld(100)));
  }

  private static ReceiverEvent received(RegionMessage message) {
    return new ReceiverEvent.Received(2, message);
  }

  static Stream<SenderEvent> senderEvents() {
    return Stream.of(
        new SenderEvent.Tick(100, 0),
        new SenderEvent.Pulled(2, 0, WANTS),
        new SenderEvent.Acked(1, 1),
        new SenderEvent.MaySend(9),
        new SenderEvent.LogRead(1, 3, null),
        new SenderEvent.Lost());
  }

  @ParameterizedTest
  @MethodSource("receiverEvents")
  void everyEventDoesSomethingToAReceiver(ReceiverEvent event) {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, entry(TWO, 3));
    String before = test.receiver().toString();
    boolean silent = test.step(event).isEmpty() && test.receiver().toString().equals(before);
    assertThat(silent).as("nothing came of it").isFalse();
  }

  /** It reads the log from index 3 on. */
  @ParameterizedTest
  @MethodSource("senderEvents")
  void everyEventDoesSomethingToASender(SenderEvent event) {
    RegionSender sender = new RegionSender(new ShortMemory(), TestReceiver.SETTINGS);
    sender.step(new SenderEvent.MaySend(5), effect -> {});
    sender.step(new SenderEvent.Pulled(1, 0, WANTS), effect -> {});
    String before = sender.toString();
    int[] effects = {0};
    sender.step(event, effect -> effects[0]++);
    boolean silent = effects[0] == 0 && sender.toString().equals(before);
    assertThat(silent).as("nothing came of it").isFalse();
  }

  private static final class ShortMemory implements RegionLog {
    @Override
    public Stretch recent(long from, long upTo, SortedSet<Integer> wants, int maxBytes) {
      return from < 3 ? new Stretch(from, List.of(entry(TestReceiver.LOST, from))) : null;
    }

    @Override
    public Position position(long index) {
      return at(index);
    }
  }

  @Test
  void noKindOfEventIsLeftOut() {
    assertThat(receiverEvents().<Class<?>>map(Object::getClass))
        .containsAll(Arrays.asList(ReceiverEvent.class.getPermittedSubclasses()));
    assertThat(senderEvents().<Class<?>>map(Object::getClass))
        .containsAll(Arrays.asList(SenderEvent.class.getPermittedSubclasses()));
  }
}
