package io.trefoil.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.trefoil.base.Clock;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Divergence files in a folder of the disk: {@code <name>.jsonl}, as {@link DivergenceFile} writes
 * them, and {@code <name>.replays}, a line of JSON for each replay.
 */
final class DivergenceFiles implements DivergenceFolder {
  /** More are not listed: each is a leadership that was lost with entries of its own. */
  private static final int MAX_FILES = 10_000;

  private static final int MAX_HEADER_BYTES = 64 * 1024;
  private static final int MAX_REPLAYS_BYTES = 1 << 20;
  private static final String ENDING = ".jsonl";

  private final Path folder;
  private final String node;
  private final Clock clock;

  /**
   * @param node this node's name, for the files
   */
  DivergenceFiles(Path folder, String node, Clock clock) {
    this.folder = folder;
    this.node = node;
    this.clock = clock;
  }

  private Path file(String name) throws NoSuchFileException {
    if (!DivergenceSummary.isName(name)) {
      throw new NoSuchFileException(name);
    }
    return folder.resolve(name + ENDING);
  }

  private Path replays(String name) {
    return folder.resolve(name + ".replays");
  }

  @Override
  public DivergenceSummary save(LeftHistory left) throws IOException {
    DivergenceSummary summary = DivergenceSummary.of(left, clock.wallMillis());
    DivergenceFile.write(file(summary.name()), summary.header(node), left);
    return summary(summary.name());
  }

  @Override
  public List<DivergenceSummary> list() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<DivergenceSummary> list = new ArrayList<>();
    for (String name : names()) {
      try {
        list.add(summary(name));
      } catch (NoSuchFileException e) {
        // It was discarded meanwhile.
      } catch (IOException e) {
        list.add(DivergenceSummary.unreadable(name, e.getMessage()));
      }
    }
    return list;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(ENDING))
          .map(file -> file.substring(0, file.length() - ENDING.length()))
          .filter(DivergenceSummary::isName)
          .sorted()
          .limit(MAX_FILES)
          .toList();
    }
  }

  private DivergenceSummary summary(String name) throws IOException {
    Path file = file(name);
    byte[] begin;
    try (InputStream in = Files.newInputStream(file)) {
      begin = in.readNBytes(MAX_HEADER_BYTES);
    }
    String line = new String(begin, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    try {
      return DivergenceSummary.parse(
          name,
          DivergenceSummary.JSON.readTree(line),
          Files.size(file),
          Files.getLastModifiedTime(file).toMillis(),
          lastReplay(name));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      String problem = e instanceof JsonProcessingException ? "its first line is no JSON" : null;
      throw new IOException(problem == null ? e.getMessage() : problem, e);
    }
  }

  private DivergenceSummary.Replay lastReplay(String name) throws IOException {
    Path file = replays(name);
    if (!Files.exists(file)) {
      return null;
    }
    byte[] end;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.position(Math.max(0, channel.size() - MAX_REPLAYS_BYTES));
      end = java.nio.channels.Channels.newInputStream(channel).readNBytes(MAX_REPLAYS_BYTES);
    }
    DivergenceSummary.Replay last = null;
    for (String line : new String(end, StandardCharsets.UTF_8).lines().toList()) {
      try {
        last = DivergenceSummary.Replay.of(DivergenceSummary.JSON.readTree(line));
      } catch (JsonProcessingException e) {
        // The node died while it wrote the line: as if that replay had not been noted.
      }
    }
    return last;
  }

  @Override
  public SeekableByteChannel open(String name) throws IOException {
    return Files.newByteChannel(file(name), StandardOpenOption.READ);
  }

  @Override
  public void noteReplay(String name, DivergenceSummary.Replay replay) throws IOException {
    byte[] line = ("\n" + replay.json()).getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(
            replays(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      ByteBuffer bytes = ByteBuffer.wrap(line);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    DivergenceFile.syncNames(folder);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(file(name));
    Files.deleteIfExists(replays(name));
    DivergenceFile.syncNames(folder);
  }
}
