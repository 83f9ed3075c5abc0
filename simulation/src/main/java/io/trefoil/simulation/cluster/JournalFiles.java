package io.trefoil.simulation.cluster;

import io.trefoil.journal.JournalDisk;
import io.trefoil.journal.SegmentFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The journal's folder on a simulated disk. What was written outlives the process; a crash of the
 * machine takes back, sector by sector, any part of what was not synced, as a page cache does.
 */
final class JournalFiles implements JournalDisk {
  private static final int SECTOR = 512;

  private final Process process;
  private final boolean syncs;
  private final TreeMap<String, Content> files = new TreeMap<>();
  private UUID boot = new UUID(1, 1);
  private boolean full;
  private Flip flipped;
  private boolean failsNextSync;
  private boolean failed;

  /** A bit that is wrong, to be set right again. */
  private record Flip(Content content, int position, int bit) {
    boolean isIn(Content other, int start, int length) {
      return content == other && position >= start && position < start + length;
    }
  }

  /** What a process is asked before each call that changes the disk. */
  interface Process {
    /** The process dies here when it throws. */
    void mayDie();
  }

  private static final class Content {
    byte[] bytes;
    int used;
    int synced;

    /** Below this a later record says that it was synced: damage can be told from a torn tail. */
    int known;

    final List<Undo> unsynced = new ArrayList<>();

    /** What a sync that failed was to make durable: the system takes it for done. */
    final List<Undo> dropped = new ArrayList<>();

    Content(int size) {
      bytes = new byte[size];
    }

    /** A sector of which something is written anew is synced with the next sync. */
    void writtenAgain(int start, int end) {
      for (Undo undo : List.copyOf(dropped)) {
        int sector = undo.position() / SECTOR;
        if (sector >= start / SECTOR && sector <= (end - 1) / SECTOR) {
          dropped.remove(undo);
          unsynced.add(0, undo);
        }
      }
    }

    Content copy() {
      Content copy = new Content(0);
      copy.bytes = bytes.clone();
      copy.used = used;
      copy.synced = used;
      copy.known = known;
      return copy;
    }
  }

  /** What a sector held before it was written and not synced. */
  private record Undo(int position, byte[] before) {}

  /**
   * @param syncs whether a sync does what it says
   */
  JournalFiles(Process process, boolean syncs) {
    this.process = process;
    this.syncs = syncs;
  }

  private JournalFiles(Process process, JournalFiles from) {
    this.process = process;
    this.syncs = from.syncs;
    this.boot = from.boot;
    this.files.putAll(from.files);
    this.full = from.full;
    this.flipped = from.flipped;
  }

  /** As a copy of the folder to another disk has it; no process has it open. */
  JournalFiles copy() {
    JournalFiles copy = new JournalFiles(process, this);
    copy.files.replaceAll((name, content) -> content.copy());
    copy.full = false;
    copy.flipped = null;
    return copy;
  }

  /** As a new disk has it. */
  JournalFiles empty() {
    return new JournalFiles(process, syncs);
  }

  /** The same files, for the process that comes after. */
  JournalFiles reopened(Process next) {
    return new JournalFiles(next, this);
  }

  /**
   * The machine crashed: of what was not synced any sectors are lost.
   *
   * @return whether something was
   */
  boolean loseUnsynced(SplittableRandom random) {
    boot = new UUID(1, boot.getLeastSignificantBits() + 1);
    boolean lost = false;
    int survives = random.nextInt(3) * 50; // of a hundred sectors
    for (Content file : files.values()) {
      file.unsynced.addAll(0, file.dropped);
      file.dropped.clear();
      for (int i = file.unsynced.size() - 1; i >= 0; i--) {
        if (random.nextInt(100) >= survives) {
          Undo undo = file.unsynced.get(i);
          System.arraycopy(undo.before(), 0, file.bytes, undo.position(), undo.before().length);
          lost = true;
        }
      }
      file.unsynced.clear();
    }
    return lost;
  }

  /** The next sync fails, and what it was to sync reads well but is not on disk. */
  void failNextSync() {
    failsNextSync = true;
  }

  /** Whether a sync of the process that has it open has failed. */
  boolean hasFailed() {
    return failed;
  }

  /** Whether there is no space for more. */
  void full(boolean noSpace) {
    full = noSpace;
  }

  boolean isFull() {
    return full;
  }

