package io.trefoil.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Two files of JSON lines in a folder of the disk: {@code conflicts.jsonl} is written to; when it
 * is full it becomes {@code conflicts.1.jsonl}, in place of the one of that name.
 */
final class ConflictFiles implements ConflictFolder {
  private final Path folder;
  private final Path newer;
  private final Path older;
  private final long maxBytes;

  /**
   * @param maxBytes of a file, about: what is written at once is not parted
   */
  ConflictFiles(Path folder, long maxBytes) {
    this.folder = folder;
    this.newer = folder.resolve("conflicts.jsonl");
    this.older = folder.resolve("conflicts.1.jsonl");
    this.maxBytes = maxBytes;
  }

  @Override
  public List<String> read() throws IOException {
    List<String> lines = new ArrayList<>();
    for (Path file : List.of(older, newer)) {
      if (Files.exists(file)) {
        byte[] content = Files.readAllBytes(file); // a torn line may end within a letter
        new String(content, StandardCharsets.UTF_8).lines().forEach(lines::add);
      }
    }
    lines.removeIf(String::isEmpty);
    return lines;
  }

  @Override
  public void append(List<String> lines) throws IOException {
    Files.createDirectories(folder);
    if (Files.exists(newer) && Files.size(newer) >= maxBytes) {
      Files.move(newer, older, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
    // Begins a line of its own: the one before may be torn.
    String text = "\n" + String.join("\n", lines) + "\n";
    Files.write(
        newer,
        text.getBytes(StandardCharsets.UTF_8),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
