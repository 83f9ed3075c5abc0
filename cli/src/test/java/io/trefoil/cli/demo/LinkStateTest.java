package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LinkStateTest {
  private static final long SECOND = 1_000_000_000L;

  private final LinkState link = new LinkState();

  @Test
  void aCutIsOverWhenTheRegionsAreLevelAgain() {
    assertThat(link.words(0)).isEqualTo("ok");
    link.cut(SECOND);
    assertThat(link.isCut()).isTrue();
    assertThat(link.words(13 * SECOND)).isEqualTo("cut for 12.0 s");
    link.heal(14 * SECOND);
    assertThat(link.isCut()).isFalse();
    assertThat(link.see(false, 15 * SECOND)).isEmpty();
    assertThat(link.words(15 * SECOND)).isEqualTo("catching up for 1.0 s");
    assertThat(link.see(true, 16 * SECOND)).hasValue("caught up 2.0 s after healing");
    assertThat(link.words(17 * SECOND)).isEqualTo("ok");
  }

  @Test
  void regionsThatLookLevelDuringACutAreNot() {
    link.cut(0);
    assertThat(link.see(true, SECOND)).isEmpty();
    assertThat(link.words(SECOND)).isEqualTo("cut for 1.0 s");
  }
}
