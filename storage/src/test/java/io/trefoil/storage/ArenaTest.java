package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.trefoil.base.InvariantViolation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArenaTest {
  private final Arena arena = new Arena(16 << 20);
  private final Random random = new Random(1);

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private int record(byte[] key, byte[] value) {
    int handle = arena.allocate(Records.keyBytes(key.length, value.length));
    int flags = Records.CLEAN | Records.PRESENT_BEFORE;
    arena.write(handle, 11, 22, 33, flags, 44, 55, key, 0, key.length, value, 0, value.length);
    return handle;
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 0",
    "0, 1",
    "16, 64",
    "7, 1000",
    "16, 65000",
    "16, 100000",
    "16, 65535",
    "16, 65536",
    "65534, 1",
    "65535, 1",
    "16, 131007",
    "16, 131008",
    "16, 262079",
    "16, 262080",
    "300000, 10",
    "262095, 600000",
    "262096, 5"
  })
  void aRecordOfAnySizeIsReadAsWritten(int keyLength, int valueLength) {
    byte[] key = bytes(keyLength);
    byte[] value = bytes(valueLength);
    record(bytes(3), bytes(3));
    int handle = record(key, value);
    assertThat(arena.key(handle)).isEqualTo(key);
    assertThat(arena.value(handle)).isEqualTo(value);
    assertThat(arena.keyEquals(handle, key, 0, key.length)).isTrue();
    assertThat(arena.hash(handle)).isEqualTo(HashIndex.hash(key, 0, key.length));
    assertThat(arena.index(handle)).isEqualTo(11);
    assertThat(arena.stamp(handle)).isEqualTo(22);
    assertThat(arena.expireAt(handle)).isEqualTo(33);
    assertThat(arena.type(handle)).isEqualTo(44);
    assertThat(arena.store(handle)).isEqualTo(55);
    assertThat(arena.state(handle)).isEqualTo(Records.CLEAN);
    assertThat(arena.footprint(handle)).isGreaterThanOrEqualTo(keyLength + valueLength);
    if (keyLength > 0) {
      key[keyLength - 1]++;
      assertThat(arena.keyEquals(handle, key, 0, key.length)).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "8, 16",
    "16, 65535",
    "16, 65536",
    "65526, 1",
    "65527, 1",
    "16, 262080",
    "16, 262081",
    "262096, 600000",
    "262097, 5"
  })
  void aFieldOfAnySizeIsReadAsWritten(int fieldLength, int valueLength) {
    byte[] field = bytes(fieldLength);
    byte[] value = bytes(valueLength);
    byte[] key = Records.fieldKey(77, field, 0, fieldLength);
    record(bytes(3), bytes(3));
    int handle = arena.allocate(Records.fieldBytes(key.length, valueLength));
    int flags = Records.CLEAN | Records.FIELD;
    arena.write(handle, 11, 22, 0, flags, 0, 55, key, 0, key.length, value, 0, valueLength);
    assertThat(arena.key(handle)).isEqualTo(key);
    assertThat(arena.value(handle)).isEqualTo(value);
    assertThat(arena.collection(handle)).isEqualTo(77);
    assertThat(arena.fieldEquals(handle, 77, field, 0, fieldLength)).isTrue();
    assertThat(arena.fieldEquals(handle, 78, field, 0, fieldLength)).isFalse();
    assertThat(arena.hash(handle)).isEqualTo(HashIndex.hash(field, 0, fieldLength));
    assertThat(arena.index(handle)).isEqualTo(11);
    assertThat(arena.stamp(handle)).isEqualTo(22);
    assertThat(arena.expireAt(handle)).isZero();
    assertThat(arena.type(handle)).isZero();
    assertThat(arena.store(handle)).isEqualTo(55);
    assertThat(arena.footprint(handle)).isGreaterThanOrEqualTo(key.length + valueLength);
    if (fieldLength > 0) {
      field[fieldLength - 1]++;
      assertThat(arena.fieldEquals(handle, 77, field, 0, fieldLength)).isFalse();
    }
  }

  @Test
  void memoryOfAnySizeClassIsUsedAgainForAnyOther() {
    long most = 0;
    for (int size : new int[] {10, 100, 3_000, 70_000, 400_000, 30}) {
      List<Integer> handles = new ArrayList<>();
      for (int bytes = 0; bytes < 8 << 20; bytes += size) {
        handles.add(record(bytes(8), bytes(size)));
      }
      most = Math.max(most, arena.chunkLimit());
      handles.forEach(arena::free);
      assertThat(arena.usedBytes()).isZero();
    }
    // Ten-byte values waste most: 16 MiB in 64-byte slots would be 512 chunks, never the sum.
    assertThat(most).isLessThan(300);
  }

  @Test
  void aPageOfAnIndexIsItsOwnAndNeverSeenAsARecord() {
    Map<IndexPage, Byte> pages = new LinkedHashMap<>();
    for (int i = 0; i < 4_000; i++) {
      if (random.nextInt(3) > 0) {
        int bytes = 1 + random.nextInt(i % 100 == 0 ? 300_000 : 9_000);
        IndexPage page = new IndexPage(arena, bytes);
        byte content = (byte) random.nextInt();
        assertThat(page.memory().capacity()).isEqualTo(bytes);
        for (int at = 0; at < bytes; at++) {
          page.memory().put(at, content);
        }
        pages.put(page, content);
      } else if (!pages.isEmpty()) {
        freeFirst(pages);
      }
    }
    for (int chunk = 1; chunk < arena.chunkLimit(); chunk++) {
      assertThat(arena.holdsRecords(chunk)).isFalse();
    }
    while (!pages.isEmpty()) {
      freeFirst(pages);
    }
    assertThat(arena.usedBytes()).isZero();
  }

  private static void freeFirst(Map<IndexPage, Byte> pages) {
    IndexPage page = pages.keySet().iterator().next();
    byte content = pages.remove(page);
    for (int at = 0; at < page.memory().capacity(); at++) {
      if (page.memory().get(at) != content) {
        fail("another's bytes at " + at);
      }
    }
    page.free();
  }

  @Test
  void freeingTwiceIsRefused() {
    record(bytes(8), bytes(8));
    int handle = record(bytes(8), bytes(8));
    arena.free(handle);
    assertThatThrownBy(() -> arena.free(handle))
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("freed twice");
  }
}
