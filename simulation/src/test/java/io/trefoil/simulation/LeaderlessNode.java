package io.trefoil.simulation;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.leaderless.AntiEntropy;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.LeaderlessEffect;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.leaderless.LeaderlessReplica;
import io.trefoil.replication.leaderless.LeaderlessSettings;
import io.trefoil.replication.leaderless.OwnLog;
import io.trefoil.replication.leaderless.RepairEffect;
import io.trefoil.replication.leaderless.RepairEvent;
import io.trefoil.replication.leaderless.RepairSettings;
import io.trefoil.replication.leaderless.Stretch;
import io.trefoil.replication.leaderless.SumTree;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A replica's two machines with a shell that does what the real one does, in a few lines: a copy of
 * keys with the largest stamp, a journal that takes its time, and clients. It says what happens to
 * its {@link LeaderlessDialogue}.
 */
final class LeaderlessNode implements OwnLog, SumTree {
  private static final LeaderlessSettings SETTINGS =
      new LeaderlessSettings(100, 1_000, 1 << 20, 1 << 20, 50);

  /** Rounds begin when they are asked for: the budget is nothing else. */
  private static final RepairSettings REPAIR =
      new RepairSettings(1_000_000, 1_000_000, 1_000, 64, 4, 0);

  private static final long BUDGET_OF_A_ROUND = 1 << 30;
  private static final long CLIENT_WAITS_MILLIS = 1_500;
  private static final long DISK_MILLIS = 1;
  private static final long SLOW_DISK_MILLIS = 200;

  /**
   * What the journal holds.
   *
   * @param upTo of the origin's log everything is here; 0 of what was not streamed
   */
  private record Written(
      long first, long last, int origin, long upTo, boolean gap, EntryBatch batch) {}

  /** A client. Its reply leaves when the entry has its copies. */
  private record Waiting(String asked, String reply, long index, long sinceMillis) {}

  private final LeaderlessDialogue dialogue;
  private final NodeId id;
  private final List<Written> disk = new ArrayList<>();
  private int origin;
  private CopyState state = CopyState.VOUCHES;
  private long durableHorizon;
  private final SortedSet<Integer> filledGaps = new TreeSet<>();
  private long firstHeld = 1;

  private int incarnation;
  private boolean up;
  private boolean slow;
  private SortedMap<String, KeyCell> cells = new TreeMap<>();
  private long lastStamp;
  private long stable;
  private LeaderlessReplica replica;
  private AntiEntropy antiEntropy;
  private SortedSet<Integer> toldGaps = new TreeSet<>();
  private final ArrayDeque<Runnable> soon = new ArrayDeque<>();
  private boolean stepping;
  private List<Waiting> writing = new ArrayList<>();
  private final SortedMap<Long, Waiting> reading = new TreeMap<>();
  private final SortedMap<Long, String> asked = new TreeMap<>();

  LeaderlessNode(LeaderlessDialogue dialogue, NodeId id) {
    this.dialogue = dialogue;
    this.id = id;
    this.origin = id.number();
  }

  NodeId id() {
    return id;
  }

  int incarnation() {
    return incarnation;
  }

  boolean isUp() {
    return up;
  }

  // Its process and its disk.

  void start() {
    incarnation++;
    up = true;
    cells = new TreeMap<>();
    writing.clear();
    reading.clear();
    SortedMap<Integer, Long> seen = new TreeMap<>();
    SortedSet<Integer> gaps = new TreeSet<>();
    for (Written each : disk) {
      KeyCell.entries(each.batch().body()).forEach(cell -> merge(cell, true));
      if (each.upTo() > 0 && each.origin() != origin) {
        seen.merge(each.origin(), each.upTo(), Math::max);
        if (each.gap()) {
          gaps.add(each.origin());
        }
      }
    }
    gaps.removeAll(filledGaps);
    toldGaps = gaps;
    stable = last();
    replica =
        new LeaderlessReplica(
            id,
            origin,
            this,
            SETTINGS,
            new LeaderlessReplica.Recovered(last(), seen, gaps, state != CopyState.FORGOT));
    antiEntropy =
        new AntiEntropy(
            id, incarnation, this, REPAIR, new AntiEntropy.Recovered(state, durableHorizon, gaps));
    purge();
    tick();
  }

  void kill() {
    up = false;
    slow = false;
    disk.removeIf(it -> it.last() > stable);
  }

  /** The last records of the journal are lost, so this is another origin, which forgot. */
  void lose(int records, int newOrigin) {
    int kept = Math.max(0, disk.size() - records);
    disk.subList(kept, disk.size()).clear();
    origin = newOrigin;
    state = CopyState.FORGOT;
    firstHeld = last() + 1;
  }

