package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsRefused;
import org.junit.jupiter.api.Test;

class EntryBuilderTest {
  private static final int VALUE_BYTES = 16 << 20;

  private final EntryBuilder builder = new EntryBuilder();
  private final byte[] value = new byte[VALUE_BYTES];

  private void put() {
    builder.put(CellType.STRING, 0, value, 0, 1, value, 0, VALUE_BYTES);
  }

  @Test
  void anEntryThatIsTooLargeIsRefusedAndTakenBackWhole() {
    builder.beginCommand(1);
    builder.open(7);
    put();
    builder.endCommand();
    int before = builder.sizeBytes();

    builder.beginCommand(2);
    assertThatCode(builder::refuseTooLarge).doesNotThrowAnyException();
    builder.open(8);
    for (int i = 0; i + VALUE_BYTES < EntryBuilder.MAX_COMMAND_BYTES; i += VALUE_BYTES) {
      put();
      assertThatCode(builder::refuseTooLarge).doesNotThrowAnyException();
    }
    put();
    assertThatThrownBy(builder::refuseTooLarge)
        .isInstanceOf(CellsRefused.class)
        .hasMessage(
            "ERR what the command changes is more than 160 MB together; nothing was changed");
    builder.undoCommand();
    assertThat(builder.sizeBytes()).isEqualTo(before);
    assertThat(builder.count()).isEqualTo(1);
    assertThatCode(builder::refuseTooLarge).doesNotThrowAnyException();
  }
}
