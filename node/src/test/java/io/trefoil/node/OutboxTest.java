package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OutboxTest {
  private final StringBuilder sent = new StringBuilder();
  private boolean writable = true;
  private int room = Integer.MAX_VALUE;

  private final UnreadPushes unread = new UnreadPushes(40 << 20);

  private final Outbox outbox = new Outbox(socket(), unread);

  private ClientSocket socket() {
    return new ClientSocket() {
      @Override
      public void write(byte[] array, int length) {
        sent.append(new String(array, 0, length, UTF_8));
        writable = --room > 0;
      }

      @Override
      public void flush() {}

      @Override
      public boolean isWritable() {
        return writable;
      }

      @Override
      public void read(boolean wanted) {}

      @Override
      public void closeWhenSent() {}

      @Override
      public void close() {}
    };
  }

  private static Push push(String text) {
    return new Push(text.getBytes(UTF_8));
  }

  @Test
  void whatTheClientTakesIsSentAtOnce() {
    outbox.add(push("a"), 0);
    outbox.add(push("b"), 0);
    assertThat(sent).hasToString("ab");
    assertThat(outbox.isEmpty()).isTrue();
  }

  @Test
  void theRestWaitsInItsOrder() {
    room = 1;
    outbox.add(push("a"), 0);
    outbox.add(push("b"), 0);
    writable = true;
    room = 2;
    outbox.add(push("c"), 0);
    outbox.add(push("d"), 0);
    assertThat(sent).as("nothing overtakes what waits").hasToString("a");
    assertThat(outbox.drain()).isTrue();
    assertThat(sent).hasToString("abc");
    assertThat(outbox.drain()).isFalse();
    assertThat(outbox.isEmpty()).isFalse();
    writable = true;
    outbox.drain();
    assertThat(sent).hasToString("abcd");
    assertThat(outbox.bytes()).isZero();
  }

  @Test
  void tooMuchIsTooMuchAtOnce() {
    writable = false;
    Push megabyte = new Push(new byte[1 << 20]);
    while (outbox.bytes() + megabyte.cost() <= Outbox.MAX_BYTES) {
      outbox.add(megabyte, 0);
      assertThat(outbox.isOverfull(0, 0)).isFalse();
    }
    assertThat(outbox.isOverfull(megabyte.cost(), 0)).as("with what waits elsewhere").isTrue();
    outbox.add(megabyte, 0);
    assertThat(outbox.isOverfull(0, 0)).isTrue();
  }

  @Test
  void whatAllLeaveUnreadIsBoundedAndCountsOnce() {
    writable = false;
    Outbox other = new Outbox(socket(), unread);
    Push large = new Push(new byte[25 << 20]);
    outbox.add(large, 0);
    other.add(large, 0);
    assertThat(outbox.isOverfull(0, 0)).isFalse();
    Outbox third = new Outbox(socket(), unread);
    third.add(new Push(new byte[16 << 20]), 0);
    assertThat(third.isOverfull(0, 0)).isTrue();
    outbox.clear();
    assertThat(third.isOverfull(0, 0)).as("the other one has it yet").isTrue();
    writable = true;
    other.drain();
    assertThat(third.isOverfull(0, 0)).isFalse();
    assertThat(other.isOverfull(0, 0)).isFalse();
  }

  @Test
  void muchIsTooMuchAfterAWhile() {
    writable = false;
    outbox.add(new Push(new byte[9 << 20]), 5);
    assertThat(outbox.isOverfull(0, 5 + Outbox.MANY_NANOS)).isFalse();
    assertThat(outbox.isOverfull(0, 6 + Outbox.MANY_NANOS)).isTrue();
    writable = true;
    outbox.drain();
    assertThat(outbox.isOverfull(0, 6 + Outbox.MANY_NANOS)).isFalse();
    writable = false;
    outbox.add(new Push(new byte[9 << 20]), 6 + Outbox.MANY_NANOS);
    assertThat(outbox.isOverfull(0, 7 + Outbox.MANY_NANOS)).as("counted anew").isFalse();
  }
}
