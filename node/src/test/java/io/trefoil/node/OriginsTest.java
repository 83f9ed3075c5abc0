package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.CommonHorizon;
import io.trefoil.replication.multileader.RegionOrigin;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a copy has of another region's log. */
class OriginsTest {
  private static final int EU = 2;

  private final Origins origins = new Origins();

  private boolean covers(long epoch, long index) {
    return origins.covers(EU, new Position(epoch, index));
  }

  @Test
  void whatWasHeardOrReachedInTheSameEpochIsHere() {
    origins.hear(RegionOrigin.number(EU, 3), 40, false);
    assertThat(covers(3, 40)).isTrue();
    assertThat(covers(3, 41)).isFalse();
    origins.reachIn(1, EU, new Position(3, 50));
    assertThat(covers(3, 50)).as("not before it is committed").isFalse();
    origins.committed(1);
    assertThat(covers(3, 50)).isTrue();
    assertThat(covers(4, 1)).isFalse();
  }

  /** The region may have lost the end of epoch 3: its leader says where that ended. */
  @Test
  void aLaterEpochProvesNothingBeforeItsLeaderHasTold() {
    origins.hear(RegionOrigin.number(EU, 3), 40, false);
    origins.hear(RegionOrigin.number(EU, 7), 60, false);
    origins.reachIn(1, EU, new Position(7, 60));
    origins.committed(1);
    assertThat(covers(3, 45)).isFalse();
    TreeMap<Integer, Long> log =
        new TreeMap<>(Map.of(RegionOrigin.number(EU, 3), 45L, RegionOrigin.number(EU, 7), 61L));
    origins.toldIn(
        2,
        EU,
        new CommonHorizon.Told(1, new TreeSet<>(Set.of(1, EU)), 0, 0, new TreeMap<>(), log),
        9);
    origins.committed(2);
    ByteSink sink = new ByteSink();
    origins.write(sink);
    Origins stored = Origins.read(new ByteSource(sink.toArray()));
    assertThat(stored.covers(EU, new Position(3, 45))).isTrue();
    assertThat(stored.covers(EU, new Position(3, 46))).as("lost").isFalse();
  }

  @Test
  void whatNoLeaderCanHaveSaidIsNotHere() {
    assertThat(covers(0, 0)).isTrue();
    assertThat(covers(0, 1)).isFalse();
    assertThat(covers(1L << 40, 1)).isFalse();
  }
}
