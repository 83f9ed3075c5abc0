package io.trefoil.replication.multileader;

import io.trefoil.base.Position;
import io.trefoil.replication.multileader.NeighbourView.State;
import io.trefoil.replication.multileader.RegionMessage.Batch;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is known of one neighbour: the connection, the pull, and how far its log is here.
 *
 * <p>{@code committed ≤ noted}. {@code appended} is mostly at or beyond {@code noted}; when the
 * neighbour's new leader has less than an earlier one sent, it goes back to where both histories
 * part, while what was noted stays true.
 */
final class NeighbourLink {
  private final int region;
  private final PieceQueue queue = new PieceQueue();

  private boolean up;
  private boolean tooOld;

  /** When something came last; and since when it is live, while it is. */
  private long heardMillis;

  private long liveSinceMillis;
  private boolean live;

  /** Regions whose entries it is the one to bring. */
  private SortedSet<Integer> assigned = new TreeSet<>();

  /** Regions it is asked for beside those, and up to where: nobody else brought that. */
  private final SortedMap<Integer, Piece> extras = new TreeMap<>();

  /** Those of them that it need not go on with. */
  private final SortedSet<Integer> broughtElsewhere = new TreeSet<>();

  private long pull;
  private SortedSet<Integer> wants = new TreeSet<>();
  private boolean needsPull;
  private boolean answered;
  private long pulledMillis;

  /** When the current pull was made or a batch of it taken. */
  private long servedMillis;

  /** Where the last batch that was taken ended. */
  private Position received;

  private Position appended;
  private Position noted;
  private Position committed;
  private long notedMillis;

  /** Whether pieces were passed, new or not, since {@code noted}. */
  private boolean passedPieces;

  /** The word it waits for, how far that origin was, and since when neither has changed. */
  private Piece waitsFor;

  private long waitsAtIndex;
  private long waitsSinceMillis;

  private long endIndex;
  private long levelWallMillis;

  NeighbourLink(int region, Position committed, long nowMillis, long wallMillis) {
    this.region = region;
    this.received = committed;
    this.appended = committed;
    this.noted = committed;
    this.committed = committed;
    this.notedMillis = nowMillis;
    this.levelWallMillis = wallMillis;
  }

  int region() {
    return region;
  }

  // The connection.

  void up() {
    up = true;
    tooOld = false;
    needsPull = true;
  }

  void down() {
    up = false;
    stopServing();
  }

  void tooOld() {
    tooOld = true;
    stopServing();
  }

  private void stopServing() {
    live = false;
    queue.clear();
    waitsFor = null;
  }

  /** A batch came, be it of this pull or an earlier one. Returns whether that made it live. */
  boolean heard(long nowMillis) {
    if (!up || tooOld) {
      return false;
    }
    heardMillis = nowMillis;
    boolean cameToLife = !live;
    if (cameToLife) {
      live = true;
      liveSinceMillis = nowMillis;
    }
    return cameToLife;
  }

  void noteSilence(long nowMillis, long silentMillis) {
    live = live && nowMillis - heardMillis < silentMillis;
  }

  boolean isLive() {
    return live;
  }

  boolean isSettled(long nowMillis, long settleMillis) {
    return live && nowMillis - liveSinceMillis >= settleMillis;
  }

  // The pull.

  void assign(SortedSet<Integer> regions) {
    if (!regions.equals(assigned)) {
      assigned = regions;
      needsPull = true;
    }
  }

  /** Nobody else brings what it waits for; it has that itself, or would not say so. */
  void askFor(Piece word) {
    extras.put(word.region(), word);
    broughtElsewhere.remove(word.region());
    needsPull = true;
  }

  /** As {@link #askFor}, of what the own region lost: only that, and nothing that follows it. */
  void fetchBack(Piece word) {
    askFor(word);
    broughtElsewhere.add(word.region());
  }

  boolean isAssigned(int assignedRegion) {
    return assigned.contains(assignedRegion);
  }

  void broughtElsewhere(int broughtRegion) {
    if (extras.containsKey(broughtRegion)) {
      broughtElsewhere.add(broughtRegion);
    }
  }

  /** Whether it brings more than it has to by now. */
  boolean bringsTooMuch(RegionVector vector) {
    return queue.isEmpty() && extras.values().stream().anyMatch(it -> isNeedless(it, vector));
  }

  private boolean isNeedless(Piece extra, RegionVector vector) {
    return vector.covers(extra.origin(), extra.index())
        && broughtElsewhere.contains(extra.region());
  }

  void pullAnew() {
    needsPull = true;
  }

  boolean needsPull() {
    return needsPull && up && !tooOld;
  }

