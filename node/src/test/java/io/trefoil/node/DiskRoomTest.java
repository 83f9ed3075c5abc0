package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.command.CommandTable;
import io.trefoil.resp.Args;
import org.junit.jupiter.api.Test;

class DiskRoomTest {
  private static final long MB = 1 << 20;

  private final CommandTable table = CommandTable.standard();
  private final DiskRoom room = new DiskRoom("n1", 100 * MB);

  @Test
  void withRoomNothingIsRefused() {
    assertThat(room.measured(100 * MB)).isFalse();
    assertThat(refusal("SET")).isNull();
  }

  @Test
  void withoutRoomWhatMayGrowIsRefusedAndRemovalsAndReadsAreNot() {
    assertThat(room.measured(99 * MB)).isTrue();
    assertThat(refusal("SET"))
        .isEqualTo(
            "MISCONF n1 has 99 MB of disk left, less than data.reserve (100 MB): free space, or"
                + " remove keys");
    assertThat(room.refusal(table.findForwarded(Args.of(".EXEC-WRITES")))).startsWith("MISCONF");
    assertThat(room.refusal(table.findForwarded(Args.of(".EXEC-READS")))).isNull();
    assertThat(refusal("DEL")).isNull();
    assertThat(refusal("LPOP")).isNull();
    assertThat(refusal("EXPIRE")).isNull();
    assertThat(refusal("GET")).isNull();
  }

  @Test
  void aLittleMoreThanTheReserveIsNotEnoughAgain() {
    room.measured(50 * MB);
    assertThat(room.measured(124 * MB)).isFalse();
    assertThat(room.isLow()).isTrue();
    assertThat(room.measured(125 * MB)).isTrue();
    assertThat(room.isLow()).isFalse();
  }

  @Test
  void withNoReserveItIsNeverLow() {
    DiskRoom all = new DiskRoom("n1", 0);
    assertThat(all.measured(0)).isFalse();
    assertThat(all.isLow()).isFalse();
  }

  private String refusal(String name) {
    return room.refusal(table.find(Args.of(name)));
  }
}
