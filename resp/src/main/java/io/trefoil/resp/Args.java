package io.trefoil.resp;

import io.trefoil.base.Invariants;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The words of one command: ranges of one array. Argument 0 is the command's name.
 *
 * <p>What a {@link RespParser} hands out is a view of the connection's buffer and is used again for
 * the next command: it is valid until the buffer is written to, moved, or parsed on. Whoever keeps
 * a command longer takes {@link #detached()} or {@link #encoded()}. Not thread-safe.
 */
public final class Args {
  private static final int KEPT_CAPACITY = 1024;

  private byte[] array = new byte[0];
  private int base;
  private int count;
  private int[] starts = new int[16];
  private int[] lengths = new int[16];
  private final Decimal decimal = new Decimal();

  /** The command with these words, in an array of its own. */
  public static Args of(byte[]... words) {
    int size = 0;
    for (byte[] word : words) {
      size = Math.addExact(size, word.length);
    }
    Args args = new Args();
    args.array = new byte[size];
    int at = 0;
    for (byte[] word : words) {
      System.arraycopy(word, 0, args.array, at, word.length);
      args.add(at, word.length);
      at += word.length;
    }
    return args;
  }

  /** The command with these words as UTF-8. */
  public static Args of(String... words) {
    byte[][] bytes = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = words[i].getBytes(StandardCharsets.UTF_8);
    }
    return of(bytes);
  }

  /** How many words there are, the command's name included. */
  public int count() {
    return count;
  }

  /** The array that all words are in. */
  public byte[] array() {
    return array;
  }

  /** Where in {@link #array()} word {@code index} begins. */
  public int offset(int index) {
    return base + starts[checked(index)];
  }

  /** The size of word {@code index} in bytes. */
  public int length(int index) {
    return lengths[checked(index)];
  }

  /** A word as UTF-8; what isn't UTF-8 becomes U+FFFD. */
  public String text(int index) {
    return new String(array, offset(index), length(index), StandardCharsets.UTF_8);
  }

  /** A word with each byte as one char, so that it can be echoed byte by byte. */
  public String latin1(int index) {
    return new String(array, offset(index), length(index), StandardCharsets.ISO_8859_1);
  }

  /** A copy of a word. */
  public byte[] copy(int index) {
    int start = offset(index);
    return Arrays.copyOfRange(array, start, start + length(index));
  }

  /**
   * Whether a word is {@code upperCase} in any case.
   *
   * @param upperCase ASCII without small letters
   */
  public boolean isWord(int index, String upperCase) {
    int length = upperCase.length();
    if (length(index) != length) {
      return false;
    }
    int start = offset(index);
    for (int i = 0; i < length; i++) {
      if (upper(array[start + i]) != upperCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** An ASCII small letter as its capital, any other byte as it is. */
  public static int upper(byte letter) {
    return letter >= 'a' && letter <= 'z' ? letter - 32 : letter & 0xff;
  }

  /** Whether two words are the same bytes. */
  public boolean same(int a, int b) {
    return Arrays.equals(
        array, offset(a), offset(a) + length(a), array, offset(b), offset(b) + length(b));
  }

  /** Whether a word is a number by the rules of {@link Decimal}; it is then {@link #parsed()}. */
  public boolean parseLong(int index) {
    return decimal.parse(array, offset(index), length(index));
  }

  /** The number that the last successful {@link #parseLong} read. */
  public long parsed() {
    return decimal.value();
  }

  /** A deep copy that outlives the connection's buffer. */
  public Args detached() {
    Args copy = new Args();
    int first = count == 0 ? 0 : offset(0);
    int end = count == 0 ? 0 : offset(count - 1) + length(count - 1);
    for (int i = 0; i < count; i++) {
      first = Math.min(first, offset(i));
      end = Math.max(end, offset(i) + length(i));
    }
    copy.array = Arrays.copyOfRange(array, first, end);
    for (int i = 0; i < count; i++) {
      copy.add(offset(i) - first, length(i));
    }
    return copy;
  }

  /** The command as RESP bytes, as a client would send it. */
  public byte[] encoded() {
    long size = 1L + Decimal.length(count) + 2;
    for (int i = 0; i < count; i++) {
      size += 1L + Decimal.length(length(i)) + 2 + length(i) + 2;
    }
    byte[] out = new byte[Math.toIntExact(size)];
    int at = header(out, 0, '*', count);
    for (int i = 0; i < count; i++) {
      at = header(out, at, '$', length(i));
      System.arraycopy(array, offset(i), out, at, length(i));
      at += length(i);
      out[at++] = '\r';
      out[at++] = '\n';
    }
    return out;
  }

  private static int header(byte[] out, int start, char type, int number) {
    int at = start;
    out[at++] = (byte) type;
    at += Decimal.write(number, out, at);
    out[at++] = '\r';
    out[at++] = '\n';
    return at;
  }

  /** Forgets the words. */
  public void clear() {
    count = 0;
    base = 0;
    if (starts.length > KEPT_CAPACITY) {
      starts = new int[16];
      lengths = new int[16];
    }
  }

  /** Adds a word of another command without copying it; all words come from one array. */
  public void addFrom(Args source, int index) {
    Invariants.check(count == 0 || array == source.array, "words of two arrays");
    array = source.array;
    add(source.offset(index) - base, source.length(index));
  }

  /** Adds a copy of a word, to a command that was made by this method only. */
  public void append(byte[] source, int offset, int length) {
    int end = count == 0 ? 0 : starts[count - 1] + lengths[count - 1];
    int needed = Math.addExact(end, length);
    if (needed > array.length) {
      array = Arrays.copyOf(array, Math.max(needed, (int) Math.min(array.length * 2L, 1 << 30)));
    }
    System.arraycopy(source, offset, array, end, length);
    add(end, length);
  }

  /** As above, a word in UTF-8. */
  public void append(String word) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    append(bytes, 0, bytes.length);
  }

  /** Places the words: their starts count from {@code newBase} in {@code newArray}. */
  void place(byte[] newArray, int newBase) {
    array = newArray;
    base = newBase;
  }

  void add(int start, int length) {
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    starts[count] = start;
    lengths[count] = length;
    count++;
  }

  private int checked(int index) {
    Invariants.check(index >= 0 && index < count, "no such argument", index, count);
    return index;
  }

  /** For people: the words as UTF-8, parted by spaces. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : " ").append(text(i));
    }
    return text.toString();
  }
}
