package io.trefoil.journal.memory;

import io.trefoil.base.Invariants;
import io.trefoil.journal.JournalDisk;
import io.trefoil.journal.SegmentFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A disk that tells what was written from what was synced.
 *
 * <p>Contents reach the platter when they are forced, or by sectors of {@value #SECTOR_BYTES} bytes
 * that a {@link #crash} happens to keep. Names are as lasting as {@link #forceNames} made them.
 * What it does follows from the seed and the calls alone. Faults are set by the other methods, at
 * any time; they are not {@link JournalDisk}'s. Safe for use by several threads.
 */
public final class SimulatedDisk implements JournalDisk {
  public static final int SECTOR_BYTES = 512;

  private final Random random;
  private final Map<String, Content> files = new TreeMap<>();
  private Map<String, Content> lastingFiles = new TreeMap<>();
  private long capacityBytes = Long.MAX_VALUE;
  private int forcesUntilFailure = Integer.MAX_VALUE;
  private int writesUntilFailure = Integer.MAX_VALUE;
  private long forces;

  /** Handles of an earlier life no longer work. */
  private int life;

  private long boot = 1;
  private boolean held;

  public SimulatedDisk(long seed) {
    random = new Random(seed);
  }

  /** Takes the disk, as a process that starts; {@link #close()} gives it back. */
  public synchronized SimulatedDisk hold() {
    Invariants.check(!held, "the simulated disk is held by another process");
    held = true;
    return this;
  }

  /** The process dies: all that was written stays, open files no longer work. */
  public synchronized void kill() {
    life++;
    held = false;
    forcesUntilFailure = Integer.MAX_VALUE;
    writesUntilFailure = Integer.MAX_VALUE;
  }

  /**
   * The machine crashes and starts again: of what was not forced, any part is lost.
   *
   * @param keptPercent chance that an unforced sector or name is kept, 0 to 100
   */
  public synchronized void crash(int keptPercent) {
    kill();
    boot++;
    Map<String, Content> kept = new TreeMap<>(lastingFiles);
    for (Map.Entry<String, Content> file : lastingFiles.entrySet()) {
      if (files.get(file.getKey()) != file.getValue() && random.nextInt(100) < keptPercent) {
        kept.remove(file.getKey());
      }
    }
    for (Map.Entry<String, Content> file : files.entrySet()) {
      boolean lasting = lastingFiles.containsValue(file.getValue());
      if (lasting ? !kept.containsValue(file.getValue()) : random.nextInt(100) < keptPercent) {
        kept.put(file.getKey(), file.getValue());
      }
    }
    files.clear();
    files.putAll(kept);
    lastingFiles = kept;
    for (Content content : files.values()) {
      content.crash(random, keptPercent);
    }
  }

  /** Inverts the bits of {@code mask} in one byte, on the platter and in memory. */
  public synchronized void flip(String name, long position, int mask) {
    Content content = files.get(name);
    content.now[(int) position] ^= (byte) mask;
    content.lasting[(int) position] ^= (byte) mask;
  }

  /** The force after {@code more} others fails, and so do all after it until the process dies. */
  public synchronized void failForceAfter(int more) {
    forcesUntilFailure = more;
  }

  /** The write after {@code more} others fails half way, and all after it. */
  public synchronized void failWriteAfter(int more) {
    writesUntilFailure = more;
  }

  /** No file can grow beyond this in sum. */
  public synchronized void limitCapacity(long bytes) {
    capacityBytes = bytes;
  }

  /** How many times a file was forced. */
  public synchronized long forces() {
    return forces;
  }

  /** A copy of a file as it is read now. */
  public synchronized byte[] contents(String name) {
    Content content = files.get(name);
    return Arrays.copyOf(content.now, content.sizeBytes);
  }

  /** Another disk with the same contents, held by nobody and with no faults set. */
  public synchronized SimulatedDisk copy(long seed) {
    SimulatedDisk copy = new SimulatedDisk(seed);
    copy.boot = boot;
    Map<Content, Content> copies = new IdentityHashMap<>();
    files.forEach((name, content) -> copy.files.put(name, copied(copies, content)));
    lastingFiles.forEach((name, content) -> copy.lastingFiles.put(name, copied(copies, content)));
    return copy;
  }

  private static Content copied(Map<Content, Content> copies, Content content) {
    return copies.computeIfAbsent(content, Content::new);
  }

  @Override
  public synchronized List<String> list() {
    return List.copyOf(files.keySet());
  }

  @Override
  public synchronized SegmentFile create(String name, long sizeBytes, Runnable rest)
      throws IOException {
    if (files.containsKey(name)) {
      throw new IOException(name + " is already there");
    }
    requireRoom(sizeBytes);
    Content content = new Content(sizeBytes);
    files.put(name, content);
    return new OpenFile(content, life);
  }

  @Override
  public synchronized SegmentFile open(String name) throws IOException {
    return new OpenFile(file(name), life);
  }

  private Content file(String name) throws IOException {
    Content content = files.get(name);
    if (content == null) {
      throw new IOException(name + " is not there");
    }
    return content;
  }

  @Override
  public synchronized void rename(String from, String to) throws IOException {
    Content content = file(from);
    files.remove(from);
    files.put(to, content);
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    file(name);
    files.remove(name);
  }

  @Override
  public synchronized void forceNames() {
    lastingFiles = new TreeMap<>(files);
  }

  @Override
  public synchronized UUID bootId() {
    return new UUID(1, boot);
  }

  @Override
  public String place() {
    return "memory";
  }

  @Override
  public synchronized void close() {
    held = false;
  }

  private void requireRoom(long more) throws IOException {
    if (more == 0) {
      return;
    }
    long used = files.values().stream().mapToLong(content -> content.sizeBytes).sum();
    if (used + more > capacityBytes) {
      throw new IOException("No space left on device");
    }
  }

  /** What a file holds, as processes see it and as the platter has it. */
  private static final class Content {
    byte[] now;
    byte[] lasting;
    int sizeBytes;
    final BitSet dirty = new BitSet();

    Content(long sizeBytes) {
      this.sizeBytes = Math.toIntExact(sizeBytes);
      now = new byte[this.sizeBytes];
      lasting = new byte[this.sizeBytes];
    }

    Content(Content other) {
      now = other.now.clone();
      lasting = other.lasting.clone();
      sizeBytes = other.sizeBytes;
      dirty.or(other.dirty);
    }

    void write(ByteBuffer source, int position) {
      int end = position + source.remaining();
      if (end > now.length) {
        now = Arrays.copyOf(now, end * 2);
        lasting = Arrays.copyOf(lasting, end * 2);
      }
      sizeBytes = Math.max(sizeBytes, end);
      source.get(now, position, end - position);
      dirty.set(position / SECTOR_BYTES, (end + SECTOR_BYTES - 1) / SECTOR_BYTES);
    }

    void force() {
      dirty.stream().forEach(this::keep);
      dirty.clear();
    }

    private void keep(int sector) {
      int from = sector * SECTOR_BYTES;
      System.arraycopy(now, from, lasting, from, Math.min(SECTOR_BYTES, now.length - from));
    }

    void crash(Random random, int keptPercent) {
      dirty.stream().filter(sector -> random.nextInt(100) < keptPercent).forEach(this::keep);
      dirty.clear();
      System.arraycopy(lasting, 0, now, 0, now.length);
    }
  }

  private final class OpenFile implements SegmentFile {
    private final Content content;
    private final int openedIn;
    private boolean closed;

    OpenFile(Content content, int openedIn) {
      this.content = content;
      this.openedIn = openedIn;
    }

    private void check() throws IOException {
      if (closed || openedIn != life) {
        throw new IOException("the file is closed");
      }
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      synchronized (SimulatedDisk.this) {
        check();
        long end = position + source.remaining();
        requireRoom(Math.max(end - content.sizeBytes, 0));
        boolean fails = writesUntilFailure <= 0;
        writesUntilFailure -= writesUntilFailure == Integer.MAX_VALUE ? 0 : 1;
        if (fails) {
          source.limit(source.position() + source.remaining() / 2);
        }
        content.write(source, Math.toIntExact(position));
        if (fails) {
          throw new IOException("Input/output error");
        }
      }
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      synchronized (SimulatedDisk.this) {
        check();
        int n = (int) Math.min(target.remaining(), Math.max(content.sizeBytes - position, 0));
        if (n > 0) {
          target.put(content.now, (int) position, n);
        }
        return n;
      }
    }

    @Override
    public void force() throws IOException {
      synchronized (SimulatedDisk.this) {
        check();
        forces++;
        if (forcesUntilFailure <= 0) {
          // As Linux does: the pages count as clean from now on, but never reached the disk.
          content.dirty.clear();
          throw new IOException("Input/output error");
        }
        forcesUntilFailure -= forcesUntilFailure == Integer.MAX_VALUE ? 0 : 1;
        content.force();
      }
    }

    @Override
    public long sizeBytes() throws IOException {
      synchronized (SimulatedDisk.this) {
        check();
        return content.sizeBytes;
      }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      synchronized (SimulatedDisk.this) {
        check();
        content.sizeBytes = (int) Math.min(content.sizeBytes, sizeBytes);
      }
    }

    @Override
    public void close() {
      synchronized (SimulatedDisk.this) {
        closed = true;
      }
    }
  }
}