  RegionMessage.Pull pull(long id, RegionVector vector, long nowMillis) {
    extras.values().removeIf(it -> isNeedless(it, vector));
    wants = new TreeSet<>(assigned);
    wants.addAll(extras.keySet());
    pull = id;
    needsPull = false;
    answered = false;
    pulledMillis = nowMillis;
    servedMillis = nowMillis;
    queue.clear();
    waitsFor = null;
    return new RegionMessage.Pull(id, appended, wants);
  }

  boolean isOf(long id) {
    return up && !tooOld && id == pull;
  }

  boolean wants(int wantedRegion) {
    return wants.contains(wantedRegion);
  }

  long pulledMillis() {
    return pulledMillis;
  }

  /** Whether the pull, or what was to follow it, seems to be lost. */
  boolean isUnserved(long nowMillis, long silentMillis) {
    return up && !tooOld && nowMillis - servedMillis >= silentMillis;
  }

  // What comes.

  /**
   * Takes a batch of the current pull.
   *
   * @return false when it does not follow what came before, or is too much
   */
  boolean accept(Batch batch, long maxQueuedBytes, long nowMillis) {
    boolean follows =
        answered ? batch.after().equals(received) : batch.after().compareTo(appended) <= 0;
    boolean hasRoom = queue.isEmpty() || queue.bytes() + batch.bytes() <= maxQueuedBytes;
    if (!follows || !hasRoom) {
      return false;
    }
    if (!answered) {
      answered = true;
      appended = batch.after(); // further back if the neighbour's new leader has less
    }
    servedMillis = nowMillis;
    received = batch.upTo();
    endIndex = batch.endIndex();
    if (!batch.isHeartbeat()) {
      queue.add(batch);
    } else if (queue.isEmpty()) {
      noteLevel(batch);
    }
    return true;
  }

  Piece take(RegionVector vector) {
    return queue.take(vector, this::passed);
  }

  private void passed(Batch batch) {
    appended = batch.upTo();
    passedPieces |= !batch.pieces().isEmpty();
    noteLevel(batch);
  }

  private void noteLevel(Batch batch) {
    if (batch.upTo().index() >= batch.endIndex()) {
      levelWallMillis = Math.max(levelWallMillis, batch.sentMillis());
    }
  }

  /** The word that stops it, else null. */
  Piece waitsFor() {
    return queue.waitsFor();
  }

  /** Whether it has waited for so long without anything of that origin coming. */
  boolean waitsInVain(RegionVector vector, long nowMillis, long patienceMillis) {
    Piece word = queue.waitsFor();
    if (word == null) {
      waitsFor = null;
      return false;
    }
    long upTo = vector.upTo(word.origin());
    if (!word.equals(waitsFor) || upTo != waitsAtIndex) {
      waitsFor = word;
      waitsAtIndex = upTo;
      waitsSinceMillis = nowMillis;
    }
    return nowMillis - waitsSinceMillis >= patienceMillis;
  }

  // How far it is here.

  /** What the next local entry says of how far it is here. */
  Position note(long nowMillis) {
    noted = later(noted, appended);
    notedMillis = nowMillis;
    passedPieces = false;
    return noted;
  }

  boolean isToBeNoted(long nowMillis, RegionSettings settings) {
    long wait = passedPieces ? settings.positionMillis() : settings.idlePositionMillis();
    return appended.compareTo(noted) > 0 && nowMillis - notedMillis >= wait;
  }

  /** Returns whether that is news. */
  boolean committed(Position upTo) {
    boolean grows = upTo.compareTo(committed) > 0;
    committed = later(committed, upTo);
    return grows;
  }

  private static Position later(Position one, Position other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  /** What to tell the neighbour; null when there is nothing, or no way. */
  RegionMessage.Acked ack() {
    boolean canTell = up && !tooOld && pull != 0 && committed.index() > 0;
    return canTell ? new RegionMessage.Acked(pull, committed) : null;
  }

  NeighbourView view(long wallMillis) {
    long lagEntries = Math.max(0, endIndex - appended.index());
    return new NeighbourView(
        state(),
        lagEntries,
        Math.max(0, wallMillis - levelWallMillis),
        queue.waitsFor(),
        wants,
        appended,
        committed,
        queue.bytes());
  }

  private State state() {
    if (!up) {
      return State.DOWN;
    }
    if (tooOld) {
      return State.TOO_OLD;
    }
    if (!answered) {
      return State.PULLING;
    }
    return queue.isEmpty() ? State.STREAMING : State.WAITING;
  }

  @Override
  public String toString() {
    return region
        + " "
        + state()
        + " pull="
        + pull
        + " wants="
        + wants
        + " appended="
        + appended
        + " noted="
        + noted
        + " committed="
        + committed
        + (queue.isEmpty() ? "" : " waits for " + queue.waitsFor());
  }
}