  void beSlow(boolean nowSlow) {
    slow = nowSlow;
  }

  /** The journal keeps nothing of what is stable. */
  void letGo() {
    firstHeld = stable + 1;
    note("JOURNAL LETS GO of all up to " + stable);
  }

  private long last() {
    return disk.isEmpty() ? 0 : disk.get(disk.size() - 1).last();
  }

  private void append(Written written) {
    disk.add(written);
    int startNow = incarnation;
    dialogue.after(
        slow ? SLOW_DISK_MILLIS : DISK_MILLIS,
        () -> {
          if (up && incarnation == startNow && written.last() > stable) {
            stable = written.last();
            step(new LeaderlessEvent.Stable(stable));
          }
        });
  }

  @Override
  public Stretch recent(long fromIndex) {
    return fromIndex < firstHeld ? null : read(fromIndex);
  }

  private Stretch read(long from) {
    for (Written each : disk) {
      if (each.origin() == origin && each.last() >= from) {
        long first = Math.max(from, each.first());
        return new Stretch(from, each.last(), each.batch().from(first));
      }
    }
    return new Stretch(from, last(), null);
  }

  // Its copy.

  /** What comes late, of a key of which nothing is held, was superseded: it is ignored. */
  private void merge(KeyCell cell, boolean restores) {
    KeyCell have = cells.get(cell.key());
    boolean late = have == null && !restores && cell.stamp() <= antiEntropy.horizon();
    if (!late && cell.isNewerThan(have)) {
      cells.put(cell.key(), cell);
    }
    lastStamp = Math.max(lastStamp, cell.stamp());
  }

  private void purge() {
    cells.values().removeIf(cell -> cell.isRemoval() && cell.stamp() <= durableHorizon);
  }

  private KeyCell held(String key) {
    return cells.getOrDefault(key, KeyCell.nothing(key));
  }

  private long nextStamp() {
    lastStamp = Math.max(lastStamp + 1, dialogue.nowMillis());
    return lastStamp;
  }

  @Override
  public long sum(int level, int node) {
    int shift = 4 * (LEAF_LEVEL - level);
    return cells.values().stream()
        .filter(cell -> cell.leaf() >> shift == node)
        .mapToLong(KeyCell::sum)
        .sum();
  }

  private Collection<KeyCell> leaf(int leaf) {
    return cells.values().stream().filter(cell -> cell.leaf() == leaf).toList();
  }

  // Its clients.

  /** A write that looks at nothing, so it asks nobody. */
  void write(String key, String value) {
    if (!replica.canReach(dialogue.writes())) {
      tellClient("-NOREPLICAS: fewer than W " + dialogue.writes() + " in reach");
      return;
    }
    KeyCell cell = new KeyCell(key, value, nextStamp());
    write(List.of(cell), new Waiting(cell.toString(), "OK " + cell, 0, dialogue.nowMillis()));
  }

  private void write(List<KeyCell> written, Waiting client) {
    written.forEach(cell -> merge(cell, false));
    step(new LeaderlessEvent.Proposed(written.size(), KeyCell.body(written), 0, 1));
    writing.add(
        new Waiting(client.asked(), client.reply(), replica.lastIndex(), client.sinceMillis()));
  }

  void read(String key, long question) {
    int reads = dialogue.reads();
    if (!replica.canRead(reads)) {
      tellClient("-NOREPLICAS: fewer than R " + reads + " that count in reach");
      return;
    }
    reading.put(question, new Waiting("read of " + key, "", 0, dialogue.nowMillis()));
    asked.put(question, key);
    step(new LeaderlessEvent.Asked(question, reads, Bytes.utf8(held(key).digest())));
  }

  /** What differs is merged and sent to all before it is answered: the next read sees no less. */
  private void informed(LeaderlessEffect.Informed informed) {
    Waiting client = reading.remove(informed.id());
    String key = asked.remove(informed.id());
    List<KeyCell> told =
        informed.differing().stream().flatMap(it -> KeyCell.split(it.cells()).stream()).toList();
    if (told.isEmpty()) {
      tellClient(answer(key));
      return;
    }
    told.stream().filter(cell -> cell.stamp() > 0).forEach(cell -> merge(cell, false));
    write(List.of(held(key)), new Waiting(client.asked(), answer(key), 0, client.sinceMillis()));
  }

  private String answer(String key) {
    KeyCell cell = held(key);
    return cell.isRemoval() ? key + " is not there" : cell.toString();
  }

