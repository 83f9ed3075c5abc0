package io.trefoil.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** A real folder, locked against other processes for as long as this is open. */
public final class FolderDisk implements JournalDisk {
  private static final String LOCK = "lock";
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path folder;
  private final FileChannel lockFile;
  private final UUID bootId;

  private FolderDisk(Path folder, FileChannel lockFile) {
    this.folder = folder;
    this.lockFile = lockFile;
    this.bootId = readBootId();
  }

  /**
   * Takes the folder, which is made if it isn't there.
   *
   * @throws JournalUnusable when another process holds it, or it can't be written
   */
  public static FolderDisk open(Path folder) {
    try {
      Files.createDirectories(folder);
      FileChannel file =
          FileChannel.open(
              folder.resolve(LOCK),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      lock(folder, file);
      return new FolderDisk(folder, file);
    } catch (IOException e) {
      throw new JournalUnusable(
          "the folder "
              + folder
              + " can't be written by this user ("
              + e
              + "); give it to the user that runs the node, or set data.dir to another",
          e);
    }
  }

  private static void lock(Path folder, FileChannel file) throws IOException {
    FileLock lock;
    try {
      lock = file.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      String holder = holder(file);
      file.close();
      throw new JournalUnusable(
          "the folder "
              + folder
              + " is held by process "
              + holder
              + "; stop that one, or give this node a data.dir of its own");
    }
    file.truncate(0);
    byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    file.write(ByteBuffer.wrap(pid), 0);
  }

  private static String holder(FileChannel file) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(20);
    file.read(pid, 0);
    String text = new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII);
    return text.isEmpty() ? "(unknown)" : text;
  }

  private static UUID readBootId() {
    try {
      return UUID.fromString(Files.readString(BOOT_ID).trim());
    } catch (IOException | IllegalArgumentException e) {
      return UNKNOWN_BOOT;
    }
  }

  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).filter(n -> !n.equals(LOCK)).toList();
    }
  }

  @Override
  public SegmentFile create(String name, long sizeBytes, Runnable rest) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve(name),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      fill(channel, sizeBytes, rest);
      return new ChannelFile(channel);
    } catch (IOException e) {
      channel.close();
      Files.deleteIfExists(folder.resolve(name));
      throw e;
    }
  }

  /** Piece by piece, so that a sync of the current segment never waits behind one large flush. */
  private static void fill(FileChannel channel, long sizeBytes, Runnable rest) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, sizeBytes));
    for (long at = 0; at < sizeBytes; at += zeros.capacity()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), sizeBytes - at));
      writeFully(channel, zeros, at);
      channel.force(false);
      rest.run();
    }
    channel.force(true);
  }

  @Override
  public SegmentFile open(String name) throws IOException {
    return new ChannelFile(
        FileChannel.open(folder.resolve(name), StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(folder.resolve(from), folder.resolve(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(folder.resolve(name));
  }

  @Override
  public void forceNames() throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
  }

  @Override
  public UUID bootId() {
    return bootId;
  }

  @Override
  public String place() {
    return folder.toString();
  }

  /** Lets the folder go. The lock file stays: deleting it could take another process's lock. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }

  private static void writeFully(FileChannel channel, ByteBuffer source, long position)
      throws IOException {
    long at = position;
    while (source.hasRemaining()) {
      at += channel.write(source, at);
    }
  }

  private record ChannelFile(FileChannel channel) implements SegmentFile {
    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      writeFully(channel, source, position);
    }

    /** In chunks, as the channel keeps a direct buffer of the largest read per thread. */
    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      int start = target.position();
      int end = target.limit();
      int read = 0;
      while (start + read < end && read >= 0) {
        target.limit(Math.min(end, start + read + CHUNK_BYTES));
        int n = channel.read(target, position + read);
        if (n <= 0) {
          break;
        }
        read += n;
      }
      target.limit(end);
      return read;
    }

    @Override
    public void force() throws IOException {
      channel.force(false);
    }

    @Override
    public long sizeBytes() throws IOException {
      return channel.size();
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      channel.truncate(sizeBytes);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
