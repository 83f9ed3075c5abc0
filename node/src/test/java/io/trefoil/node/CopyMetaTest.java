package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.PartitionId;
import io.trefoil.replication.kernel.EpochTable;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CopyMetaTest {
  private static CopyMeta meta() {
    EpochTable epochs = new EpochTable();
    epochs.append(3, 1);
    epochs.append(5, 1_021);
    return new CopyMeta(new PartitionId(2, 11), epochs, 1_700_000_000_000L, Long.MAX_VALUE >> 1);
  }

  @Test
  void it_comes_back_as_it_was() {
    CopyMeta read = CopyMeta.decode(meta().encode().array());
    assertThat(read.partition()).isEqualTo(new PartitionId(2, 11));
    assertThat(read.epochs()).hasToString("3@1 5@1021");
    assertThat(read.logTimeMillis()).isEqualTo(1_700_000_000_000L);
    assertThat(read.lastStamp()).isEqualTo(Long.MAX_VALUE >> 1);
  }

  @Test
  void who_wrote_it_comes_back_where_several_do() {
    Origins origins = new Origins();
    origins.state().seen().saw(7, 99);
    origins.hear(7, 1_000, false);
    origins.hear(9, 5, true);
    CopyMeta meta = new CopyMeta(new PartitionId(2, 11), new EpochTable(), 0, 0, origins);
    CopyMeta read = CopyMeta.decode(meta.encode().array());

    assertThat(read.origins().state().seen().of(7)).isEqualTo(99);
    assertThat(read.origins().heard()).isEqualTo(Map.of(7, 1_000L, 9, 5L));
    assertThat(read.origins().gaps()).containsExactly(9);
  }

  @Test
  void any_other_length_is_refused() {
    byte[] whole = meta().encode().array();
    for (int length = 0; length <= whole.length + 1; length++) {
      if (length != whole.length) {
        byte[] other = Arrays.copyOf(whole, length);
        assertThatThrownBy(() -> CopyMeta.decode(other))
            .as("length " + length)
            .isInstanceOf(MalformedBytesException.class);
      }
    }
  }

  @Test
  void a_newer_format_is_refused_by_its_number() {
    byte[] newer = meta().encode().toArray();
    newer[0] = 6;
    assertThatThrownBy(() -> CopyMeta.decode(newer))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("a copy's meta has format 6, this version knows 1 and 5");
  }
}
