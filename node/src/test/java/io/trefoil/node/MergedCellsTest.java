package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.cell.CellsRefused;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.resp.Reply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on cells that three nodes write, which hear of each other in any order. */
class MergedCellsTest {
  private static final List<String> KEYS = List.of("a", "b", "c", "d", "{e}", "f");
  private static final int MANY_FIELDS = 300;

  @TempDir private Path folder;
  private MergedReplica a;
  private MergedReplica b;
  private MergedReplica c;

  @BeforeEach
  void open() {
    a = new MergedReplica(1, folder);
    b = new MergedReplica(2, folder);
    c = new MergedReplica(5, folder);
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
    c.close();
  }

  private static EntryBatch write(MergedReplica at, String command) {
    at.run(command.split(" "));
    return at.taken;
  }

  /** A reply as text; the elements of a set or map in their order. */
  private static String read(MergedReplica at, String command) {
    return text(at.run(command.split(" ")));
  }

  static String text(Reply reply) {
    if (reply instanceof Reply.Several several) {
      return several.items().stream()
          .map(MergedCellsTest::text)
          .collect(Collectors.toCollection(TreeSet::new))
          .toString();
    }
    if (reply instanceof Reply.Bulk bulk) {
      return bulk.bytes().toString();
    }
    return reply.toString();
  }

  private static void tell(EntryBatch of, MergedReplica from, MergedReplica... others) {
    for (MergedReplica other : others) {
      other.hear(from.origin, of);
    }
  }

  @Test
  void countsWhatAllHaveAddedToAWrittenNumber() {
    EntryBatch set = write(a, "SET n 10");
    tell(set, a, b, c);
    EntryBatch one = write(b, "INCRBY n 5");
    EntryBatch two = write(c, "DECRBY n 2");
    EntryBatch three = write(c, "DECRBY n 2");
    tell(one, b, a, c);
    tell(three, c, a, b);
    tell(two, c, a, b);

    assertThat(List.of(read(a, "GET n"), read(b, "GET n"), read(c, "GET n"))).containsOnly("11");
  }

  @Test
  void anAdditionThatTheRemoverHadNotSeenIsAllThatIsLeft() {
    EntryBatch ten = write(b, "INCRBY n 10");
    tell(ten, b, a);
    EntryBatch removed = write(a, "DEL n");
    EntryBatch one = write(b, "INCRBY n 1");
    tell(removed, a, b);
    tell(one, b, a);

    assertThat(read(a, "GET n")).isEqualTo("1");
    assertThat(read(b, "GET n")).isEqualTo("1");
  }