  /**
   * Turns a bit over, while no process has the files open; in what some later record says was
   * synced. In the last group that was, a journal can't tell it from a tail that never was written.
   */
  void flipBit(SplittableRandom random) {
    List<Content> written = files.values().stream().filter(file -> file.known > 0).toList();
    if (flipped == null && !written.isEmpty()) {
      Content content = written.get(random.nextInt(written.size()));
      flipped = new Flip(content, random.nextInt(content.known), 1 << random.nextInt(8));
      turn();
    }
  }

  boolean isDamaged() {
    return flipped != null;
  }

  /** Sets the bit right again. */
  void repair() {
    if (flipped != null) {
      turn();
      flipped = null;
    }
  }

  private void turn() {
    flipped.content().bytes[flipped.position()] ^= (byte) flipped.bit();
  }

  private void needSpace() throws IOException {
    process.mayDie();
    if (full) {
      throw new IOException("No space left on device");
    }
  }

  @Override
  public List<String> list() {
    return new ArrayList<>(files.keySet());
  }

  @Override
  public SegmentFile create(String name, long sizeBytes, Runnable rest) throws IOException {
    needSpace();
    Content content = new Content(Math.toIntExact(sizeBytes));
    files.put(name, content);
    return new Open(content);
  }

  @Override
  public SegmentFile open(String name) throws IOException {
    return new Open(find(name));
  }

  private Content find(String name) throws IOException {
    Content content = files.get(name);
    if (content == null) {
      throw new IOException("there is no " + name);
    }
    return content;
  }

  @Override
  public void rename(String from, String to) throws IOException {
    process.mayDie();
    Content content = find(from);
    content.used = 0; // what it held is of no use under another name
    content.synced = 0;
    content.known = 0;
    files.remove(from);
    files.put(to, content);
  }

  @Override
  public void delete(String name) throws IOException {
    process.mayDie();
    find(name);
    files.remove(name);
  }

  /** Names are never lost here: they are synced one by one. */
  @Override
  public void forceNames() {
    process.mayDie();
  }

  @Override
  public UUID bootId() {
    return boot;
  }

  @Override
  public String place() {
    return "a simulated disk";
  }

  @Override
  public void close() {}

  private final class Open implements SegmentFile {
    private final Content content;

    Open(Content content) {
      this.content = content;
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      process.mayDie();
      int start = Math.toIntExact(position);
      int length = source.remaining();
      if (start + length > content.bytes.length) {
        needSpace(); // what was allocated before has its space
        content.bytes = Arrays.copyOf(content.bytes, start + length);
      }
      for (int at = start; at < start + length; ) {
        int end = Math.min((at / SECTOR + 1) * SECTOR, start + length);
        content.unsynced.add(new Undo(at, Arrays.copyOfRange(content.bytes, at, end)));
        at = end;
      }
      content.writtenAgain(start, start + length);
      if (flipped != null && flipped.isIn(content, start, length)) {
        flipped = null; // nothing is left of the damage
      }
      source.get(content.bytes, start, length);
      content.used = Math.max(content.used, start + length);
      content.known = content.synced;
      process.mayDie();
    }

    @Override
    public int read(ByteBuffer target, long position) {
      int count = (int) Math.max(0, Math.min(target.remaining(), content.bytes.length - position));
      target.put(content.bytes, (int) position, count);
      return count;
    }

    @Override
    public void force() throws IOException {
      process.mayDie();
      if (failsNextSync && !content.unsynced.isEmpty()) {
        failsNextSync = false;
        failed = true;
        content.dropped.addAll(content.unsynced);
        content.unsynced.clear();
        throw new IOException("Input/output error");
      }
      if (syncs) {
        content.unsynced.clear();
      }
      content.synced = content.used;
    }

    @Override
    public long sizeBytes() {
      return content.bytes.length;
    }

    @Override
    public void truncate(long sizeBytes) {
      process.mayDie();
      int size = Math.toIntExact(sizeBytes);
      content.used = Math.min(content.used, size);
      content.synced = Math.min(content.synced, size);
      content.known = Math.min(content.known, size);
      if (size < content.bytes.length) {
        content.bytes = Arrays.copyOf(content.bytes, size);
        content.unsynced.removeIf(undo -> undo.position() + undo.before().length > size);
        content.dropped.removeIf(undo -> undo.position() + undo.before().length > size);
      }
    }

    @Override
    public void close() {}
  }
}
