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
    EntryWriter.open(sink, CellType.HASH, 1L << 61, key, 0, 1);
    EntryWriter.field(sink, value, 0, 2, value, 2, 3);
    EntryWriter.drop(sink, value, 4, 1);
    EntryWriter.head(sink, 6_000, 1_000_000);
    EntryWriter.open(sink, CellType.SET, 5, value, 0, 1);
    EntryWriter.head(sink, 0, 1);

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
            "mark 1152921504606846976 1700000000000",
            "field HASH k 2305843009213693952 va=lue",
            "drop HASH k 2305843009213693952 e",
            "head HASH k 2305843009213693952 6000 1000000",
            "head SET v 5 0 1");
  }

  @Test
  void whatSeveralOriginsWroteComesFromARegionInOneEntry() {
    ByteSink theirs = new ByteSink();
    EntryWriter.begin(theirs, 78);
    EntryWriter.remove(theirs, Bytes.utf8("k").array(), 0, 1);
    EntryWriter.told(theirs, 1, Bytes.utf8("all").array(), 3);
    ByteSink body = new ByteSink();
    body.putBlock(theirs.array(), 0, theirs.size());
    ByteSink sink = new ByteSink();
    EntryWriter.begin(sink, 77);
    EntryWriter.reached(sink, 2, 5, 900);
    EntryWriter.from(sink, 82, 899, 1, body.toArray());
    EntryWriter.from(sink, 51, 7, 1, body.toArray());

    assertThat(EntryReader.isForeign(new ByteSource(sink.toArray()))).isTrue();
    ByteSource source = new ByteSource(sink.toArray());
    EntryReader.stamp(source);
    Recorder recorder = new Recorder();
    EntryReader.changes(source, recorder);
    assertThat(recorder.seen)
        .containsExactly(
            "reached 2 5:900",
            "from 82 899 1",
            "entry 78",
            "remove k",
            "told 1 all",
            "from 51 7 1",
            "entry 78",
            "remove k",
            "told 1 all");
  }

  @Test
  void mergesAndPartsComeBackWithWhoWroteThem() {
    byte[] key = Bytes.utf8("k").array();
    byte[] change = Bytes.utf8("change").array();
    ByteSink theirs = new ByteSink();
    EntryWriter.begin(theirs, 78);
    EntryWriter.merge(theirs, key, 0, 1, change, 6);
    EntryWriter.part(theirs, CellType.SET, key, 0, 1, change, 3);
    ByteSink body = new ByteSink();
    body.putBlock(theirs.array(), 0, theirs.size());
    ByteSink sink = new ByteSink();
    EntryWriter.begin(sink, 77);
    EntryWriter.from(sink, 5, 900, 1, body.toArray());

    ByteSource source = new ByteSource(sink.toArray());
    assertThat(EntryReader.isForeign(new ByteSource(sink.toArray()))).isTrue();
    assertThat(EntryReader.isForeign(new ByteSource(theirs.toArray()))).isFalse();
    assertThat(EntryReader.stamp(source)).isEqualTo(77);
    Recorder recorder = new Recorder();
    EntryReader.changes(source, recorder);
    assertThat(recorder.seen)
        .containsExactly("from 5 900 1", "entry 78", "merge k change", "part SET k cha");
  }

  @Test
  void entriesOfOthersWithinThoseOfOthersAreRefused() {
    ByteSink inner = new ByteSink();
    EntryWriter.begin(inner, 78);
    EntryWriter.from(inner, 5, 900, 0, new byte[0]);
    ByteSink body = new ByteSink();
    body.putBlock(inner.array(), 0, inner.size());
    ByteSink sink = new ByteSink();
    EntryWriter.from(sink, 5, 900, 1, body.toArray());

    assertThatThrownBy(() -> EntryReader.changes(new ByteSource(sink.toArray()), new Recorder()))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("within");
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

  /**
   * Each cut at its end: a field without a key, a number of none, a string, a type of tomorrow, a
   * hash of none.
   */
  @Test
  void fieldsThatBelongToNothingAreRefused() {
    int[][] wrong = {
      {7, 1, 'f', 0},
      {8, 1, 'f'},
      {9, 0, 1},
      {6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'k'},
      {6, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 'k'},
      {6, 9, 1, 0, 0, 0, 0, 0, 0, 0, 1, 'k'},
      {6, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 'k', 9, 0, 0}
    };
    for (int[] bytes : wrong) {
      ByteSink sink = new ByteSink();
      for (int each : bytes) {
        sink.putByte(each);
      }
      ByteSource source = new ByteSource(sink.toArray());
      assertThatThrownBy(() -> EntryReader.changes(source, new Recorder()))
          .isInstanceOf(MalformedBytesException.class);
    }
  }

  @Test
  void keysBecomeSuchAsSeveralOriginsWrite() {
    ByteSink sink = new ByteSink();
    EntryWriter.begin(sink, 7);
    EntryWriter.adopt(sink, Bytes.utf8("xkey").array(), 1, 3);
    EntryWriter.adopted(sink);
    ByteSource source = new ByteSource(sink.toArray());
    EntryReader.stamp(source);
    Recorder recorder = new Recorder();
    EntryReader.changes(source, recorder);
    assertThat(recorder.seen).containsExactly("adopt key", "adopted");
  }

  @Test
  void anUnknownChangeIsRefusedByNumber() {
    ByteSource source = new ByteSource(new byte[] {19});
    assertThatThrownBy(() -> EntryReader.changes(source, new Recorder()))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage("change 19 is not known to this version");
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
    public void told(int region, byte[] what, int offset, int length) {
      seen.add("told " + region + " " + text(what, offset, length));
    }

    @Override
    public void adopt(byte[] key, int offset, int length) {
      seen.add("adopt " + text(key, offset, length));
    }

    @Override
    public void adopted() {
      seen.add("adopted");
    }

    @Override
    public void reached(int region, long epoch, long index) {
      seen.add("reached " + region + " " + epoch + ":" + index);
    }

    @Override
    public void mark(long id, long timeMillis) {
      seen.add("mark " + id + " " + timeMillis);
    }

    @Override
    public void field(Opened of, byte[] field, int fo, int fl, byte[] value, int vo, int vl) {
      seen.add("field " + text(of) + " " + text(field, fo, fl) + "=" + text(value, vo, vl));
    }

    @Override
    public void drop(Opened of, byte[] field, int offset, int length) {
      seen.add("drop " + text(of) + " " + text(field, offset, length));
    }

    @Override
    public void head(Opened of, long expireAt, long count) {
      seen.add("head " + text(of) + " " + expireAt + " " + count);
    }

    @Override
    public void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength) {
      seen.add("merge " + text(key, offset, length) + " " + text(change, at, changeLength));
    }

    @Override
    public void part(
        CellType type, byte[] field, int fo, int fl, byte[] change, int at, int changeLength) {
      seen.add("part " + type + " " + text(field, fo, fl) + " " + text(change, at, changeLength));
    }

    @Override
    public void fill(long purged) {
      seen.add("fill " + purged);
    }

    @Override
    public void from(int origin, long index, int count) {
      seen.add("from " + origin + " " + index + " " + count);
    }

    @Override
    public void entry(long stamp) {
      seen.add("entry " + stamp);
    }

    private static String text(Opened of) {
      String key = text(of.array(), of.offset(), of.length());
      return of.type() + " " + key + " " + of.collection();
    }

    private static String text(byte[] array, int offset, int length) {
      return Bytes.copyOf(array, offset, length).toString();
    }
  }
}
