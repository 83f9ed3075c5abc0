package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Stamp;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.RegionOrigin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two regions write at the same time, eu at 1 s and us at 2 s, and then merge. */
class ConflictFinderTest {
  @TempDir private Path folder;
  private MergedReplica eu;
  private MergedReplica us;

  @BeforeEach
  void open() {
    eu = new MergedReplica(RegionOrigin.number(1, 1), folder);
    us = new MergedReplica(RegionOrigin.number(2, 1), folder);
    us.now = eu.now + 1_000;
  }

  @AfterEach
  void close() {
    eu.close();
    us.close();
  }

  private static EntryBatch write(MergedReplica at, String command) {
    at.run(command.split(" "));
    return at.taken;
  }

  private void merge(EntryBatch ofEu, EntryBatch ofUs) {
    us.takeIn(eu.origin, ofEu);
    eu.takeIn(us.origin, ofUs);
  }

  private static List<FoundConflict> taken(MergedReplica at) {
    List<FoundConflict> found = new ArrayList<>();
    at.conflicts().committed(at.lastIndex(), found::add);
    return found;
  }

  /** {@code cause key[.field]: type value of region hides type value of region}, of each. */
  private static List<String> found(MergedReplica at) {
    return taken(at).stream().map(ConflictFinderTest::text).toList();
  }

  private static String text(FoundConflict found) {
    String field = found.field() == null ? "" : "." + found.field().begin();
    return (found.cause() + " " + found.key().begin() + field)
        + (": " + text(found.winner()) + " hides " + text(found.loser()));
  }

  private static String text(FoundConflict.Side side) {
    int region = RegionOrigin.regionOf(side.origin());
    return side.type().redisName()
        + " "
        + side.value().begin().toString().strip().replace("\n", "|")
        + " of "
        + (region == 1 ? "eu" : "us");
  }

  private void bothFind(String... conflicts) {
    assertThat(found(eu)).containsExactly(conflicts);
    assertThat(found(us)).containsExactly(conflicts);
  }

  @Test
  void theEarlierOfTwoStringsIsHidden() {
    merge(write(eu, "SET k x"), write(us, "SET k y"));
    bothFind("STRING k: string y of us hides string x of eu");
  }

  @Test
  void aConflictHasItsPlaceItsNumberAndTheTimesOfTheWrites() {
    EntryBatch a = write(eu, "MSET k x l x");
    EntryBatch b = write(us, "MSET k y l y");
    eu.takeIn(us.origin, b);
    List<FoundConflict> found = taken(eu);
    assertThat(found).extracting(FoundConflict::number).containsExactly(0, 1);
    assertThat(found).extracting(FoundConflict::index).containsOnly(a.lastIndex() + 1);
    assertThat(Stamp.millis(found.get(0).loser().stamp())).isEqualTo(eu.now);
    assertThat(Stamp.millis(found.get(0).winner().stamp())).isEqualTo(us.now);
  }

  @Test
  void whatWasSeenIsOverwrittenAndNotHidden() {
    us.takeIn(eu.origin, write(eu, "SET k x"));
    eu.takeIn(us.origin, write(us, "SET k y"));
    bothFind();
    us.takeIn(eu.origin, write(eu, "SET k z"));
    bothFind();
  }

  @Test
  void eachWriteThatIsHiddenIsFoundOnceHoweverOftenItComes() {
    EntryBatch x = write(eu, "SET k x");
    EntryBatch y = write(us, "SET k y");
    eu.takeIn(us.origin, y);
    eu.takeIn(us.origin, y);
    assertThat(found(eu)).containsExactly("STRING k: string y of us hides string x of eu");
    // us goes on without having heard of x, which is hidden already.
    EntryBatch z = write(us, "SET k z");
    eu.takeIn(us.origin, z);
    assertThat(found(eu)).isEmpty();
    us.takeIn(eu.origin, x);
    assertThat(found(us)).containsExactly("STRING k: string z of us hides string x of eu");
  }

