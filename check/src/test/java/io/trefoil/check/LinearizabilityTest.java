package io.trefoil.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;

class LinearizabilityTest {
  private static final StringModel MODEL = new StringModel();

  private static List<Violation> check(Invocation... history) {
    return Linearizability.check(List.of(history), MODEL);
  }

  private static Invocation ok(String client, Call call, long start, long end, String result) {
    return Invocation.acknowledged(client, "k", call, start, end, result);
  }

  @Test
  void callsThatOverlapMayHaveEitherOrder() {
    Invocation set = ok("a", Call.set("1"), 0, 10, "OK");
    assertThat(check(set, ok("b", Call.get(), 5, 6, null))).isEmpty();
    assertThat(check(set, ok("b", Call.get(), 5, 6, "1"))).isEmpty();
  }

  @Test
  void aReadThatMissesAFinishedWriteIsCaughtAndBothAreNamed() {
    Invocation set = ok("a", Call.set("1"), 0, 10, "OK");
    Invocation get = ok("b", Call.get(), 11, 12, null);
    List<Violation> found = check(set, get);
    assertThat(found).hasSize(1);
    assertThat(found.get(0).promise()).isEqualTo("linearizable");
    assertThat(found.get(0).what()).contains("1 of its 2 calls", "leaves 1", get.toString());
    assertThat(found.get(0).invocations()).containsExactly(set, get);
  }

  @Test
  void readsThatGoBackAreCaughtAlsoDuringTheWrite() {
    assertThat(
            check(
                ok("a", Call.set("1"), 0, 100, "OK"),
                ok("b", Call.get(), 10, 20, "1"),
                ok("c", Call.get(), 30, 40, null)))
        .hasSize(1);
  }

  @Test
  void anUncertainWriteMayHappenLateOrNeverButOnlyOnceAndNotBeforeItBegan() {
    Invocation lost = Invocation.uncertain("a", "k", Call.set("1"), 10);
    assertThat(check(lost, ok("b", Call.get(), 50, 60, null))).isEmpty();
    assertThat(check(lost, ok("b", Call.get(), 50, 60, null), ok("b", Call.get(), 70, 80, "1")))
        .isEmpty();
    assertThat(check(lost, ok("b", Call.get(), 0, 5, "1"))).hasSize(1);
    assertThat(
            check(
                lost,
                ok("b", Call.get(), 20, 30, "1"),
                ok("b", Call.set("2"), 40, 50, "OK"),
                ok("b", Call.get(), 60, 70, "1")))
        .hasSize(1);
  }

  @Test
  void whatExpiresMayGoAtAnyTimeAndNeverComesBack() {
    Invocation set = ok("a", Call.set("1"), 0, 10, "OK");
    Invocation gone = Invocation.uncertain("time", "k", Call.expire("1"), 20);
    Invocation absent = ok("b", Call.get(), 30, 40, null);
    assertThat(check(set, gone, absent)).isEmpty();
    assertThat(check(set, gone, ok("b", Call.get(), 30, 40, "1"), absent)).isEmpty();
    assertThat(check(set, gone, absent, ok("c", Call.get(), 50, 60, "1"))).hasSize(1);
    assertThat(check(set, gone, ok("b", Call.get(), 12, 15, null))).as("too early").hasSize(1);
    assertThat(check(set, gone, ok("b", Call.append("2"), 12, 15, "2"), absent)).isEmpty();
    Invocation other = ok("b", Call.set("2"), 12, 15, "OK");
    assertThat(check(set, gone, other, absent)).as("another's time").hasSize(1);
  }

  @Test
  void aRefusedWriteThatIsSeenIsCaught() {
    assertThat(
            check(Invocation.refused("a", "k", Call.set("1"), 0), ok("b", Call.get(), 5, 6, "1")))
        .hasSize(1);
  }

  @Test
  void aCounterThatGivesANumberTwiceIsCaught() {
    assertThat(check(ok("a", Call.increment(), 0, 10, "1"), ok("b", Call.increment(), 0, 10, "2")))
        .isEmpty();
    assertThat(check(ok("a", Call.increment(), 0, 10, "1"), ok("b", Call.increment(), 0, 10, "1")))
        .hasSize(1);
  }

  @Test
  void anAppendThatWasTakenBackIsCaught() {
    Invocation first = ok("a", Call.append("x"), 0, 10, "1");
    assertThat(check(first, ok("b", Call.append("y"), 20, 30, "2"))).isEmpty();
    assertThat(check(first, ok("b", Call.append("y"), 20, 30, "1"))).hasSize(1);
  }

