package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.simulation.History.Seen;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The checker, against histories that must fail and against a search through all orders. */
class HistoryTest {
  private static final long NEVER = Long.MAX_VALUE;

  private static Seen write(long start, long end, long version) {
    return new Seen(1, true, start, end, version, "v" + version);
  }

  private static Seen read(long start, long end, long version) {
    return new Seen(1, false, start, end, version, "v" + version);
  }

  private static void assertNotLinearizable(Seen... operations) {
    assertThatThrownBy(() -> History.check(List.of(operations)))
        .isInstanceOf(SimulationFailure.class);
  }

  @Test
  void overlappingOperationsMayGoEitherWay() {
    History.check(List.of(write(0, 10, 1), read(5, 8, 0), read(6, 9, 1)));
    History.check(List.of(write(0, 10, 2), write(0, 10, 1), read(11, 12, 2)));
  }

  @Test
  void aReadMustNotMissAWriteThatEndedBeforeIt() {
    assertNotLinearizable(write(0, 10, 1), read(11, 12, 0));
  }

  @Test
  void aReadMustNotGoBackBehindAnotherRead() {
    assertNotLinearizable(write(0, 10, 1), read(1, 3, 1), read(4, 9, 0));
  }

  @Test
  void aReadMustNotSeeTheFuture() {
    assertNotLinearizable(read(0, 5, 1), write(6, 9, 1));
  }

  @Test
  void writesMustKeepTheOrderOfTime() {
    assertNotLinearizable(write(0, 5, 2), write(6, 9, 1));
  }

  @Test
  void aWriteNobodyKnowsOfMayTakeEffectLate() {
    History.check(List.of(write(0, NEVER, 2), write(50, 60, 1), read(70, 80, 2)));
  }

  @Test
  void aVersionHasOneValueAndOneWriter() {
    assertNotLinearizable(write(0, 5, 1), new Seen(1, false, 6, 7, 1, "another"));
    assertNotLinearizable(write(0, 5, 1), write(1, 6, 1));
  }

  @Test
  void keysDoNotMindEachOther() {
    History.check(List.of(new Seen(1, true, 0, 5, 1, "a"), new Seen(2, false, 6, 7, 0, "")));
  }

  /** Against the definition: some order that keeps time, in which each sees what is before it. */
  @Property(tries = 2_000)
  void theCheckAgreesWithASearchThroughAllOrders(
      @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 0, max = 4_000) Integer> numbers) {
    int writes = (int) numbers.stream().filter(number -> number % 2 == 0).count();
    List<Seen> operations = new ArrayList<>();
    int versions = 0;
    for (int number : numbers) {
      long start = number / 4 % 10;
      long end = start + number / 40 % 10;
      int version = number / 400 % (writes + 1);
      operations.add(number % 2 == 0 ? write(start, end, ++versions) : read(start, end, version));
    }
    boolean accepted = true;
    try {
      History.check(operations);
    } catch (SimulationFailure failure) {
      accepted = false;
    }
    assertThat(accepted).isEqualTo(someOrder(operations, 0));
  }

  /** Takes first whatever nothing that is left ended before, and whose version is next. */
  private static boolean someOrder(List<Seen> left, long version) {
    if (left.isEmpty()) {
      return true;
    }
    for (Seen next : left) {
      boolean inTime = left.stream().noneMatch(it -> it.endMicros() < next.startMicros());
      boolean sees = next.version() == (next.write() ? version + 1 : version);
      if (inTime && sees) {
        List<Seen> rest = new ArrayList<>(left);
        rest.remove(next);
        if (someOrder(rest, next.version())) {
          return true;
        }
      }
    }
    return false;
  }
}