  private void answerWhoWaits() {
    List<Waiting> before = writing;
    writing = new ArrayList<>();
    for (Waiting client : before) {
      if (client.index() <= replica.copied(dialogue.writes())) {
        tellClient(client.reply());
      } else {
        writing.add(client);
      }
    }
  }

  private void giveUp() {
    long since = dialogue.nowMillis() - CLIENT_WAITS_MILLIS;
    writing.stream()
        .filter(it -> it.sinceMillis() <= since)
        .forEach(it -> tellClient("-UNCERTAIN " + it.asked()));
    writing.removeIf(it -> it.sinceMillis() <= since);
    for (Map.Entry<Long, Waiting> each : Map.copyOf(reading).entrySet()) {
      if (each.getValue().sinceMillis() <= since) {
        reading.remove(each.getKey());
        step(new LeaderlessEvent.Withdrawn(each.getKey()));
        tellClient("-NOREPLICAS " + each.getValue().asked());
      }
    }
  }

  private void tellClient(String text) {
    dialogue.note("client", "hears " + text);
  }

  private void note(String text) {
    if (text != null) {
      dialogue.note(id.toString(), text);
    }
  }

  // Its machines.

  void tick() {
    lastStamp = Math.max(lastStamp, dialogue.nowMillis());
    step(new LeaderlessEvent.Tick(dialogue.nowMillis()));
    step(new RepairEvent.Tick(dialogue.nowMillis(), lastStamp));
    giveUp();
  }

  void configure() {
    step(new LeaderlessEvent.Configured(dialogue.version(), dialogue.membership()));
    step(new RepairEvent.Configured(dialogue.version(), dialogue.membership()));
  }

  /** A round with each of the others, and no more. */
  void compare() {
    step(new RepairEvent.RunNow());
    step(new RepairEvent.Budget(BUDGET_OF_A_ROUND));
    tick();
  }

  void compareNoMore() {
    step(new RepairEvent.Budget(0));
  }

  void step(LeaderlessEvent event) {
    note(LeaderlessLines.of(event));
    List<LeaderlessEffect> effects = new ArrayList<>();
    replica.step(event, effects::add);
    effects.forEach(
        effect -> {
          note(LeaderlessLines.of(effect));
          carryOut(effect);
        });
    answerWhoWaits();
    if (!replica.gaps().equals(toldGaps)) {
      toldGaps = new TreeSet<>(replica.gaps());
      filledGaps.removeAll(toldGaps);
      step(new RepairEvent.Gaps(toldGaps));
    }
    runSoon();
  }

  private void carryOut(LeaderlessEffect effect) {
    if (effect instanceof LeaderlessEffect.Send it) {
      dialogue.send(
          this, it.to(), node -> node.step(new LeaderlessEvent.Received(id, it.message())));
    } else if (effect instanceof LeaderlessEffect.AppendOwn it) {
      EntryBatch batch = it.batch();
      append(new Written(batch.firstIndex(), batch.lastIndex(), origin, 0, false, batch));
    } else if (effect instanceof LeaderlessEffect.AppendKept it) {
      EntryBatch batch = it.batch();
      append(new Written(batch.firstIndex(), batch.lastIndex(), 0, 0, false, batch));
    } else if (effect instanceof LeaderlessEffect.AppendForeign it) {
      KeyCell.entries(it.batch().body()).forEach(cell -> merge(cell, false));
      append(
          new Written(it.index(), it.index(), it.origin(), it.upToIndex(), it.gap(), it.batch()));
    } else if (effect instanceof LeaderlessEffect.Examine it) {
      soon.add(() -> examine(it));
    } else if (effect instanceof LeaderlessEffect.ReadLog it) {
      soon.add(() -> readLog(it));
    } else if (effect instanceof LeaderlessEffect.Informed it) {
      soon.add(() -> informed(it));
    }
  }

  private void examine(LeaderlessEffect.Examine question) {
    String text = question.question().toString();
    KeyCell held = held(text.substring(0, text.indexOf('@')));
    boolean same = held.digest().equals(text);
    step(
        new LeaderlessEvent.Examined(
            question.from(), question.id(), same ? null : Bytes.utf8(held.toString())));
  }

  private void readLog(LeaderlessEffect.ReadLog read) {
    long from = read.fromIndex();
    Stretch stretch = from < firstHeld ? null : read(from);
    step(new LeaderlessEvent.LogRead(read.peer(), from, stretch, firstHeld));
  }