  @Test
  void aFieldCounterThatItsKeysRemoverHadNotSeenIsAllThatIsLeft() {
    EntryBatch ten = write(b, "HINCRBY h n 10");
    EntryBatch other = write(b, "HSET h other x");
    tell(ten, b, a, c);
    tell(other, b, a);
    EntryBatch removed = write(a, "DEL h");
    EntryBatch one = write(b, "HINCRBY h n 1");
    tell(removed, a, c, b);
    tell(one, b, c, a);
    tell(other, b, c);

    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(read(each, "HGET h n")).isEqualTo("1");
      assertThat(read(each, "HLEN h")).contains("1");
    }
  }

  @Test
  void aMemberAddedElsewhereOutlivesTheRemovalOfItsSet() {
    EntryBatch first = write(a, "SADD s x y");
    tell(first, a, b, c);
    EntryBatch removed = write(b, "DEL s");
    EntryBatch more = write(c, "SADD s z");
    tell(removed, b, a, c);
    tell(more, c, a, b);

    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(read(each, "SMEMBERS s")).isEqualTo("[z]");
    }
  }

  @Test
  void whatIsPickedOrScannedIsWhatIsSeen() {
    EntryBatch first = write(a, "HSET h f 1 g 2 n 3");
    EntryBatch removed = write(a, "HDEL h g");
    EntryBatch added = write(b, "HINCRBY h n 4");
    tell(first, a, a, b);
    tell(removed, a, a, b);
    tell(added, b, a);

    for (MergedReplica each : List.of(a, b)) {
      assertThat(read(each, "HRANDFIELD h 5 WITHVALUES")).isEqualTo("[1, 7, f, n]");
      assertThat(read(each, "HSCAN h 0")).isEqualTo("[0, [1, 7, f, n]]");
      assertThat(read(each, "HSCAN h 0 COUNT 1")).isNotEqualTo("[0, []]");
      Set<String> picked = new TreeSet<>();
      for (int i = 0; i < 100; i++) {
        picked.add(read(each, "HRANDFIELD h"));
      }
      assertThat(picked).containsExactly("f", "n");
    }
    assertThat(read(a, "HRANDFIELD nokey")).isEqualTo(Reply.NIL.toString());
    assertThat(read(a, "HSCAN nokey 0")).isEqualTo("[0, []]");
  }

  /** One by one, while the key grows and shrinks. */
  @Test
  void anIterationInStepsSeesAllThatWasThereAllTheTime() {
    for (int i = 0; i < 50; i++) {
      tell(write(a, "SADD s stays-" + i + " goes-" + i), a, a);
    }
    Set<String> seen = new TreeSet<>();
    String cursor = "0";
    int step = 0;
    do {
      Reply.Several reply = (Reply.Several) a.run("SSCAN", "s", cursor, "COUNT", "3");
      cursor = text(reply.items().get(0));
      ((Reply.Several) reply.items().get(1)).items().forEach(member -> seen.add(text(member)));
      tell(write(a, "SREM s goes-" + step), a, a);
      tell(write(a, "SADD s new-" + step), a, a);
      step++;
    } while (!cursor.equals("0"));
    assertThat(step).isGreaterThan(20);
    for (int i = 0; i < 50; i++) {
      assertThat(seen).contains("stays-" + i);
    }
  }

  /** The removal of the whole key in between never came there. */
  @Test
  void aRemovedFieldIsGoneAlsoWhereTheRemovalOfItsKeyBeforeIsNotKnown() {
    EntryBatch first = write(a, "HSET h f 1 g 1");
    tell(first, a, a, b);
    EntryBatch unheard = write(b, "DEL h");
    tell(unheard, b, b);
    EntryBatch again = write(b, "HSET h f 2");
    tell(again, b, b, a);
    EntryBatch removed = write(b, "HDEL h f");
    tell(removed, b, b, a);

    assertThat(read(a, "HGETALL h")).isEqualTo("[1, g]");
  }

  /** Else a region would be taken for complete up to a stamp that something else had. */
  @Test
  void ofWhatCameBySnapshotNoLastStampIsKnown() {
    EntryBatch first = write(b, "SET k v");
    tell(first, b, a);
    a.hearWhole(77, 900);

    assertThat(a.origins().lastStamp(b.origin)).isPositive();
    assertThat(a.origins().heard()).containsEntry(77, 900L);
    assertThat(a.origins().lastStamp(77)).isZero();
  }

  @Test
  void aKeyIsOfTheTypeThatItWasGivenLast() {
    a.now = 2_000;
    EntryBatch string = write(a, "SET k text");
    b.now = 1_000;
    EntryBatch hash = write(b, "HSET k f v");
    tell(string, a, b);
    tell(hash, b, a);

    assertThat(read(a, "TYPE k")).contains("string");
    assertThat(read(b, "TYPE k")).contains("string");
    EntryBatch gone = write(b, "DEL k");
    tell(gone, b, a);
    assertThat(read(a, "TYPE k")).contains("none");
    assertThat(read(a, "DBSIZE")).contains("0");
  }

  @Test
  void whatHasExpiredStaysAwayWhenItsKeyIsWrittenAgain() {
    write(a, "HSET h old 1");
    write(a, "PEXPIRE h 100");
    write(a, "INCRBY n 10");
    write(a, "PEXPIRE n 100");
    a.now += 100;
    assertThat(read(a, "EXISTS h n")).contains("0");
    write(a, "HSET h new 2");
    write(a, "INCRBY n 1");

    assertThat(read(a, "HGETALL h")).isEqualTo("[2, new]");
    assertThat(read(a, "PTTL h")).contains("-1");
    assertThat(read(a, "GET n")).isEqualTo("1");
    assertThat(read(a, "PTTL n")).contains("-1");
  }

  @Test
  void aReadOrAWriteThatChangesNothingLeavesNoEntry() {
    assertThat(write(a, "DEL nothing")).isNull();
    assertThat(write(a, "SREM nothing x")).isNull();
    assertThat(write(a, "GET nothing")).isNull();
    assertThat(write(a, "PERSIST nothing")).isNull();
  }

  // Siblings.

  private void keepSiblings() {
    List.of(a, b, c).forEach(each -> each.keepsSiblings = true);
  }

  /** {@code x} of n1 and, later, {@code y} of n2, which did not see each other; all know both. */
  private void writeSiblings() {
    keepSiblings();
    EntryBatch x = write(a, "SET k x");
    b.now += 1;
    EntryBatch y = write(b, "SET k y");
    tell(x, a, b, c);
    tell(y, b, a, c);
  }

  /** The values of a key, the latest first. */
  static List<String> values(MergedReplica at, String key) {
    Reply reply = at.run("SIBLINGS", key);
    return reply instanceof Reply.Several several
        ? several.items().stream()
            .skip(1)
            .map(each -> text(((Reply.Several) each).items().get(0)))
            .toList()
        : List.of();
  }

  static String context(MergedReplica at, String key) {
    return text(((Reply.Several) at.run("SIBLINGS", key)).items().get(0));
  }

  @Test
  void writesThatDidNotSeeEachOtherAreBothKept() {
    writeSiblings();
    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(values(each, "k")).containsExactly("y", "x");
      assertThat(read(each, "GET k")).isEqualTo("y");
    }
    String told = a.run("SIBLINGS", "k").toString();
    assertThat(told).contains("1001").contains("n2").contains("1000").contains("n1");
    assertThat(values(a, "nothing")).isEmpty();
  }

  @Test
  void aWriteTakesThePlaceOfTheSiblingThatIsSeen() {
    writeSiblings();
    EntryBatch z = write(a, "SET k z");
    tell(z, a, b, c);
    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(values(each, "k")).containsExactly("z", "x");
    }
  }

  @Test
  void whoHasSeenAllSiblingsDecides() {
    writeSiblings();
    String old = context(c, "k");
    EntryBatch late = write(a, "SET k late");
    tell(late, a, b);
    assertThat(values(b, "k")).containsExactly("late", "x");

    assertThatThrownBy(() -> b.run("RESOLVE", "k", old, "z"))
        .isInstanceOf(CellsRefused.class)
        .hasMessageStartingWith("CONFLICT the key has a sibling that the context does not cover");
    assertThatThrownBy(() -> b.run("RESOLVE", "k", "nonsense", "z"))
        .isInstanceOf(CellsRefused.class)
        .hasMessage("ERR RESOLVE: the context is not one that SIBLINGS gave for this key");
    assertThat(values(b, "k")).containsExactly("late", "x");
    assertThat(text(b.run("RESOLVE", "k", context(b, "k"), "z", "KEEPTTL"))).contains("syntax");
    assertThat(text(b.run("RESOLVE", "k", context(b, "k"), "z", "PX", "100"))).contains("OK");
    EntryBatch resolved = b.taken;
    tell(resolved, b, c, a);
    tell(late, a, c);
    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(values(each, "k")).containsExactly("z");
      assertThat(read(each, "PTTL k")).doesNotContain("-1");
    }
  }

  @Test
  void aContextCoversWhatTheResolvingNodeHasNotHeardOf() {
    keepSiblings();
    EntryBatch x = write(a, "SET k x");
    tell(x, a, c);
    c.run("RESOLVE", "k", context(a, "k"), "z");
    EntryBatch fromC = c.taken;
    b.now = a.now + 1;
    b.run("RESOLVE", "k", context(a, "k"), "other");
    EntryBatch fromB = b.taken;
    tell(fromC, c, a, b);
    tell(fromB, b, a, c);
    tell(x, a, b);
    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(values(each, "k")).containsExactly("other", "z");
    }
  }

  @Test
  void aContextOfWhatIsAheadOfTheResolvingNodesStampsIsRefused() {
    keepSiblings();
    a.now += 5_000;
    EntryBatch x = write(a, "SET k x");
    String context = context(a, "k");
    assertThatThrownBy(() -> b.run("RESOLVE", "k", context, "z"))
        .isInstanceOf(CellsRefused.class)
        .hasMessage(
            "TRYAGAIN RESOLVE: the context tells of a write 5000 ms ahead of this node's clock,"
                + " which has not come here yet");
    assertThat(b.taken).isNull();
    tell(x, a, b);
    assertThat(text(b.run("RESOLVE", "k", context, "z"))).contains("OK");
    assertThat(values(b, "k")).containsExactly("z");
  }

  @Test
  void whatDerivesFromAValueIsRefusedWhereThereAreSiblings() {
    keepSiblings();
    EntryBatch one = write(a, "SET k 1");
    EntryBatch two = write(b, "SET k 2");
    tell(one, a, b);
    tell(two, b, a);
    assertThatThrownBy(() -> a.run("INCR", "k"))
        .isInstanceOf(CellsRefused.class)
        .hasMessage("CONFLICT the key has 2 siblings: SIBLINGS shows them, RESOLVE decides");
    write(a, "DEL k");
    assertThat(read(a, "INCR k")).contains("1");
    assertThat(values(a, "k")).containsExactly("1");
  }

  @Test
  void removingAKeyRemovesTheSiblingsThatItSaw() {
    writeSiblings();
    EntryBatch other = write(c, "SET k z");
    EntryBatch removed = write(a, "DEL k");
    tell(removed, a, b, c);
    tell(other, c, a, b);
    for (MergedReplica each : List.of(a, b, c)) {
      assertThat(values(each, "k")).containsExactly("z");
    }
  }

  @Test
  void aKeyWithAsManySiblingsAsItMayHaveIsWrittenByResolvingItOnly() {
    keepSiblings();
    List<MergedReplica> others = new ArrayList<>();
    try {
      for (int i = 1; i < MergedCells.MAX_SIBLINGS; i++) {
        MergedReplica other = new MergedReplica(10 + i, folder);
        others.add(other);
        other.keepsSiblings = true;
        assertThat(read(a, "SET k more")).contains("OK");
        tell(write(other, "SET k v" + i), other, a);
      }
      assertThat(values(a, "k")).hasSize(MergedCells.MAX_SIBLINGS);
      assertThatThrownBy(() -> a.run("SET", "k", "x"))
          .isInstanceOf(CellsRefused.class)
          .hasMessageStartingWith("CONFLICT the key has 16 siblings");
      assertThat(text(a.run("RESOLVE", "k", context(a, "k"), "x"))).contains("OK");
      assertThat(values(a, "k")).containsExactly("x");
    } finally {
      others.forEach(MergedReplica::close);
    }
  }

  @Test
  void siblingsThatHaveExpiredAreGoneTogether() {
    writeSiblings();
    write(a, "PEXPIRE k 100");
    a.now += 200;
    write(a, "SET k new");
    assertThat(values(a, "k")).containsExactly("new");
  }

  @Test
  void whereTheLatestCountsItIsTheOnlySibling() {
    EntryBatch x = write(a, "SET k x");
    b.now += 1;
    EntryBatch y = write(b, "SET k y");
    tell(x, a, b);
    tell(y, b, a);
    assertThat(values(a, "k")).containsExactly("y");
    assertThatThrownBy(() -> a.run("RESOLVE", "k", context(a, "k"), "z"))
        .hasMessageStartingWith("UNSUPPORTED RESOLVE needs a database with CONFLICT SIBLINGS");
  }

  @Test
  void flushingRemovesWhatWasSeenAndNothingElse() {
    EntryBatch one = write(a, "SET one 1");
    EntryBatch two = write(a, "SADD two x");
    tell(one, a, b);
    EntryBatch flushed = write(b, "FLUSHDB");
    tell(two, a, b);
    tell(flushed, b, a);

    assertThat(read(a, "KEYS *")).isEqualTo("[two]");
    assertThat(read(b, "KEYS *")).isEqualTo("[two]");
    assertThat(read(b, "DBSIZE")).contains("1");
  }

  private static String command(Random random) {
    String key = KEYS.get(random.nextInt(KEYS.size()));
    String field = "f" + random.nextInt(4);
    int number = random.nextInt(20) - 10;
    return switch (random.nextInt(13)) {
      case 0 -> "SET " + key + " " + number;
      case 1 -> "SET " + key + " v" + number + " PX " + (1 + random.nextInt(300));
      case 2, 3 -> "INCRBY " + key + " " + number;
      case 4 -> "DEL " + key;
      case 5, 6 -> "HSET " + key + " " + field + " " + number;
      case 7 -> "HINCRBY " + key + " " + field + " " + number;
      case 8 -> "HDEL " + key + " " + field;
      case 9 -> "SADD " + key + " " + field;
      case 10 -> "SREM " + key + " " + field;
      case 11 -> "PEXPIRE " + key + " " + (1 + random.nextInt(300));
      default -> "PERSIST " + key;
    };
  }

  /** One origin's entries, and how many of them each replica has heard. */
  private static final class Stream {
    final MergedReplica from;
    final List<EntryBatch> entries = new ArrayList<>();

    /** Those of each entry are larger than this. */
    final List<Long> stampsBefore = new ArrayList<>();

    final int[] heard = new int[3];

    Stream(MergedReplica from) {
      this.from = from;
    }
  }

  /** How far all replicas have come, in two steps: what is forgotten is older than that. */
  private static final class Horizon {
    private long reached;
    private long purged;
    private long clocksWhenReached;

    /** Takes a step if all have heard what had been written until the one before. */
    void advance(List<Stream> streams, List<MergedReplica> replicas) {
      long all = replicas.stream().mapToLong(MergedReplica::lastStamp).min().orElseThrow();
      for (Stream stream : streams) {
        for (int at = 0; at < 3; at++) {
          boolean whole =
              stream.from == replicas.get(at) || stream.heard[at] == stream.entries.size();
          all = whole ? all : Math.min(all, stream.stampsBefore.get(stream.heard[at]));
        }
      }
      if (all > reached && all >= clocksWhenReached) {
        purged = reached;
        reached = all;
        clocksWhenReached =
            replicas.stream().mapToLong(MergedReplica::lastStamp).max().orElseThrow();
        replicas.forEach(each -> each.reach(reached));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void replicasThatHaveHeardAllAreEqual(int seed) throws InterruptedException {
    Random random = new Random(seed);
    List<MergedReplica> replicas = List.of(a, b, c);
    replicas.forEach(each -> each.keepsSiblings = seed % 2 == 0);
    List<Stream> streams = replicas.stream().map(Stream::new).toList();
    Horizon horizon = new Horizon();
    for (int step = 0; step < 1_500; step++) {
      int at = random.nextInt(3);
      MergedReplica replica = replicas.get(at);
      replica.now += random.nextInt(20);
      if (random.nextInt(400) == 0) {
        replica.restart();
      }
      if (random.nextInt(10) == 0) {
        horizon.advance(streams, replicas);
        replica.purge(horizon.purged);
      }
      if (random.nextInt(3) > 0) {
        long before = replica.lastStamp();
        try {
          replica.run(command(random).split(" "));
        } catch (CellsRefused siblings) {
          assertThat(replica.taken).isNull();
        }
        if (replica.taken != null) {
          streams.get(at).entries.add(replica.taken);
          streams.get(at).stampsBefore.add(before);
        }
      } else {
        hearNext(streams.get(random.nextInt(3)), replicas, at, random);
      }
    }
    for (Stream stream : streams) {
      for (int at = 0; at < 3; at++) {
        while (stream.from != replicas.get(at) && stream.heard[at] < stream.entries.size()) {
          hearNext(stream, replicas, at, random);
        }
      }
    }
    long latest = Math.max(a.now, Math.max(b.now, c.now));
    replicas.forEach(each -> each.now = latest);

    assertThat(everything(b)).isEqualTo(everything(a));
    assertThat(everything(c)).isEqualTo(everything(a));
    assertThat(horizon.purged).isPositive();
    String before = everything(a);
    long all = replicas.stream().mapToLong(MergedReplica::lastStamp).max().orElseThrow();
    replicas.forEach(each -> each.reach(all));
    replicas.forEach(each -> each.purge(all));
    // Of what is not to be seen, those who forgot earlier may hold less, until they are compared.
    for (MergedReplica each : List.of(a, b, c, a, b)) {
      replicas.stream().filter(other -> other != each).forEach(each::compareWith);
    }
    assertThat(List.of(b.treeSum(), c.treeSum())).containsOnly(a.treeSum());
    assertThat(everything(a)).isEqualTo(before);
    assertThat(everything(b)).isEqualTo(before);
    a.restart();
    assertThat(everything(a)).isEqualTo(before);
  }

  /** The next that it has not heard, and now and then something that it has heard before. */
  private static void hearNext(Stream stream, List<MergedReplica> replicas, int at, Random random) {
    MergedReplica replica = replicas.get(at);
    if (stream.from == replica || stream.heard[at] == stream.entries.size()) {
      return;
    }
    if (random.nextInt(10) == 0 && stream.heard[at] > 0) {
      replica.hear(stream.from.origin, stream.entries.get(random.nextInt(stream.heard[at])));
    }
    replica.hear(stream.from.origin, stream.entries.get(stream.heard[at]++));
  }

  private static String everything(MergedReplica replica) {
    StringBuilder all = new StringBuilder();
    long there = 0;
    for (String key : KEYS) {
      String type = read(replica, "TYPE " + key);
      there += type.contains("none") ? 0 : 1;
      String read =
          type.contains("hash") ? "HGETALL " : type.contains("set") ? "SMEMBERS " : "GET ";
      String count = type.contains("hash") ? "HLEN " : type.contains("set") ? "SCARD " : "EXISTS ";
      all.append(key).append(' ').append(type).append(' ');
      all.append(type.contains("none") ? "" : read(replica, read + key)).append(' ');
      all.append(read(replica, count + key)).append(' ');
      all.append(type.contains("string") ? values(replica, key) : "").append(' ');
      all.append(read(replica, "PTTL " + key)).append('\n');
    }
    assertThat(read(replica, "KEYS *").split(",").length).isEqualTo((int) Math.max(1, there));
    return all.toString();
  }

  @Test
  void aLargeKeyGoesAndComesBackWithItsCount() throws InterruptedException {
    String fields =
        IntStream.range(0, MANY_FIELDS)
            .mapToObj(each -> "f" + each + " " + each)
            .collect(Collectors.joining(" "));
    tell(write(a, "HSET h " + fields), a, b);
    b.restart();
    EntryBatch late = write(a, "HSET h late 1");
    EntryBatch removed = write(b, "DEL h");
    tell(removed, b, a);
    tell(late, a, b);

    assertThat(read(a, "HGETALL h")).isEqualTo("[1, late]");
    assertThat(read(b, "HGETALL h")).isEqualTo("[1, late]");
    b.restart();
    assertThat(read(b, "HLEN h")).contains("1");
  }
}
