package io.trefoil.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotsTest {
  @Test
  void theChecksumIsTheOneOfTheClusterSpecification() {
    byte[] digits = Bytes.utf8("123456789").array();
    assertThat(Slots.crc16(digits, 0, digits.length)).isEqualTo(0x31C3);
  }

  @ParameterizedTest
  @CsvSource({"foo, 12182", "bar, 5061", "hello, 866", "somekey, 11058", "'', 0"})
  void keysHaveTheSlotsThatRedisGivesThem(String key, int slot) {
    assertThat(Slots.slot(Bytes.utf8(key).array())).isEqualTo(slot);
  }

  @ParameterizedTest
  @CsvSource({
    "{user1000}.following, user1000",
    "{user1000}.followers, user1000",
    "foo{{bar}}zap, {bar",
    "foo{bar}{zap}, bar",
    "foo{}{bar}, foo{}{bar}",
    "{}, {}",
    "foo{bar, foo{bar",
    "foo}bar{, foo}bar{",
  })
  void onlyTheFirstHashTagCounts(String key, String hashed) {
    byte[] bytes = Bytes.utf8(hashed).array();
    assertThat(Slots.slot(Bytes.utf8(key).array()))
        .isEqualTo(Slots.crc16(bytes, 0, bytes.length) % Slots.COUNT);
  }

  @Property
  void aKeyInsideALargerArrayHasTheSameSlot(@ForAll byte[] before, @ForAll byte[] key) {
    byte[] larger = new byte[before.length + key.length + 3];
    Arrays.fill(larger, (byte) '}');
    System.arraycopy(before, 0, larger, 0, before.length);
    System.arraycopy(key, 0, larger, before.length, key.length);
    assertThat(Slots.slot(larger, before.length, key.length)).isEqualTo(Slots.slot(key));
  }

  @Property
  void theTableGivesWhatDividingBitByBitGives(@ForAll byte[] bytes) {
    int crc = 0;
    for (byte b : bytes) {
      crc ^= (b & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
      }
    }
    assertThat(Slots.crc16(bytes, 0, bytes.length)).isEqualTo(crc);
  }
}