  void step(RepairEvent event) {
    note(LeaderlessLines.of(event));
    List<RepairEffect> effects = new ArrayList<>();
    antiEntropy.step(event, effects::add);
    effects.forEach(
        effect -> {
          note(LeaderlessLines.of(effect));
          carryOut(effect);
        });
    runSoon();
  }

  private void carryOut(RepairEffect effect) {
    if (effect instanceof RepairEffect.Send it) {
      dialogue.send(this, it.to(), node -> node.step(new RepairEvent.Received(id, it.message())));
    } else if (effect instanceof RepairEffect.ListLeaf it) {
      Bytes listing =
          Bytes.utf8(
              leaf(it.leaf()).stream().map(KeyCell::digest).collect(Collectors.joining(" ")));
      soon.add(() -> step(new RepairEvent.Listed(it.round(), it.leaf(), listing)));
    } else if (effect instanceof RepairEffect.Examine it) {
      whenStable(() -> examine(it));
    } else if (effect instanceof RepairEffect.Merge it) {
      soon.add(() -> merge(it));
    } else if (effect instanceof RepairEffect.AwaitStable it) {
      whenStable(() -> step(new RepairEvent.Stable(it.round())));
    } else if (effect instanceof RepairEffect.HorizonGrew it) {
      durableHorizon = it.horizon();
      soon.add(this::purge);
    } else if (effect instanceof RepairEffect.Became it) {
      boolean first = state == CopyState.FORGOT;
      state = it.state();
      if (first) {
        soon.add(() -> step(new LeaderlessEvent.Whole()));
      }
    } else if (effect instanceof RepairEffect.GapsFilled it) {
      filledGaps.addAll(it.origins());
      soon.add(this::maybeWhole);
    }
  }

  private void maybeWhole() {
    boolean filled = !replica.gaps().isEmpty() && filledGaps.containsAll(replica.gaps());
    if (replica.counts() && filled) {
      step(new LeaderlessEvent.Whole());
    }
  }

  /** Now, or as often as it takes. */
  private void whenStable(Runnable action) {
    int startNow = incarnation;
    if (stable == last()) {
      soon.add(action);
      return;
    }
    dialogue.after(
        DISK_MILLIS,
        () -> {
          if (up && incarnation == startNow) {
            whenStable(action);
            runSoon();
          }
        });
  }

  private void examine(RepairEffect.Examine question) {
    SortedMap<String, String> theirs = new TreeMap<>();
    Arrays.stream(question.listing().toString().split(" "))
        .filter(text -> !text.isEmpty())
        .forEach(text -> theirs.put(text.substring(0, text.indexOf('@')), text));
    SortedMap<String, KeyCell> differing = new TreeMap<>();
    if (question.forgot()) {
      theirs.keySet().forEach(key -> differing.put(key, held(key)));
    }
    leaf(question.leaf()).forEach(cell -> differing.put(cell.key(), cell));
    differing.values().removeIf(cell -> cell.digest().equals(theirs.get(cell.key())));
    step(
        new RepairEvent.Examined(
            question.from(),
            question.round(),
            question.step(),
            question.leaf(),
            differing.isEmpty() ? null : KeyCell.join(differing.values()),
            null));
  }

  private void merge(RepairEffect.Merge merge) {
    List<KeyCell> changes = KeyCell.split(merge.changes());
    for (KeyCell cell : changes) {
      KeyCell have = cells.get(cell.key());
      if (have != null && have.stamp() <= merge.purged() && have.stamp() != cell.stamp()) {
        cells.remove(cell.key());
      }
    }
    List<KeyCell> told = changes.stream().filter(cell -> cell.stamp() > 0).toList();
    told.forEach(cell -> merge(cell, merge.restores()));
    if (!told.isEmpty()) {
      step(new LeaderlessEvent.Kept(told.size(), KeyCell.body(told), 0, 1));
    }
    step(new RepairEvent.Merged(merge.round(), merge.leaf(), told.size()));
  }

  /** What an effect leads to is fed when the step is over. */
  private void runSoon() {
    if (!stepping) {
      stepping = true;
      while (!soon.isEmpty()) {
        soon.poll().run();
      }
      stepping = false;
    }
  }

  /** For people. */
  String status() {
    if (!up) {
      return "is down";
    }
    return replica + " " + state + hints() + " " + cells.values();
  }

  private String hints() {
    String hints =
        replica.peers().entrySet().stream()
            .filter(it -> it.getValue().lagEntries() > 0)
            .map(it -> it.getKey() + "=" + it.getValue().lagEntries())
            .collect(Collectors.joining(" "));
    return hints.isEmpty() ? "" : " hints " + hints;
  }
}