  @Test
  void twoCompareAndSetsOfOneValueDoNotBothSucceed() {
    Invocation one = ok("a", Call.compareAndSet(null, "1"), 0, 10, "1");
    assertThat(check(one, ok("b", Call.compareAndSet(null, "2"), 0, 10, "0"))).isEmpty();
    assertThat(check(one, ok("b", Call.compareAndSet(null, "2"), 0, 10, "1"))).hasSize(1);
  }

  @Test
  void aDeletionIsAWrite() {
    assertThat(
            check(
                ok("a", Call.set("1"), 0, 1, "OK"),
                ok("a", Call.delete(), 2, 3, "1"),
                ok("b", Call.get(), 4, 5, "1")))
        .hasSize(1);
  }

  private static List<Violation> checkFields(Invocation... history) {
    return Linearizability.check(List.of(history), new FieldsModel());
  }

  @Test
  void theFieldsOfAKeyHaveOneOrder() {
    Invocation a = ok("a", Call.setField("f", "1"), 0, 10, "1");
    Invocation b = ok("b", Call.setField("g", "2"), 0, 10, "1");
    assertThat(checkFields(a, b, ok("c", Call.get(), 2, 9, "f=1"))).isEmpty();
    assertThat(checkFields(a, b, ok("c", Call.get(), 2, 9, "g=2"))).isEmpty();
    assertThat(
            checkFields(a, b, ok("c", Call.get(), 2, 9, "g=2"), ok("d", Call.get(), 2, 9, "f=1")))
        .as("either was first")
        .hasSize(1);
    assertThat(checkFields(a, b, ok("c", Call.countFields(), 11, 12, "2"))).isEmpty();
    assertThat(checkFields(a, b, ok("c", Call.countFields(), 11, 12, "1"))).hasSize(1);
  }

  @Test
  void aFieldOfAKeyThatWasDeletedIsNotThereAgainWhenAnotherIsSet() {
    Invocation old = ok("a", Call.setField("f", "1"), 0, 1, "1");
    Invocation gone = ok("a", Call.delete(), 2, 3, "1");
    Invocation fresh = ok("a", Call.setField("g", "1"), 4, 5, "1");
    assertThat(checkFields(old, gone, fresh, ok("b", Call.getField("f"), 6, 7, null))).isEmpty();
    assertThat(checkFields(old, gone, fresh, ok("b", Call.getField("f"), 6, 7, "1"))).hasSize(1);
    assertThat(checkFields(old, gone, fresh, ok("b", Call.hasField("f"), 6, 7, "1"))).hasSize(1);
    assertThat(checkFields(old, gone, ok("b", Call.delete(), 4, 5, "1"))).hasSize(1);
  }

  @Test
  void aMemberIsAddedAndRemovedOnce() {
    Invocation add = ok("a", Call.addMember("m"), 0, 10, "1");
    assertThat(checkFields(add, ok("b", Call.addMember("m"), 0, 10, "0"))).isEmpty();
    assertThat(checkFields(add, ok("b", Call.addMember("m"), 0, 10, "1"))).hasSize(1);
    Invocation remove = ok("a", Call.removeField("m"), 11, 20, "1");
    assertThat(checkFields(add, remove, ok("b", Call.removeField("m"), 11, 20, "0"))).isEmpty();
    assertThat(checkFields(add, remove, ok("b", Call.removeField("m"), 11, 20, "1"))).hasSize(1);
  }

  @Test
  void keysAreLookedAtOneByOne() {
    Invocation other = Invocation.acknowledged("a", "other", Call.set("1"), 0, 1, "OK");
    assertThat(check(other, ok("b", Call.get(), 5, 6, null))).isEmpty();
  }

  @Test
  void uncertainCallsThatAskTheSameCountOneByOne() {
    Invocation late = Invocation.uncertain("b", "k", Call.increment(), 20);
    Invocation early = Invocation.uncertain("c", "k", Call.increment(), 10);
    assertThat(check(late, early, ok("a", Call.increment(), 30, 40, "3"))).isEmpty();
    assertThat(check(late, early, ok("a", Call.increment(), 30, 40, "4"))).hasSize(1);
  }

