package io.trefoil.cell.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.MalformedBytesException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class VersionsTest {
  private static final byte[] OLD = "old".getBytes();
  private static final byte[] NEW = "new".getBytes();

  /**
   * A cell at one coordinator, beside the obvious account of the same: which writes and additions
   * it has heard of, and which of them somebody removed.
   */
  private static final class Replica {
    final int origin;
    final Versions cell = new Versions();
    final Set<Long> heard = new TreeSet<>();
    final Set<Long> removed = new TreeSet<>();

    Replica(int origin) {
      this.origin = origin;
    }

    Set<Long> live() {
      Set<Long> live = new TreeSet<>(heard);
      live.removeAll(removed);
      return live;
    }

    void hear(Replica other, long horizon) {
      cell.merge(copy(other.cell), horizon);
      heard.addAll(other.heard);
      removed.addAll(other.removed);
    }
  }

  /** What three coordinators did to one cell, hearing of each other now and then. */
  private static final class History {
    final Replica[] replicas = {new Replica(3), new Replica(7), new Replica(8)};
    final Set<Long> writes = new TreeSet<>();
    final List<Long> amounts = new ArrayList<>(List.of(0L));

    /** All changes, and what replicas came to have. */
    final List<byte[]> sent = new ArrayList<>();

    /** All replicas had what was written until then, and may have forgotten what was removed. */
    long horizon;

    History(long seed, int steps) {
      Random random = new Random(seed);
      for (int step = 0; step < steps; step++) {
        step(random);
      }
    }

    void step(Random random) {
      Replica replica = replicas[random.nextInt(3)];
      switch (random.nextInt(6)) {
        case 0 -> put(replica);
        case 4, 5 -> replace(replica);
        case 1 -> add(replica, random.nextInt(9) - 4);
        case 2 -> remove(replica);
        default -> replica.hear(replicas[random.nextInt(3)], horizon);
      }
      sent.add(bytes(replica.cell));
    }

    void hearAll() {
      for (int round = 0; round < 2; round++) {
        for (Replica replica : replicas) {
          for (Replica other : replicas) {
            replica.hear(other, horizon);
          }
        }
      }
    }

    private void take(Replica at, Versions change) {
      at.cell.merge(copy(change), horizon);
      sent.add(bytes(change));
    }

    private long next(long amount) {
      amounts.add(amount);
      return amounts.size() - 1;
    }

    private void put(Replica at) {
      at.removed.addAll(at.heard);
      long stamp = next(0);
      writes.add(stamp);
      Versions change = new Versions();
      byte[] value = Long.toString(stamp).getBytes();
      at.cell.put(at.origin, stamp, value, 0, value.length, change);
      take(at, change);
      at.heard.add(stamp);
    }

    /** Of the writes, the latest that it knows of is overwritten; and all that was added. */
    private void replace(Replica at) {
      Set<Long> live = at.live();
      live.retainAll(writes);
      at.heard.stream().filter(stamp -> !writes.contains(stamp)).forEach(at.removed::add);
      live.stream().max(Long::compare).ifPresent(at.removed::add);
      long stamp = next(0);
      writes.add(stamp);
      Versions change = new Versions();
      byte[] value = Long.toString(stamp).getBytes();
      at.cell.replace(at.origin, stamp, value, 0, value.length, change);
      take(at, change);
      at.heard.add(stamp);
    }

    private void add(Replica at, long amount) {
      long stamp = next(amount);
      Versions change = new Versions();
      at.cell.add(at.origin, stamp, amount, change);
      take(at, change);
      at.heard.add(stamp);
    }

    private void remove(Replica at) {
      at.removed.addAll(at.heard);
      Versions change = new Versions();
      at.cell.remove(change);
      take(at, change);
    }

    void check(Replica at) {
      Set<Long> live = at.live();
      long sum = live.stream().mapToLong(stamp -> amounts.get((int) (long) stamp)).sum();
      live.retainAll(writes);
      assertThat(values(at.cell)).isEqualTo(live);
      assertThat(at.cell.siblings()).isEqualTo(live.size());
      long latest = live.stream().mapToLong(stamp -> stamp).max().orElse(0);
      assertThat(at.cell.written() == null ? 0 : at.cell.written().stamp()).isEqualTo(latest);
      assertThat(at.cell.counterSum()).isEqualTo(sum);
    }
  }

  private static Set<Long> values(Versions cell) {
    return cell.liveWrites().stream()
        .map(write -> Long.parseLong(new String(write.value())))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static byte[] bytes(Versions cell) {
    ByteSink sink = new ByteSink();
    cell.write(sink);
    return sink.toArray();
  }

  private static Versions copy(Versions cell) {
    return new Versions().read(new ByteSource(bytes(cell)));
  }

  private static Versions merged(Versions... cells) {
    Versions all = new Versions();
    for (Versions cell : cells) {
      all.merge(copy(cell));
    }
    return all;
  }

  @Property
  void showsWhatWasWrittenAndAddedAndNotRemovedByWhoHadSeenIt(@ForAll long seed) {
    History history = new History(seed, 25);
    for (Replica replica : history.replicas) {
      history.check(replica);
    }
  }

  @Property
  void aRemovalHidesAllThatItsRemoverKnewOfWhereverItComesAlone(@ForAll long seed) {
    History history = new History(seed, 25);
    for (Replica remover : history.replicas) {
      Versions change = new Versions();
      remover.cell.remove(change);
      for (Replica other : history.replicas) {
        Replica told = new Replica(other.origin);
        told.hear(other, 0);
        told.cell.merge(copy(change));
        told.removed.addAll(remover.heard);
        history.check(told);
      }
    }
  }

  @Test
  void aRemovalHidesWhatWasOverwrittenByTheRemovedWhichNeverCame() {
    Versions change = new Versions();
    Versions away = new Versions();
    new Versions().put(3, 100, OLD, 0, 3, change);
    away.merge(copy(change));
    Versions here = copy(away);
    here.put(2, 101, NEW, 0, 3, change);
    here.merge(copy(change));
    here.remove(change);
    away.merge(copy(change));

    assertThat(away.isVisible()).isFalse();
  }

  @Property
  void mergesToTheSameInAnyOrderHoweverOften(@ForAll long seed) {
    Replica[] at = new History(seed, 25).replicas;
    byte[] merged = bytes(merged(at[0].cell, at[1].cell, at[2].cell));

    assertThat(bytes(merged(at[2].cell, at[0].cell, at[1].cell, at[0].cell))).isEqualTo(merged);
    assertThat(bytes(merged(merged(at[1].cell, at[2].cell), at[0].cell))).isEqualTo(merged);
  }

  @Property
  void saysWhetherAMergeBroughtAnything(@ForAll long seed) {
    Replica[] at = new History(seed, 25).replicas;
    byte[] before = bytes(at[0].cell);
    boolean changed = at[0].cell.merge(copy(at[1].cell));

    assertThat(changed).isEqualTo(!Arrays.equals(before, bytes(at[0].cell)));
  }

  @Property
  void aChangeThatAllHaveSeenIsForgottenWithoutATrace(@ForAll long seed) {
    History history = new History(seed, 25);
    history.hearAll();
    Versions whole = history.replicas[0].cell;
    Versions purged = copy(whole);
    purged.purge(Long.MAX_VALUE);

    assertThat(values(purged)).isEqualTo(values(whole));
    assertThat(purged.counterSum()).isEqualTo(whole.counterSum());
    assertThat(purged.isEmpty()).isEqualTo(!whole.isVisible());
    assertThat(purged.visibleDigest()).isEqualTo(whole.visibleDigest());
  }

  @Property
  void whatIsToBeSeenIsTheSameJustWhereItsDigestIs(@ForAll long seed) {
    Replica[] at = new History(seed, 15).replicas;
    boolean same =
        values(at[0].cell).equals(values(at[1].cell))
            && at[0].cell.hasCounter() == at[1].cell.hasCounter()
            && at[0].cell.counterSum() == at[1].cell.counterSum();
    assertThat(at[0].cell.visibleDigest() == at[1].cell.visibleDigest()).isEqualTo(same);
  }

  /** A sum of -4 had the digest of a write of stamp 2 and origin 7. */
  @Test
  void noSumHasTheDigestOfAWrite() {
    Versions sum = new Versions();
    new Versions().add(7, 1, -4, sum);
    Versions write = new Versions();
    new Versions().put(7, 2, new byte[] {'x'}, 0, 1, write);
    assertThat(sum.visibleDigest()).isNotEqualTo(write.visibleDigest());
  }

  @Property
  void whatWasForgottenDoesNotComeBackHoweverLateItArrives(@ForAll long seed) {
    Random random = new Random(seed);
    History history = new History(random.nextLong(), 15);
    for (int round = 0; round < 3; round++) {
      history.hearAll();
      history.horizon = history.amounts.size() - 1 - random.nextInt(2);
      List<byte[]> old = List.copyOf(history.sent);
      for (Replica replica : history.replicas) {
        if (random.nextBoolean()) {
          replica.cell.purge(history.horizon);
        }
      }
      for (int step = 0; step < 15; step++) {
        Replica late = history.replicas[random.nextInt(3)];
        byte[] again = old.get(random.nextInt(old.size()));
        late.cell.merge(new Versions().read(new ByteSource(again)), history.horizon);
        history.check(late);
        history.step(random);
        for (Replica replica : history.replicas) {
          history.check(replica);
        }
      }
    }
    history.hearAll();
    Replica[] at = history.replicas;
    for (Replica replica : at) {
      history.check(replica);
      replica.cell.purge(Long.MAX_VALUE);
      assertThat(replica.cell.digest()).isEqualTo(at[0].cell.digest());
    }
  }

  @Property
  void digestsAreEqualJustWhereTheSameIsHeld(@ForAll long seed) {
    Replica[] at = new History(seed, 25).replicas;
    Versions purged = copy(at[0].cell);
    purged.purge(Long.MAX_VALUE);

    assertThat(purged.hasRemoved()).isFalse();
    assertThat(purged.digest() == at[0].cell.digest()).isEqualTo(!at[0].cell.hasRemoved());
    // But for values and totals, which the stamps decide, a cell is its stamps.
    assertThat(at[0].cell.digest() == at[1].cell.digest())
        .isEqualTo(Arrays.equals(bytes(at[0].cell), bytes(at[1].cell)));
    assertThat(at[0].cell.digest() == 0).isEqualTo(at[0].cell.isEmpty());
  }

  @Test
  void whatIsUpToTheHorizonAndNotHereIsTakenForRemoved() {
    Versions change = new Versions();
    Versions cell = new Versions();
    new Versions().put(1, 100, OLD, 0, 3, change);
    assertThat(cell.merge(copy(change), 100)).isFalse();
    assertThat(cell.isEmpty()).isTrue();
    assertThat(cell.merge(copy(change), 99)).isTrue();
    new Versions().add(1, 90, 5, change);
    assertThat(cell.merge(copy(change), 99)).isFalse();
    new Versions().add(1, 101, 5, change);
    assertThat(cell.merge(copy(change), 100)).isTrue();
    assertThat(cell.counterSum()).isEqualTo(5);
  }

  @Test
  void aRemovalIsNewsHoweverOldTheRemoved() {
    Versions change = new Versions();
    Versions cell = new Versions();
    new Versions().put(1, 100, OLD, 0, 3, change);
    cell.merge(copy(change));
    copy(cell).remove(change);

    assertThat(cell.merge(copy(change), 200)).isTrue();
    assertThat(cell.isVisible()).isFalse();
    assertThat(cell.hasRemoved()).isTrue();
    cell.purge(200);
    assertThat(cell.merge(copy(change), 200)).isFalse();
    assertThat(cell.isEmpty()).isTrue();
  }

  @Test
  void aCounterThatBeginsAnewIsNotTakenForTheOneBefore() {
    Versions change = new Versions();
    Versions here = new Versions();
    here.add(1, 100, 10, change);
    here.merge(copy(change));
    Versions there = copy(here);
    there.remove(change);
    there.merge(copy(change)); // and has yet to forget it
    here.merge(copy(change));
    here.purge(100);
    here.add(1, 300, 1, change);
    there.merge(copy(change));

    assertThat(there.counterSum()).isEqualTo(1);
  }

  @Test
  void theLaterOfTwoWritesThatDidNotSeeEachOtherIsTheValue() {
    Versions change = new Versions();
    Versions cell = new Versions();
    new Versions().put(1, 100, OLD, 0, 3, change);
    cell.merge(copy(change));
    new Versions().put(2, 101, NEW, 0, 3, change);
    cell.merge(copy(change));

    assertThat(cell.siblings()).isEqualTo(2);
    assertThat(cell.written().value()).isEqualTo(NEW);
    assertThat(cell.liveWrites()).extracting(Write::origin).containsExactly(2, 1);
  }

  private static void write(Versions at, int origin, long stamp) {
    Versions change = new Versions();
    at.replace(origin, stamp, NEW, 0, 3, change);
    at.merge(copy(change));
  }

  /** Writes of 1 (stamp 100) and of 2 (101), and another of 1 (102) in place of that of 2. */
  private static Versions severalOfOne() {
    Versions cell = new Versions();
    Versions other = new Versions();
    write(cell, 1, 100);
    write(other, 2, 101);
    cell.merge(copy(other));
    write(cell, 1, 102);
    return cell;
  }

  @Test
  void anOriginsEarlierWriteStaysWhereItsLaterOneTookThePlaceOfAnothers() {
    Versions cell = severalOfOne();
    assertThat(cell.liveWrites()).extracting(Write::stamp).containsExactly(102L, 100L);
    assertThat(cell.liveWrites()).extracting(Write::origin).containsOnly(1);
    write(cell, 2, 103);
    assertThat(cell.liveWrites()).extracting(Write::stamp).containsExactly(103L, 100L);
    assertThat(cell.bornStamp()).isEqualTo(103);
    assertThat(cell.isVisible()).isTrue();
  }

  @Test
  void whoHasSeenAllSiblingsResolvesThemAndWhatCameSinceShows() {
    Versions cell = severalOfOne();
    Versions late = new Versions();
    write(late, 3, 50);
    SiblingContext seen = SiblingContext.of(cell);
    assertThat(seen.covers(cell)).isTrue();
    cell.merge(copy(late));
    assertThat(seen.covers(cell)).isFalse();

    // At a replica that has less than was seen: what comes there later is overwritten.
    Versions other = new Versions();
    Versions change = new Versions();
    other.resolve(seen, 4, 200, NEW, 0, 3, change);
    other.merge(copy(change));
    other.merge(copy(cell));
    assertThat(other.liveWrites()).extracting(Write::stamp).containsExactly(200L, 50L);
  }

  @Test
  void whatIsResolvedBeyondTheStampOfTheResolutionStays() {
    Versions later = new Versions();
    write(later, 1, 300);
    Versions change = new Versions();
    new Versions().resolve(SiblingContext.of(later), 4, 200, NEW, 0, 3, change);
    assertThat(change.largestStamp()).isEqualTo(200);
    assertThat(merged(change, later).siblings()).isEqualTo(2);
  }

  @Test
  void aCountThatWasNotSeenIsUnseen() {
    Versions cell = severalOfOne();
    SiblingContext seen = SiblingContext.of(cell);
    Versions change = new Versions();
    cell.add(1, 110, 5, change);
    cell.merge(copy(change));
    assertThat(seen.covers(cell)).isFalse();
    assertThat(SiblingContext.of(cell).covers(cell)).isTrue();
  }

  @Test
  void aContextIsReadAsWhatItWasForItsKeyAndNoOther() {
    Versions cell = severalOfOne();
    byte[] token = SiblingContext.of(cell).token(NEW);
    assertThat(new String(token)).matches("[A-Za-z0-9_-]+");
    assertThat(SiblingContext.read(token, NEW).orElseThrow().covers(cell)).isTrue();
    assertThat(SiblingContext.read(token, OLD)).isEmpty();
    assertThat(SiblingContext.read("!".getBytes(), NEW)).isEmpty();
    assertThat(SiblingContext.read(new byte[0], NEW)).isEmpty();
    assertThat(SiblingContext.read(new byte[SiblingContext.MAX_LENGTH + 1], NEW)).isEmpty();
    for (int i = 0; i < token.length - 1; i++) { // the last has bits that say nothing
      byte[] damaged = token.clone();
      damaged[i] = (byte) (damaged[i] == 'A' ? 'B' : 'A');
      assertThat(SiblingContext.read(damaged, NEW)).isEmpty();
    }
  }

  @Test
  void earlierWritesAreHiddenAndRemovedLikeTheLast() {
    Versions cell = severalOfOne();
    SeenStamps removed = new SeenStamps();
    removed.saw(1, 100);
    assertThat(cell.hide(removed)).isTrue();
    assertThat(cell.siblings()).isEqualTo(1);
    Versions whole = severalOfOne();
    Versions change = new Versions();
    whole.remove(change);
    whole.merge(copy(change));
    assertThat(whole.isVisible()).isFalse();
    assertThat(whole.purge(102)).isTrue();
    assertThat(whole.isEmpty()).isTrue();
  }

  @Test
  void anEarlierWriteUpToTheHorizonDoesNotComeBackWithALaterOne() {
    Versions cell = new Versions();
    assertThat(cell.merge(severalOfOne(), 101)).isTrue();
    assertThat(cell.liveWrites()).extracting(Write::stamp).containsExactly(102L);
  }

  @Test
  void earlierWritesWithoutAnEndAreNotRead() {
    ByteSink sink = new ByteSink();
    sink.putVarint(1).putVarint(1).putByte(17).putLong(5).putVarint(1_000_000).putLong(4);
    assertThatThrownBy(() -> new Versions().read(new ByteSource(sink.toArray())))
        .isInstanceOf(MalformedBytesException.class);
  }

  @Test
  void whatTheRemoverOfAWholeKeyHadSeenIsHidden() {
    Versions change = new Versions();
    Versions cell = new Versions();
    new Versions().put(1, 100, OLD, 0, 3, change);
    cell.merge(copy(change));
    new Versions().put(2, 101, NEW, 0, 3, change);
    cell.merge(copy(change));
    SeenStamps removed = new SeenStamps();
    removed.saw(2, 150);

    assertThat(cell.hide(removed)).isTrue();
    assertThat(cell.written().value()).isEqualTo(OLD);
    assertThat(cell.isCoveredBy(removed)).isFalse();
    removed.saw(1, 100);
    assertThat(cell.hide(removed)).isTrue();
    assertThat(cell.isVisible()).isFalse();
    assertThat(cell.isCoveredBy(removed)).isTrue();
  }

  @Test
  void anOriginWhoseStampsGoBackStops() {
    Versions change = new Versions();
    Versions cell = new Versions();
    cell.put(1, 100, OLD, 0, 3, change);
    cell.merge(copy(change));

    assertThatThrownBy(() -> cell.put(1, 100, NEW, 0, 3, change))
        .isInstanceOf(InvariantViolation.class);
  }

  @Property
  void readsNothingThatIsDamagedAsSomethingElse(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = bytes(new History(seed, 25).replicas[0].cell);
    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    try {
      ByteSource source = new ByteSource(bytes);
      Versions read = new Versions().read(source);
      source.expectEnd();
      assertThat(bytes(read)).hasSizeLessThanOrEqualTo(bytes.length);
    } catch (MalformedBytesException expected) {
      assertThat(expected).hasMessageMatching(".*\\d.*");
    }
  }
}