  @Test
  void ofEqualValuesNoneIsLost() {
    merge(write(eu, "SET k same"), write(us, "SET k same"));
    merge(write(eu, "HSET h f same"), write(us, "HSET h f same"));
    bothFind();
  }

  @Test
  void countersAddUpAndMembersStay() {
    merge(write(eu, "INCRBY n 2"), write(us, "INCRBY n 3"));
    merge(write(eu, "HINCRBY h n 2"), write(us, "HINCRBY h n 3"));
    merge(write(eu, "SADD s a b"), write(us, "SADD s b c"));
    bothFind();
  }

  @Test
  void aFieldHidesTheSameFieldOnly() {
    merge(write(eu, "HSET h f x mine 1"), write(us, "HSET h f y yours 2"));
    bothFind("FIELD h.f: hash y of us hides hash x of eu");
  }

  @Test
  void aRemovalHidesNothing() {
    merge(write(eu, "SET k x"), write(us, "HSET h f x"));
    assertThat(found(eu)).isEmpty();
    us.takeIn(eu.origin, write(eu, "SET k x"));
    eu.now += 10_000;
    us.now += 10_000;
    merge(write(eu, "DEL k"), write(us, "SET k y"));
    merge(write(eu, "HSET h f y"), write(us, "DEL h"));
    bothFind();
  }

  @Test
  void aLaterStringHidesFieldsWhichAreNamed() {
    merge(write(eu, "HSET k f 1 g 2"), write(us, "SET k text"));
    bothFind("TYPE k: string text of us hides hash f: 1|g: 2 of eu");
  }

  @Test
  void laterFieldsHideAString() {
    merge(write(eu, "SET k text"), write(us, "HSET k f 1"));
    bothFind("TYPE k: hash  of us hides string text of eu");
  }

  @Test
  void laterFieldsHideANumberThatWasOnlyAddedTo() {
    merge(write(eu, "INCRBY k 7"), write(us, "SADD k m"));
    bothFind("TYPE k: set  of us hides string 7 of eu");
  }

  @Test
  void laterFieldsHideThoseOfTheOtherType() {
    merge(write(eu, "HSET k f 1"), write(us, "SADD k m"));
    bothFind("TYPE k: set  of us hides hash f: 1 of eu");
  }

  @Test
  void fieldsThatTheWriterOfTheStringHadSeenAreOverwritten() {
    us.takeIn(eu.origin, write(eu, "HSET k f 1"));
    eu.takeIn(us.origin, write(us, "SET k text"));
    bothFind();
  }

  @Test
  void aLongValueIsCutAndItsLengthIsTold() {
    merge(write(eu, "SET k " + "x".repeat(5_000)), write(us, "SET k y"));
    FoundConflict.Text hidden = taken(eu).get(0).loser().value();
    assertThat(hidden.length()).isEqualTo(5_000);
    assertThat(hidden.begin().length()).isEqualTo(FoundConflict.MAX_BYTES);
    us.now += 1_000;
    merge(write(eu, "HSET h f " + "x".repeat(5_000)), write(us, "SET h y"));
    hidden = taken(eu).get(0).loser().value();
    assertThat(hidden.length()).isEqualTo("f: \n".length() + 5_000);
    assertThat(hidden.begin().length()).isEqualTo(FoundConflict.MAX_BYTES);
  }

  @Test
  void whatIsUndoneIsForgottenAndWhatIsNotCommittedIsHeld() {
    merge(write(eu, "SET k x"), write(us, "SET k y"));
    eu.conflicts().committed(eu.lastIndex() - 1, each -> assertThat(each).isNull());
    eu.conflicts().undoAfter(eu.lastIndex() - 1);
    assertThat(found(eu)).isEmpty();
    us.conflicts().undoAfter(us.lastIndex());
    assertThat(found(us)).hasSize(1);
  }

  @Test
  void copiesOfALeaderlessDatabaseRecordNothing() {
    EntryBatch x = write(eu, "SET k x");
    us.hear(eu.origin, x);
    write(us, "SET k y");
    us.hear(eu.origin, write(eu, "SET k z"));
    assertThat(found(us)).isEmpty();
  }
}
