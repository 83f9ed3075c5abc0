package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Replies that wait for nothing and for other nodes; those of leaders run in real processes. */
class ReplyQueueTest {
  private final StringBuilder sent = new StringBuilder();
  private final ReplyQueue queue =
      new ReplyQueue(
          new ReplyWriter(), (array, length) -> sent.append(new String(array, 0, length, UTF_8)));

  private void reply(String text) {
    queue.writer().simple(text);
    queue.free();
  }

  private static byte[] encoded(String text) {
    return ("+" + text + "\r\n").getBytes(UTF_8);
  }

  @Test
  void free_replies_leave_at_the_end_of_their_turn() {
    reply("a");
    reply("b");
    assertThat(sent).isEmpty();
    assertThat(queue.endTurn()).isFalse();
    assertThat(sent).hasToString("+a\r\n+b\r\n");
    assertThat(queue.waitingBytes()).isZero();
  }

  @Test
  void what_follows_an_awaited_reply_waits_behind_it() {
    reply("a");
    ReplyQueue.Awaited awaited = queue.await();
    reply("c");
    assertThat(queue.endTurn()).isTrue();
    assertThat(sent).hasToString("+a\r\n");
    assertThat(queue.waitingBytes()).isEqualTo(encoded("c").length);
    awaited.complete(encoded("b"));
    assertThat(queue.release()).isFalse();
    assertThat(sent).hasToString("+a\r\n+b\r\n+c\r\n");
    assertThat(queue.waitingBytes()).isZero();
  }

  @Test
  void neither_time_nor_a_lost_leadership_touches_replies_that_no_leader_gave() {
    ReplyQueue.Awaited awaited = queue.await();
    reply("b");
    queue.endTurn();
    queue.leadershipLost(null);
    queue.expire(Long.MAX_VALUE);
    awaited.complete(encoded("a"));
    queue.release();
    assertThat(sent).hasToString("+a\r\n+b\r\n");
  }

  @Test
  void a_command_that_is_answered_twice_is_a_bug() {
    ReplyQueue.Awaited awaited = queue.await();
    awaited.complete(encoded("a"));
    assertThatThrownBy(() -> awaited.complete(encoded("b"))).hasMessageContaining("answered once");
  }

  /** Commands answer at once or later, in any order; a turn ends after each third. */
  @Property
  void replies_leave_in_the_order_of_their_commands(
      @ForAll @Size(max = 200) List<Boolean> later, @ForAll long seed) {
    StringBuilder out = new StringBuilder();
    ReplyQueue replies =
        new ReplyQueue(
            new ReplyWriter(), (array, length) -> out.append(new String(array, 0, length, UTF_8)));
    StringBuilder expected = new StringBuilder();
    List<Runnable> completions = new ArrayList<>();
    for (int i = 0; i < later.size(); i++) {
      String text = "r" + i;
      expected.append('+').append(text).append("\r\n");
      if (later.get(i)) {
        ReplyQueue.Awaited awaited = replies.await();
        completions.add(() -> awaited.complete(encoded(text)));
      } else {
        replies.writer().simple(text);
        replies.free();
      }
      if (i % 3 == 2) {
        replies.endTurn();
      }
    }
    replies.endTurn();
    Collections.shuffle(completions, new Random(seed));
    for (Runnable completion : completions) {
      completion.run();
      replies.release();
      assertThat(expected.toString()).startsWith(out.toString());
    }
    assertThat(out).hasToString(expected.toString());
    assertThat(replies.waitingBytes()).isZero();
  }
}
