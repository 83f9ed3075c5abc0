package io.trefoil.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DurabilityTest {
  private final Invocation acknowledged =
      Invocation.acknowledged("a", "acknowledged", Call.set("1"), 0, 1, "OK");
  private final Invocation refused = Invocation.refused("a", "refused", Call.set("2"), 2);
  private final Invocation uncertain = Invocation.uncertain("a", "uncertain", Call.set("3"), 3);
  private final List<Invocation> writes = List.of(acknowledged, refused, uncertain);

  private List<Violation> check(Map<String, String> contents, String... saved) {
    return Durability.check(writes, contents, Set.of(saved));
  }

  @Test
  void whatWasToldIsWhatIsThere() {
    assertThat(check(Map.of("acknowledged", "1"))).isEmpty();
    assertThat(check(Map.of("acknowledged", "1", "uncertain", "3"))).isEmpty();
  }

  @Test
  void aLostWriteIsFoundUnlessItWasSaved() {
    assertThat(check(Map.of())).hasSize(1);
    assertThat(check(Map.of(), "acknowledged")).isEmpty();
    assertThat(Durability.lost(writes, Map.of())).containsExactly(acknowledged);
  }

  @Test
  void aRefusedWriteThatIsThereIsFound() {
    assertThat(check(Map.of("acknowledged", "1", "refused", "2"))).hasSize(1);
  }

  @Test
  void aWrongValueIsFound() {
    assertThat(check(Map.of("acknowledged", "2"))).hasSize(1);
    assertThat(check(Map.of("acknowledged", "1", "uncertain", "4"))).hasSize(1);
  }
}
