package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.base.Stamp;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The divergence files of this node, and the {@code DIVERGED} commands. A file's id is {@code
 * node/name}, so any node knows whom to ask: the one that has the file runs the command, and reads
 * its disk in the background. Belongs to the data loop's thread.
 */
final class Divergences {
  private static final Logger LOG = LoggerFactory.getLogger(Divergences.class);

  private static final int COUNT = 100;
  private static final int MAX_COUNT = 1_000;

  /** A page ends when its reply is so large, whatever is left of its count. */
  static final int MAX_PAGE_BYTES = 4 << 20;

  private static final long LIST_NANOS = 3_000_000_000L;
  private static final long READ_NANOS = 60_000_000_000L;
  private static final long REPLAY_NANOS = 3_600_000_000_000L;

  private final String self;
  private final int clientPort;
  private final DataLoop loop;
  private final Executor background;
  private final DivergenceFolder folder;
  private final Routes routes;
  private final Forwards forwards;
  private final Supplier<ClusterState> state;
  private final SortedMap<String, DivergenceSummary> files = new TreeMap<>();

  /** Files saved since the start, whose saving was told. */
  private final Set<String> saved = new HashSet<>();

  /** Files that are being replayed. */
  private final Set<String> busy = new HashSet<>();

  private CommandRunner runner;

  /**
   * @param self this node's name
   * @param clientPort where people reach it
   * @param found the files at the start
   */
  Divergences(
      String self,
      int clientPort,
      DataLoop loop,
      Executor background,
      DivergenceFolder folder,
      Routes routes,
      Forwards forwards,
      Supplier<ClusterState> state,
      List<DivergenceSummary> found) {
    this.self = self;
    this.clientPort = clientPort;
    this.loop = loop;
    this.background = background;
    this.folder = folder;
    this.routes = routes;
    this.forwards = forwards;
    this.state = state;
    found.forEach(file -> files.put(file.name(), file));
  }

  /** Gives it the runner, by which keys are compared and written. */
  void use(CommandRunner newRunner) {
    runner = newRunner;
  }

  // What there is.

  /**
   * Saves what left the history, and returns once it is on disk.
   *
   * @throws IOException when it can't be made durable; nothing may then be cut
   */
  void save(LeftHistory left) throws IOException {
    DivergenceSummary file = folder.save(left);
    files.put(file.name(), file);
    if (!saved.add(file.name())) {
      return; // a snapshot's: it was saved before, and the snapshot took its place now
    }
    LOG.warn(
        "partition={} {} entries from {} to {} are not in the history of epoch {} and are kept:"
            + " look at them with ./trefoil diverged -p {} diff {}",
        left.partition(),
        left.count(),
        left.first(),
        left.last(),
        left.newEpoch(),
        clientPort,
        id(file.name()));
    if (left.unknownCount() > 0) {
      LOG.error(
          "partition={} the first {} of them were not in the journal any more: their number is all"
              + " that is saved",
          left.partition(),
          left.unknownCount());
    }
  }

  /** Entries by partition that are neither in the history again nor discarded. */
  Map<PartitionId, Long> undecidedEntries() {
    Map<PartitionId, Long> entries = new TreeMap<>();
    for (DivergenceSummary file : files.values()) {
      if (!file.isReplayed()) {
        entries.merge(file.partition(), file.entries(), Long::sum);
      }
    }
    return entries;
  }

  /** Entries that are kept here, by the epoch whose history lacks them. */
  Map<Long, Long> entriesByEpoch() {
    Map<Long, Long> entries = new TreeMap<>();
    files.values().forEach(file -> entries.merge(file.newEpoch(), file.entries(), Long::sum));
    return entries;
  }

  /** Files that are neither in the history again nor discarded. */
  long undecidedFiles() {
    return files.values().stream().filter(file -> !file.isReplayed()).count();
  }

  /** A file's id: which node has it, and its name. */
  String id(String name) {
    return self + "/" + name;
  }

  /** What people call a file's database, and whether it is there no more. */
  String database(DivergenceSummary file) {
    return state.get().databases().values().stream()
        .filter(database -> database.id() == file.partition().database())
        .map(Database::title)
        .findFirst()
        .orElse(
            (file.database().isEmpty() ? "" + file.partition().database() : file.database())
                + " (dropped)");
  }

  // Which node runs a command.

