package io.trefoil.node;

import io.trefoil.journal.FolderDisk;
import io.trefoil.journal.JournalUnusable;
import io.trefoil.node.settings.SettingsError;
import io.trefoil.node.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * {@code trefoil heal}: prepares a stopped node whose journal or storage is damaged, so that its
 * next start has the other replicas fill its copies anew. Exit codes: 0 done, 1 failed, 2 bad
 * usage.
 */
public final class HealCommand {
  private static final String UNDO = "--undo";

  private HealCommand() {}

  public static void main(String[] arguments) {
    List<String> words = new ArrayList<>(List.of(arguments));
    if (words.isEmpty() || words.contains("--help") || words.contains("-h")) {
      System.out.println(
          """
          Usage: ./trefoil heal --config <file> [--undo]

          For a node that refuses to start because its journal or storage is damaged. Stop it first.
          Its journal and storage are set aside, not deleted; when it is started again it is still the
          same node, and the others fill its copies, which count for nothing until they are whole.
          The start is refused where no other node has a copy.

            --config <file>   the node's settings; flags such as --data.dir are taken, too
            --undo            puts back what was set aside; only as long as the node has not served since
          """);
      System.exit(words.isEmpty() ? Main.BAD_SETTINGS : 0);
    }
    boolean undo = words.remove(UNDO);
    try {
      Path dataDir = SettingsReader.read(Main.withoutConfigFlag(words)).node().dataDir();
      System.out.println(undo ? undo(dataDir) : heal(dataDir));
    } catch (SettingsError e) {
      e.problems().forEach(System.err::println);
      System.exit(Main.BAD_SETTINGS);
    } catch (IOException | JournalUnusable e) {
      System.err.println("trefoil heal: " + e.getMessage());
      System.exit(Main.FAILED);
    }
  }

  private static String heal(Path dataDir) throws IOException {
    NodeIdentity identity = identity(dataDir);
    checkStopped(dataDir);
    Path aside = SetAside.in(dataDir, LocalDateTime.now()).take(identity);
    return String.format(
        "set aside: %s%nStart the node: its copies are filled by the others, and count when they are"
            + " whole. ./trefoil status shows how far they are.%nThen remove that folder.",
        aside);
  }

  private static String undo(Path dataDir) throws IOException {
    NodeIdentity identity = identity(dataDir);
    checkStopped(dataDir);
    if (identity.incarnation() > 0) {
      throw new IOException(
          "the node of "
              + dataDir
              + " has served since its data was set aside, or it never was: nothing is put back");
    }
    return "put back: " + SetAside.newest(dataDir).putBack();
  }

  private static NodeIdentity identity(Path dataDir) throws IOException {
    NodeIdentity identity = NodeIdentity.load(dataDir, ThreadLocalRandom.current().nextLong());
    if (identity.node() == 0) {
      throw new IOException(
          dataDir
              + " belongs to no node of a cluster yet: there is nothing to heal; an empty folder"
              + " joins as a new node");
    }
    return identity;
  }

  /** The journal's folder is locked as long as a process runs on it. */
  private static void checkStopped(Path dataDir) throws IOException {
    FolderDisk.open(dataDir.resolve(Node.JOURNAL)).close();
  }
}
