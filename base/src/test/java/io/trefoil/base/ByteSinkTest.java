package io.trefoil.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ByteSinkTest {
  @Property
  void whatIsWrittenIsRead(
      @ForAll int i, @ForAll long l, @ForAll String text, @ForAll byte[] block) {
    ByteSink sink = new ByteSink(1);
    sink.putInt(i).putLong(l).putVarint(l).putText(text).putBlock(block, 0, block.length);
    ByteSource source = new ByteSource(sink.array(), 0, sink.size());
    assertThat(source.getInt()).isEqualTo(i);
    assertThat(source.getLong()).isEqualTo(l);
    assertThat(source.getVarint()).isEqualTo(l);
    assertThat(source.getText())
        .isEqualTo(
            new String(
                text.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                java.nio.charset.StandardCharsets.UTF_8));
    assertThat(source.getBlock()).isEqualTo(block);
    source.expectEnd();
  }

  @Test
  void aBlockLongerThanWhatIsThereIsRefusedBeforeMemoryIsTaken() {
    ByteSink sink = new ByteSink();
    sink.putVarint(Integer.MAX_VALUE);
    assertThatThrownBy(() -> new ByteSource(sink.toArray()).getBlock())
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("allowed are 0 to 0");
  }

  @Test
  void readingPastTheEndIsRefused() {
    assertThatThrownBy(() -> new ByteSource(new byte[3]).getInt())
        .isInstanceOf(MalformedBytesException.class);
  }
}