  /** Runs a client's command. */
  void run(Args args, int protocol, Delivery delivery) {
    String what = args.text(1).toLowerCase(Locale.ROOT);
    if (what.equals("list")) {
      askAll(
          Args.of("DIVERGED", "LIST"),
          (replies, silent) -> writeAll(replies, silent, protocol, delivery));
      return;
    }
    String id = args.text(2);
    int slash = id.lastIndexOf('/');
    if (slash < 1 || !DivergenceSummary.isName(id.substring(slash + 1))) {
      refuse(
          delivery,
          "ERR a divergence file's id is node/name, such as n1/4-0-9-991-1000; DIVERGED LIST lists"
              + " them");
      return;
    }
    ClusterNode node = state.get().nodeByName(id.substring(0, slash)).orElse(null);
    if (node == null) {
      refuse(delivery, "ERR no node is called '" + printable(id.substring(0, slash)) + "'");
    } else if (node.id().equals(loop.self())) {
      runHere(args, protocol, delivery);
    } else if (!forwards.canReach(node.id())) {
      refuse(delivery, "CLUSTERDOWN " + node.name() + ", which has the file, is not connected");
    } else {
      boolean replay = what.equals("replay");
      long deadline = loop.nowNanos() + (replay ? REPLAY_NANOS : READ_NANOS);
      forwards.sendTo(
          node.id(), protocol, replay || what.equals("discard"), args, deadline, delivery);
    }
  }

  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }

  /** Runs a command about this node's files. */
  void runHere(Args args, int protocol, Delivery delivery) {
    if (state.get().clusterId() == 0) {
      refuse(delivery, "TRYAGAIN " + self + " has just started and does not know the cluster yet");
      return;
    }
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    switch (args.text(1).toLowerCase(Locale.ROOT)) {
      case "list" -> list(args, reply, delivery);
      case "show" -> withPage(args, delivery, page -> show(page, reply, delivery));
      case "diff" -> withPage(args, delivery, page -> diff(page, reply, delivery));
      case "replay" -> withOverwrite(args, delivery, how -> replay(how, reply, delivery));
      case "discard" -> discard(nameOf(args), reply, delivery);
      default -> refuse(delivery, "ERR unknown subcommand. Try DIVERGED HELP.");
    }
  }

  private static String nameOf(Args args) {
    String id = args.text(2);
    return id.substring(id.lastIndexOf('/') + 1);
  }

  static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }

  private static void deliver(Delivery delivery, ReplyWriter reply) {
    delivery.deliver(Answer.NONE, reply.toArray());
  }

  /** Something that is read from the disk. */
  private interface Reading<T> {
    T read() throws IOException;
  }

  private <T> void read(String name, Delivery delivery, Reading<T> reading, Consumer<T> then) {
    background.execute(
        () -> {
          try {
            T result = reading.read();
            loop.execute(() -> then.accept(result));
          } catch (IOException e) {
            loop.execute(() -> unreadable(name, delivery, e));
          }
        });
  }

  private void unreadable(String name, Delivery delivery, IOException e) {
    if (e instanceof NoSuchFileException) {
      files.remove(name); // somebody deleted it
      refuse(delivery, "ERR there is no divergence file " + id(name));
    } else {
      refuse(delivery, "ERR " + id(name) + " can't be read: " + printable("" + e.getMessage()));
    }
  }

  // LIST.

  /** Asks every node for its files; gives their replies, and who did not answer and why. */
  private void askAll(Args list, BiConsumer<List<Reply>, SortedMap<String, String>> then) {
    List<Reply> replies = new ArrayList<>();
    SortedMap<String, String> silent = new TreeMap<>();
    List<ClusterNode> nodes = List.copyOf(state.get().nodes().values());
    int[] awaited = {nodes.size()};
    for (ClusterNode node : nodes) {
      Consumer<Reply> receiver =
          reply -> {
            if (reply instanceof Reply.Several several) {
              replies.addAll(several.items());
            } else {
              silent.put(node.name(), reply instanceof Reply.Failure no ? no.text() : "no list");
            }
            if (--awaited[0] == 0) {
              replies.sort(Comparator.comparing(Divergences::idOf));
              then.accept(replies, silent);
            }
          };
      askForList(node.id(), list, receiver);
    }
  }

  private void askForList(NodeId node, Args list, Consumer<Reply> receiver) {
    if (node.equals(loop.self())) {
      runHere(list, 3, KeyWalk.read(receiver));
    } else if (forwards.canReach(node)) {
      long deadline = loop.nowNanos() + LIST_NANOS;
      forwards.sendTo(node, 3, false, list, deadline, KeyWalk.read(receiver));
    } else {
      receiver.accept(new Reply.Failure("it is not connected"));
    }
  }

  /** The id in what {@link #describe} wrote. */
  private static String idOf(Reply file) {
    return file instanceof Reply.Several map && map.items().get(1) instanceof Reply.Bulk id
        ? new String(id.bytes().array(), StandardCharsets.UTF_8)
        : "";
  }

  private static void writeAll(
      List<Reply> files, SortedMap<String, String> silent, int protocol, Delivery delivery) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    reply.map(2);
    reply.bulkText("files");
    reply.array(files.size());
    files.forEach(file -> Reply.write(file, reply));
    reply.bulkText("silent_nodes");
    reply.array(silent.size());
    silent.forEach(
        (node, reason) -> {
          reply.map(2);
          text(reply, "node", node);
          text(reply, "reason", reason);
        });
    deliver(delivery, reply);
  }

  /** This node's files; when another node asks for those that keep an entry, only they. */
  private void list(Args args, ReplyWriter reply, Delivery delivery) {
    Predicate<DivergenceSummary> wanted =
        args.count() == 4 ? keeping(args.text(2), args.text(3)) : file -> true;
    Set<String> before = Set.copyOf(files.keySet());
    background.execute(
        () -> {
          try {
            List<DivergenceSummary> found = folder.list();
            loop.execute(
                () -> {
                  takeOver(before, found);
                  List<DivergenceSummary> listed = files.values().stream().filter(wanted).toList();
                  reply.array(listed.size());
                  listed.forEach(file -> describe(file, reply));
                  deliver(delivery, reply);
                });
          } catch (IOException e) {
            loop.execute(() -> refuse(delivery, "ERR its files can't be listed: " + e));
          }
        });
  }

  /** People may delete files and put back others. */
  private void takeOver(Set<String> before, List<DivergenceSummary> found) {
    Set<String> there = new HashSet<>();
    for (DivergenceSummary file : found) {
      there.add(file.name());
      files.putIfAbsent(file.name(), file);
    }
    for (Iterator<String> it = files.keySet().iterator(); it.hasNext(); ) {
      String name = it.next();
      if (before.contains(name) && !there.contains(name)) {
        it.remove();
      }
    }
  }

  private void describe(DivergenceSummary file, ReplyWriter reply) {
    reply.map(15);
    text(reply, "id", id(file.name()));
    text(reply, "node", self);
    text(reply, "database", database(file));
    number(reply, "partition", file.partition().number());
    number(reply, "entries", file.entries());
    number(reply, "unknown_entries", file.unknownEntries());
    text(reply, "first", file.first().toString());
    text(reply, "last", file.last().toString());
    number(reply, "new_epoch", file.newEpoch());
    number(reply, "written_ms", file.writtenMillis());
    number(reply, "bytes", file.sizeBytes());
    boolean replayed = file.replay() != null;
    text(reply, "replayed", file.isReplayed() ? "yes" : replayed ? "in part" : "no");
    number(reply, "replayed_ms", replayed ? file.replay().millis() : 0);
    number(reply, "keys_left", replayed ? file.replay().left() : 0);
    text(reply, "problem", file.problem() == null ? "" : printable(file.problem()));
  }

  static void text(ReplyWriter reply, String name, String value) {
    reply.bulkText(name);
    reply.bulkText(value);
  }

  static void number(ReplyWriter reply, String name, long value) {
    reply.bulkText(name);
    reply.integer(value);
  }

  /** Finds the files that keep an entry; also says which nodes did not answer. */
  void findKeepers(
      PartitionId partition, Position position, BiConsumer<List<String>, List<String>> then) {
    askAll(
        Args.of("DIVERGED", "LIST", partition.toString(), position.toString()),
        (replies, silent) ->
            then.accept(
                replies.stream().map(Divergences::idOf).toList(), List.copyOf(silent.keySet())));
  }

  private static Predicate<DivergenceSummary> keeping(String partition, String position) {
    Position entry = Position.parse(position);
    return file -> file.partition().toString().equals(partition) && file.keeps(entry);
  }

  // SHOW.

  /**
   * Which part of a file is wanted.
   *
   * @param from number of the first change or key, from 0
   */
  private record Page(String name, int count, long from) {}

  private static void withPage(Args args, Delivery delivery, Consumer<Page> then) {
    int count = COUNT;
    long from = 0;
    for (int i = 3; i < args.count(); i += 2) {
      boolean isCount = args.isWord(i, "COUNT");
      if (!isCount && !args.isWord(i, "FROM") || i + 1 == args.count()) {
        refuse(delivery, "ERR syntax error: after the id come COUNT n and FROM i");
        return;
      }
      if (!args.parseLong(i + 1) || args.parsed() < (isCount ? 1 : 0)) {
        refuse(delivery, "ERR value is not an integer or out of range");
        return;
      }
      if (isCount) {
        count = (int) Math.min(args.parsed(), MAX_COUNT);
      } else {
        from = args.parsed();
      }
    }
    then.accept(new Page(nameOf(args), count, from));
  }

  private void show(Page page, ReplyWriter reply, Delivery delivery) {
    String id = id(page.name());
    read(
        page.name(),
        delivery,
        () -> {
          try (DivergenceReader reader = new DivergenceReader(folder.open(page.name()))) {
            writeChanges(id, page, reader, reply);
            return reply;
          }
        },
        written -> deliver(delivery, written));
  }

  private static void writeChanges(String id, Page page, DivergenceReader reader, ReplyWriter reply)
      throws IOException {
    JsonNode change = reader.next();
    for (long skipped = 0; skipped < page.from() && change != null; skipped++) {
      change = reader.next();
    }
    ReplyWriter changes = new ReplyWriter();
    changes.setProtocol(reply.protocol());
    int count = 0;
    while (change != null && count < page.count() && changes.size() < MAX_PAGE_BYTES) {
      writeChange(change, changes);
      count++;
      change = reader.next();
    }
    reply.map(3);
    text(reply, "id", id);
    reply.bulkText("changes");
    reply.array(count);
    reply.raw(changes.toArray());
    next(reply, change == null ? -1 : page.from() + count);
  }

  /** Where the next page begins; nothing after the last one. */
  static void next(ReplyWriter reply, long number) {
    reply.bulkText("next");
    if (number < 0) {
      reply.nil();
    } else {
      reply.integer(number);
    }
  }

  /** As the file has it, whatever the kind of change; but not what is only to be merged. */
  private static void writeChange(JsonNode change, ReplyWriter reply) throws IOException {
    reply.map(change.size() - (change.has(EntryLines.MERGE) ? 1 : 0));
    for (Map.Entry<String, JsonNode> field : change.properties()) {
      String name = field.getKey();
      if (name.equals(EntryLines.MERGE)) {
        continue;
      }
      if (name.equals("stamp")) {
        number(reply, "time_ms", Stamp.millis(field.getValue().asLong()));
      } else if (name.endsWith("_base64")) {
        String plain = name.substring(0, name.length() - "_base64".length());
        reply.bulkText(plain);
        reply.bulk(DivergenceReader.bytes(change, plain));
      } else if (field.getValue().isIntegralNumber()) {
        number(reply, name, field.getValue().asLong());
      } else {
        JsonNode value = field.getValue();
        text(reply, name, value.isTextual() ? value.asText() : value.toString());
      }
    }
  }

  // DIFF and REPLAY.

  /**
   * A file whose keys are compared or written.
   *
   * @param keys in the order of their last changes
   * @param cleared where the file removes all keys that came before, or null
   */
  record Opened(
      DivergenceSummary file, List<LeftKeys.Key> keys, Position cleared, PartitionRoute route) {}

  /** Reads a file's keys, if its database is still there. */
  private void open(String name, Delivery delivery, Consumer<Opened> then) {
    read(
        name,
        delivery,
        () -> {
          try (DivergenceReader reader = new DivergenceReader(folder.open(name))) {
            return LeftKeys.read(reader);
          }
        },
        keys -> {
          DivergenceSummary file = files.get(name);
          PartitionRoute route = file == null ? null : routes.partition(file.partition());
          if (file == null) {
            refuse(delivery, "TRYAGAIN the file was not here a moment ago: DIVERGED LIST first");
          } else if (file.problem() != null) {
            refuse(delivery, "ERR " + id(name) + " can't be read: " + printable(file.problem()));
          } else if (route == null) {
            refuse(
                delivery,
                "ERR database '"
                    + database(file)
                    + "' is not there: DIVERGED SHOW shows what the file holds");
          } else {
            then.accept(new Opened(file, keys.list(), keys.cleared(), route));
          }
        });
  }

  /** Asks the partition's leader about keys of a file; {@code then} runs when all was well. */
  private KeyWalk walk(
      Opened opened, int from, KeyWalk.Step step, Delivery delivery, Consumer<KeyWalk> then) {
    KeyWalk[] walk = new KeyWalk[1];
    walk[0] =
        new KeyWalk(
            loop,
            background,
            folder,
            opened.file().name(),
            opened.keys(),
            from,
            (command, receiver) -> runner.runOnLeader(opened.route(), command, receiver),
            step,
            broken -> {
              if (broken == null) {
                then.accept(walk[0]);
              } else {
                busy.remove(opened.file().name());
                unreadable(opened.file().name(), delivery, broken);
              }
            });
    return walk[0];
  }

  private void diff(Page page, ReplyWriter reply, Delivery delivery) {
    open(
        page.name(),
        delivery,
        opened -> {
          DivergenceDiff diff = new DivergenceDiff(opened, page.count(), reply.protocol());
          int from = (int) Math.min(page.from(), opened.keys().size());
          walk(
                  opened,
                  from,
                  diff,
                  delivery,
                  walk -> {
                    if (diff.error() != null) {
                      refuse(delivery, diff.error());
                      return;
                    }
                    diff.write(id(page.name()), database(opened.file()), walk.next(), reply);
                    deliver(delivery, reply);
                  })
              .begin();
        });
  }

  /**
   * How a file is replayed.
   *
   * @param overwrite keys in conflict, too
   * @param seen the digest of a diff: only keys that are as it showed them; null for any
   */
  private record How(String name, boolean overwrite, String seen) {}

  private static void withOverwrite(Args args, Delivery delivery, Consumer<How> then) {
    int count = args.count();
    boolean overwrite = count > 3 && args.isWord(3, "OVERWRITE");
    boolean seen = count == 6 && args.isWord(4, "SEEN");
    if (count == 3 || count == 4 && overwrite || overwrite && seen) {
      then.accept(new How(nameOf(args), overwrite, seen ? args.text(5) : null));
    } else {
      refuse(delivery, "ERR syntax error: after the id comes OVERWRITE, or OVERWRITE SEEN digest");
    }
  }

  private void replay(How how, ReplyWriter reply, Delivery delivery) {
    if (!busy.add(how.name())) {
      refuse(delivery, "TRYAGAIN " + id(how.name()) + " is being replayed");
      return;
    }
    Delivery answer =
        (by, bytes) -> {
          busy.remove(how.name());
          delivery.deliver(by, bytes);
        };
    open(
        how.name(),
        answer,
        opened -> {
          if (how.seen() == null) {
            begin(how, opened, null, reply, answer);
          } else {
            compareFirst(how, opened, reply, answer);
          }
        });
  }

  /** What was looked at has to be what is there; each key is then written if it is so still. */
  private void compareFirst(How how, Opened opened, ReplyWriter reply, Delivery delivery) {
    DivergenceDiff.Stamps stamps = new DivergenceDiff.Stamps(opened);
    walk(
            opened,
            0,
            stamps,
            delivery,
            walk -> {
              if (stamps.error() != null) {
                refuse(delivery, stamps.error());
              } else if (!stamps.digest().equals(how.seen())) {
                refuse(
                    delivery,
                    "ERR keys have changed since that diff: look again, DIVERGED DIFF "
                        + id(how.name()));
              } else {
                begin(how, opened, stamps, reply, delivery);
              }
            })
        .begin();
  }

  private void begin(
      How how, Opened opened, DivergenceDiff.Stamps stamps, ReplyWriter reply, Delivery delivery) {
    DivergenceReplay replay = new DivergenceReplay(opened, how.overwrite(), stamps);
    KeyWalk walk =
        walk(opened, 0, replay, delivery, ended -> ended(how, opened, replay, reply, delivery));
    if (replay.clears()) {
      runner.runOnLeader(
          opened.route(),
          Args.of("FLUSHDB"),
          told -> {
            replay.cleared(told);
            walk.begin();
          });
    } else {
      walk.begin();
    }
  }

  private void ended(
      How how, Opened opened, DivergenceReplay replay, ReplyWriter reply, Delivery delivery) {
    DivergenceSummary.Replay note = replay.note(loop.wallMillis());
    LOG.warn(
        "{} was replayed{}: {} keys written, {} were so already, {} left",
        id(how.name()),
        how.overwrite() ? " with OVERWRITE" : "",
        note.applied(),
        note.same(),
        note.left());
    read(
        how.name(),
        delivery,
        () -> {
          folder.noteReplay(how.name(), note);
          return note;
        },
        noted -> {
          files.computeIfPresent(how.name(), (name, file) -> file.withReplay(note));
          replay.write(id(how.name()), database(opened.file()), reply);
          deliver(delivery, reply);
        });
  }

  // DISCARD.

  private void discard(String name, ReplyWriter reply, Delivery delivery) {
    if (busy.contains(name)) {
      refuse(delivery, "TRYAGAIN " + id(name) + " is being replayed");
      return;
    }
    read(
        name,
        delivery,
        () -> {
          folder.delete(name);
          return name;
        },
        deleted -> {
          DivergenceSummary file = files.remove(name);
          LOG.warn("{} was discarded", id(name));
          if (file == null) {
            file = DivergenceSummary.unreadable(name, "it was not listed");
          }
          describe(file, reply);
          deliver(delivery, reply);
        });
  }
}
