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

/** Replies that wait for nothing, for other nodes, and for leaders. */
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

  private static Push push(String text) {
    return new Push((">" + text).getBytes(UTF_8));
  }

  private void confirm(String text) {
    int start = queue.writer().size();
    queue.writer().simple(text);
    queue.confirm(start);
  }

  @Test
  void a_push_that_may_overtake_waits_for_no_reply() {
    reply("a");
    queue.await();
    queue.push(push("m"), true);
    assertThat(sent).hasToString(">m");
    queue.endTurn();
    queue.push(push("n"), true);
    assertThat(sent).hasToString(">m+a\r\n>n");
  }

  @Test
  void a_confirmation_keeps_its_place_and_pushes_stay_behind_it() {
    ReplyQueue.Awaited first = queue.await();
    reply("b");
    confirm("subscribed");
    queue.push(push("m"), true);
    ReplyQueue.Awaited second = queue.await();
    queue.endTurn();
    queue.push(push("n"), true);
    assertThat(sent).isEmpty();
    assertThat(queue.pushBytes()).isPositive();
    first.complete(encoded("a"));
    assertThat(queue.release()).isTrue();
    assertThat(sent).hasToString("+a\r\n+b\r\n+subscribed\r\n>m>n");
    assertThat(queue.pushBytes()).isZero();
    queue.push(push("o"), true);
    second.complete(encoded("c"));
    assertThat(queue.release()).isFalse();
    assertThat(sent).hasToString("+a\r\n+b\r\n+subscribed\r\n>m>n>o+c\r\n");
    assertThat(queue.waitingBytes()).isZero();
  }

  @Test
  void pushes_stay_behind_the_last_confirmation() {
    ReplyQueue.Awaited first = queue.await();
    confirm("one");
    ReplyQueue.Awaited second = queue.await();
    confirm("two");
    queue.push(push("m"), true);
    first.complete(encoded("a"));
    queue.endTurn();
    assertThat(sent).hasToString("+a\r\n+one\r\n");
    second.complete(encoded("b"));
    queue.release();
    assertThat(sent).hasToString("+a\r\n+one\r\n+b\r\n+two\r\n>m");
  }

  @Test
  void a_push_that_the_client_takes_for_a_reply_comes_in_order() {
    reply("a");
    queue.push(push("m"), false);
    ReplyQueue.Awaited awaited = queue.await();
    queue.push(push("n"), false);
    reply("c");
    queue.endTurn();
    assertThat(sent).hasToString("+a\r\n>m");
    awaited.complete(encoded("b"));
    queue.release();
    assertThat(sent).hasToString("+a\r\n>m+b\r\n>n+c\r\n");
    queue.push(push("o"), false);
    assertThat(sent.toString()).as("nothing is before it").endsWith(">o");
  }

  /** A leader of epoch 1 that committed up to {@code committed}. */
  private static final class Leader implements ReplyQueue.Answerer {
    boolean leads = true;
    long committed;
    long leased = -1;
    long uncertain;

    @Override
    public long epoch() {
      return 1;
    }

    @Override
    public long turnNanos() {
      return 10;
    }

    @Override
    public boolean answersFor(long epoch, long index) {
      return leads && index <= committed;
    }

    @Override
    public boolean answeredFor(long epoch, long index, long ranNanos) {
      return index <= leased;
    }

    @Override
    public long writeTimeoutNanos() {
      return 1_000;
    }

    @Override
    public String writeId(long epoch, long index) {
      return epoch + ":" + index;
    }

    @Override
    public void countUncertain() {
      uncertain++;
    }

    @Override
    public ReplyQueue.Failure lostLeadership() {
      return failure("deposed");
    }

    @Override
    public ReplyQueue.Failure notConfirmed() {
      return failure("late");
    }

    private static ReplyQueue.Failure failure(String why) {
      return new ReplyQueue.Failure() {
        @Override
        public String ofRead() {
          return "READ " + why;
        }

        @Override
        public String ofWrite(String writeId) {
          return "UNCERTAIN " + writeId + " " + why;
        }
      };
    }
  }

  private void write(Leader leader, long index) {
    queue.writer().simple("w" + index);
    queue.of(leader, index, index);
  }

  @Test
  void a_committed_reply_behind_another_partitions_outlives_its_leadership() {
    Leader slow = new Leader();
    Leader deposed = new Leader();
    write(slow, 1);
    write(deposed, 1);
    write(slow, 2);
    write(deposed, 2);
    assertThat(queue.endTurn()).isTrue();
    deposed.leased = 1;
    deposed.leads = false;
    queue.leadershipLost(deposed);
    assertThat(sent).isEmpty();
    slow.committed = 2;
    assertThat(queue.release()).isFalse();
    assertThat(sent).hasToString("+w1\r\n+w1\r\n+w2\r\n-UNCERTAIN 1:2 deposed\r\n");
    assertThat(deposed.uncertain).isEqualTo(1);
    assertThat(queue.waitingBytes()).isZero();
  }

  @Test
  void a_reply_about_others_is_made_when_they_have_left() {
    ReplyQueue.Awaited awaited = queue.await();
    queue.whenReached(() -> encoded("after " + sent.length()));
    reply("c");
    assertThat(queue.endTurn()).isTrue();
    awaited.complete(encoded("a"));
    assertThat(queue.release()).isFalse();
    assertThat(sent).hasToString("+a\r\n+after 4\r\n+c\r\n");
    assertThat(queue.waitingBytes()).isZero();
  }

  @Test
  void a_reply_that_waits_for_too_long_is_an_error() {
    Leader leader = new Leader();
    write(leader, 1);
    queue.endTurn();
    queue.expire(1_010);
    assertThat(queue.release()).isTrue();
    queue.expire(1_011);
    assertThat(queue.release()).isFalse();
    assertThat(sent).hasToString("-UNCERTAIN 1:1 late\r\n");
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
