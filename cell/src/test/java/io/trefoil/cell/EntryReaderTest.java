package io.trefoil.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EntryReaderTest {
  @Test
  void changesComeBackInTheirOrder() {
    byte[] key = Bytes.utf8("k").array();
    byte[] value = Bytes.utf8("value").array();
    ByteSink sink = new ByteSink();
    EntryWriter.begin(sink, 77);
    EntryWriter.put(sink, CellType.STRING, 5_000, key, 0, 1, value, 1, 3);
    EntryWriter.remove(sink, key, 0, 1);
    EntryWriter.expire(sink, 0, key, 0, 1);
    EntryWriter.clear(sink);
    EntryWriter.mark(sink, 1L << 60, 1_700_000_000_000L);

    ByteSource source = new ByteSource(sink.toArray());
    assertThat(EntryReader.stamp(source)).isEqualTo(77);
    Recorder recorder = new Recorder();
    EntryReader.changes(source, recorder);
    assertThat(recorder.seen)
        .containsExactly(
            "put STRING 5000 k=alu",
            "remove k",
            "expire 0 k",
            "clear",
            "mark 1152921504606846976 1700000000000");
  }

  @Test
  void theBytesOfAMarkNeverChange() {
    ByteSink sink = new ByteSink();
    EntryWriter.mark(sink, 300, 5);
    assertThat(sink.toArray()).containsExactly(5, 0xac, 2, 5);
  }

  @Test
  void aMarkThatIsCutOffIsRefused() {
    ByteSource source = new ByteSource(new byte[] {5, 1, (byte) 0x80});
    assertThatThrownBy(() -> EntryReader.changes(source, new Recorder()))
        .isInstanceOf(MalformedBytesException.class);
  }

  @Test
  void anUnknownChangeIsRefusedByNumber() {
    ByteSource source = new ByteSource(new byte[] {9});
    assertThatThrownBy(() -> EntryReader.changes(source, new Recorder()))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("change 9 is not known to this version");
  }

  private static final class Recorder implements EntryReader.Changes {
    final List<String> seen = new ArrayList<>();

    @Override
    public void put(
        CellType type, long expireAt, byte[] key, int ko, int kl, byte[] value, int vo, int vl) {
      seen.add(
          "put " + type + " " + expireAt + " " + text(key, ko, kl) + "=" + text(value, vo, vl));
    }

    @Override
    public void remove(byte[] key, int offset, int length) {
      seen.add("remove " + text(key, offset, length));
    }

    @Override
    public void expire(long expireAt, byte[] key, int offset, int length) {
      seen.add("expire " + expireAt + " " + text(key, offset, length));
    }

    @Override
    public void clear() {
      seen.add("clear");
    }

    @Override
    public void mark(long id, long timeMillis) {
      seen.add("mark " + id + " " + timeMillis);
    }

    private static String text(byte[] array, int offset, int length) {
      return Bytes.copyOf(array, offset, length).toString();
    }
  }
}
