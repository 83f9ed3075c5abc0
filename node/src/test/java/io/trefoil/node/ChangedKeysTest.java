package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ChangedKeysTest {
  private final ChangedKeys changed = new ChangedKeys();

  private void note(long index, String... keys) {
    changed.begin();
    for (String key : keys) {
      changed.note(index, key.getBytes(UTF_8), 0, key.length());
    }
  }

  private boolean isChangedAfter(long index, String key) {
    return changed.isChangedAfter(index, key.getBytes(UTF_8), 0, key.length());
  }

  @Test
  void aKeyIsChangedByEntriesAfterTheOneThatIsAskedAbout() {
    note(5, "a", "b");
    assertThat(isChangedAfter(4, "a")).isTrue();
    assertThat(isChangedAfter(5, "a")).isFalse();
    assertThat(isChangedAfter(0, "c")).isFalse();
  }

  @Test
  void whatChangesUnknownKeysChangesAll() {
    changed.begin();
    changed.noteAll(5);
    assertThat(isChangedAfter(4, "a")).isTrue();
    assertThat(isChangedAfter(5, "a")).isFalse();
    changed.undo();
    assertThat(isChangedAfter(4, "a")).isFalse();
  }

  @Test
  void aCommandThatIsTakenBackLeavesNothing() {
    note(5, "a");
    note(6, "a", "b", "a");
    changed.undo();
    assertThat(isChangedAfter(5, "a")).isFalse();
    assertThat(isChangedAfter(4, "a")).isTrue();
    assertThat(isChangedAfter(0, "b")).isFalse();
  }

  /** However many keys share a place. */
  @Property(tries = 20)
  void noChangeIsMissed(@ForAll long seed) {
    Random random = new Random(seed);
    Map<String, Long> last = new HashMap<>();
    for (int index = 1; index <= 50_000; index++) {
      String key = "key-" + random.nextInt(200_000);
      note(index, key);
      if (random.nextInt(10) == 0) {
        changed.undo();
      } else {
        last.put(key, (long) index);
      }
    }
    last.forEach((key, index) -> assertThat(isChangedAfter(index - 1, key)).isTrue());
  }
}