  /** Against all orders of all subsets, which is slow and plainly right. */
  @Property(tries = 20_000)
  void it_finds_an_order_exactly_when_one_exists(@ForAll @IntRange(max = 1_000_000_000) int seed) {
    Random random = new Random(seed);
    List<Invocation> history = new ArrayList<>();
    int calls = 2 + random.nextInt(5);
    int uncertain = random.nextInt(6); // of eight: seldom, or most of them
    for (int i = 0; i < calls; i++) {
      history.add(any(random, uncertain));
    }
    boolean exists = existsOrder(history, Optional.empty());
    Statistics.collect(exists);
    assertThat(Linearizability.check(history, MODEL).isEmpty()).isEqualTo(exists);
  }

  private static Invocation any(Random random, int uncertain) {
    Call call =
        switch (random.nextInt(6)) {
          case 0 -> Call.set(Integer.toString(random.nextInt(3)));
          case 1 -> Call.append("1");
          case 2 -> Call.increment();
          case 3 -> Call.compareAndSet(random.nextBoolean() ? null : "1", "2");
          default -> Call.get();
        };
    long start = random.nextInt(12);
    int outcome = random.nextInt(8);
    if (outcome == 0) {
      return Invocation.refused("a", "k", call, start);
    }
    if (outcome <= uncertain) {
      return Invocation.uncertain("a", "k", call, start);
    }
    String result =
        switch (call.kind()) {
          case SET -> "OK";
          case GET -> new String[] {null, "0", "1", "2", "11"}[random.nextInt(5)];
          case COMPARE_AND_SET -> Integer.toString(random.nextInt(2));
          default -> Integer.toString(1 + random.nextInt(4));
        };
    return ok("a", call, start, start + random.nextInt(8), result);
  }

  private static boolean existsOrder(List<Invocation> left, Optional<String> state) {
    if (left.stream().noneMatch(Invocation::isAcknowledged)) {
      return true;
    }
    for (Invocation it : left) {
      boolean isFirst = left.stream().allMatch(other -> other.endNanos() >= it.startNanos());
      boolean fits =
          switch (it.outcome()) {
            case ACKNOWLEDGED -> Objects.equals(MODEL.result(state, it.call()), it.result());
            case UNCERTAIN -> true;
            case REFUSED -> false;
          };
      if (isFirst && fits) {
        List<Invocation> rest = new ArrayList<>(left);
        rest.remove(it);
        if (existsOrder(rest, MODEL.after(state, it.call()))) {
          return true;
        }
      }
    }
    return false;
  }

  /** As large as a run on real processes, with as many calls at once. */
  @Test
  void tenThousandCallsOfAHundredKeysAreCheckedAndOneWrongReplyAmongThemIsFound() {
    List<Invocation> history = concurrent(new Random(7), 10_000, 100, 20);
    assertThat(Linearizability.check(history, MODEL)).isEmpty();
    for (int i = history.size() - 1; i >= 0; i--) {
      Invocation it = history.get(i);
      if (it.isAcknowledged() && it.call().isRead() && it.result() != null) {
        history.set(
            i,
            Invocation.acknowledged(
                it.client(), it.key(), it.call(), it.startNanos(), it.endNanos(), "never"));
        break;
      }
    }
    assertThat(Linearizability.check(history, MODEL)).hasSize(1);
  }

  /** Clients that overlap; each call takes effect at one moment of its own. */
  private static List<Invocation> concurrent(Random random, int calls, int keys, int clients) {
    List<Invocation> history = new ArrayList<>();
    List<Optional<String>> states = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      states.add(Optional.empty());
    }
    for (int i = 0; i < calls; i++) {
      int key = random.nextInt(keys);
      Call call =
          switch (random.nextInt(4)) {
            case 0 -> Call.set("v" + i);
            case 1 -> Call.append("a");
            case 2 -> Call.compareAndSet(states.get(key).orElse(null), "c" + i);
            default -> Call.get();
          };
      long moment = i * 10L;
      long start = moment - random.nextInt(10 * clients);
      String client = "c" + i % clients;
      boolean uncertain = random.nextInt(50) == 0;
      boolean done = !uncertain || random.nextBoolean();
      String result = MODEL.result(states.get(key), call);
      if (done) {
        states.set(key, MODEL.after(states.get(key), call));
      }
      history.add(
          uncertain
              ? Invocation.uncertain(client, "k" + key, call, start)
              : Invocation.acknowledged(
                  client, "k" + key, call, start, moment + random.nextInt(10 * clients), result));
    }
    return history;
  }
}
