package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MemoryCellDiskTest {
  private static final byte[] KEY = CellDisk.key(7, 1, bytes("k"), 0, 1);

  private final MemoryCellDisk disk = new MemoryCellDisk();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void put(String value) {
    disk.write("a cell", batch -> batch.put(KEY, bytes(value)));
  }

  @Test
  void aCrashLeavesWhatWasFlushedLast() {
    put("old");
    disk.flush();
    put("new");
    assertThat(disk.get(KEY)).isEqualTo(bytes("new"));
    assertThat(disk.afterCrash().get(KEY)).isEqualTo(bytes("old"));
    disk.flush();
    assertThat(disk.afterCrash().get(KEY)).isEqualTo(bytes("new"));
  }

  @Test
  void whatIsWrittenAfterACrashLeavesTheImageBeforeAsItWas() {
    put("old");
    disk.flush();
    MemoryCellDisk after = disk.afterCrash();
    after.write("a cell", batch -> batch.put(KEY, bytes("other")));
    assertThat(disk.get(KEY)).isEqualTo(bytes("old"));
    assertThat(after.afterCrash().get(KEY)).isEqualTo(bytes("old"));
  }

  @Test
  void aBatchThatFailsChangesNothing() {
    assertThatThrownBy(
            () ->
                disk.write(
                    "half",
                    batch -> {
                      batch.put(KEY, bytes("half"));
                      throw new IllegalStateException("broken");
                    }))
        .hasMessage("broken");
    assertThat(disk.get(KEY)).isSameAs(CellDisk.ABSENT);
  }

  @Test
  void aViewIsOfItsMoment() {
    put("old");
    CellDisk.View view = disk.view();
    disk.write("drop", batch -> batch.drop(7));
    try (CellDisk.CellIterator cells = disk.cells(7, 0, view)) {
      assertThat(cells.isValid()).isTrue();
      assertThat(cells.stored()).isEqualTo(bytes("old"));
    }
    try (CellDisk.CellIterator cells = disk.cells(7, 0, null)) {
      assertThat(cells.isValid()).isFalse();
    }
  }

  @Test
  void copiesAreListedOnceTheyAreWhole() {
    CopyState whole = new CopyState(3, new Position(1, 9), 2, Bytes.EMPTY);
    disk.write(
        "copies",
        batch -> {
          batch.loading(2);
          batch.ready(whole);
        });
    assertThat(disk.copies()).containsExactly(whole);
    assertThat(disk.unfinishedCopies()).containsExactly(2L);
    disk.write("drop", batch -> batch.drop(2));
    assertThat(disk.unfinishedCopies()).isEmpty();
  }
}
