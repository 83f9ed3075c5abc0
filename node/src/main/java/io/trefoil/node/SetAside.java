package io.trefoil.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a damaged node had, in a folder of its own: nothing is deleted. The identity that stays says
 * that nothing was journaled, so that the cluster lets no copy of this node count until others have
 * made it whole.
 *
 * <p>The identity goes first: a disk on which that alone was done is one that is older than the
 * node, and counts for nothing either.
 */
final class SetAside {
  private static final List<String> PARTS = List.of(Node.JOURNAL, Node.STORAGE);
  private static final String PREFIX = "set-aside-";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSS");

  private final Path dataDir;
  private final Path folder;

  private SetAside(Path dataDir, Path folder) {
    this.dataDir = dataDir;
    this.folder = folder;
  }

  static SetAside in(Path dataDir, LocalDateTime now) {
    return new SetAside(dataDir, dataDir.resolve(PREFIX + TIME.format(now)));
  }

  /**
   * The one that was made last.
   *
   * @throws IOException when there is none
   */
  static SetAside newest(Path dataDir) throws IOException {
    try (Stream<Path> all = Files.list(dataDir)) {
      Path last =
          all.filter(each -> each.getFileName().toString().startsWith(PREFIX))
              .max(Comparator.naturalOrder())
              .orElseThrow(() -> new IOException("nothing was set aside in " + dataDir));
      return new SetAside(dataDir, last);
    }
  }

  /**
   * Sets journal and storage aside.
   *
   * @return where they are now
   */
  Path take(NodeIdentity identity) throws IOException {
    Files.createDirectory(folder);
    identity.store(folder);
    identity.emptied().store(dataDir);
    move(dataDir, folder);
    return folder;
  }

  /**
   * Puts them in the place of what the node has begun since, which is empty.
   *
   * @return where they are now
   */
  Path putBack() throws IOException {
    NodeIdentity before = NodeIdentity.load(folder, 0);
    if (before.node() == 0) {
      throw new IOException("there is no identity in " + folder);
    }
    for (String part : PARTS) {
      if (Files.exists(folder.resolve(part)) && Files.exists(dataDir.resolve(part))) {
        delete(dataDir.resolve(part));
      }
    }
    move(folder, dataDir);
    before.store(dataDir);
    delete(folder);
    return dataDir;
  }

  private static void move(Path from, Path to) throws IOException {
    for (String part : PARTS) {
      if (Files.exists(from.resolve(part))) {
        Files.move(from.resolve(part), to.resolve(part), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    DivergenceFile.syncNames(to);
    DivergenceFile.syncNames(from);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
