package io.trefoil.node.process;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The classes of node processes, as jars and with an archive of what the JVM makes of them: a node
 * starts with half the work, and tests start hundreds. Made once for a build.
 */
final class NodeClasses {
  /** What nodes of tests run with; an archive is good for its own choice of these alone. */
  private static final List<String> JVM =
      List.of("-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private static final Path FOLDER = Path.of("target", "node-classes").toAbsolutePath();
  private static final List<String> COMMAND = prepare();

  private NodeClasses() {}

  /** Begins the command line of a program of the node's, which is named next. */
  static List<String> command() {
    return new ArrayList<>(COMMAND);
  }

  private static List<String> prepare() {
    try {
      Files.createDirectories(FOLDER);
      String classPath = classPath();
      Path archive = FOLDER.resolve("nodes.jsa");
      if (isOlder(archive, classPath)) {
        rehearse(classPath, archive);
      }
      List<String> command = java(classPath);
      if (Files.exists(archive)) {
        command.add(1, "-XX:SharedArchiveFile=" + archive);
      }
      return command;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> java(String classPath) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    command.addAll(List.of("-cp", classPath));
    return command;
  }

  /** The tests' own, with jars in place of folders, of which the JVM archives nothing. */
  private static String classPath() throws IOException {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      if (!Files.isDirectory(path)) {
        entries.add(entry);
      } else if (path.endsWith("classes")) {
        entries.add(jar(path).toString());
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  private static Path jar(Path classes) throws IOException {
    Path jar = FOLDER.resolve(classes.getParent().getParent().getFileName() + ".jar");
    if (!Files.exists(jar) || newest(classes).compareTo(Files.getLastModifiedTime(jar)) > 0) {
      ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
      int code =
          tool.run(System.out, System.err, "-cf", jar.toString(), "-C", classes.toString(), ".");
      if (code != 0) {
        throw new IOException("no jar can be made of " + classes);
      }
    }
    return jar;
  }

  private static FileTime newest(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      Optional<FileTime> newest = files.map(NodeClasses::time).max(FileTime::compareTo);
      return newest.orElseThrow();
    }
  }

  private static FileTime time(Path path) {
    try {
      return Files.getLastModifiedTime(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isOlder(Path archive, String classPath) {
    return !Files.exists(archive)
        || Stream.of(classPath.split(File.pathSeparator))
            .map(Path::of)
            .filter(Files::exists)
            .anyMatch(each -> time(each).compareTo(time(archive)) > 0);
  }

  /** Nodes start without an archive, only later, when this does not work. */
  private static void rehearse(String classPath, Path archive) throws IOException {
    Files.deleteIfExists(archive);
    Path data = FOLDER.resolve("rehearsal");
    delete(data);
    List<String> command = java(classPath);
    command.add(1, "-XX:ArchiveClassesAtExit=" + archive);
    command.addAll(List.of("io.trefoil.node.Rehearsal", data.toString()));
    File said = FOLDER.resolve("rehearsal.txt").toFile();
    new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(said)
        .start()
        .onExit()
        .join();
    delete(data);
  }

  static void delete(Path top) throws IOException {
    if (Files.exists(top)) {
      try (Stream<Path> all = Files.walk(top)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }
}
