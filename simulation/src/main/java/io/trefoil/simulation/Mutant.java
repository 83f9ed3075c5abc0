package io.trefoil.simulation;

import io.trefoil.simulation.cluster.ClusterKind;

/**
 * A rule that is broken on purpose, to prove that the checks see it. Each is done to the events and
 * effects around the replica, or to the model of the controller; the replica itself is untouched.
 * Of a whole cluster it is the ports that lie: disk, clock, consensus.
 */
public enum Mutant {
  NONE("", ""),
  /** Entries are called stable before they are synced. */
  STABLE_EARLY(
      "an entry counts as stable once it is synced",
      "acknowledged writes, when machines lose power"),
  /** The promise is called durable and is never written. */
  PROMISE_NOT_WRITTEN(
      "a promise is on disk before it is answered",
      "acknowledged writes: a restarted follower helps the old leader to commit",
      World.TRACE),
  /** What an older epoch's leader sends is acknowledged after the promise. */
  ACKNOWLEDGED_AFTER_PROMISE(
      "after a promise nothing of an older epoch is acknowledged",
      "acknowledged writes: the old leader commits what the new one does not have"),
  /** Replicas are asked for no promise: whoever is there leads. */
  NO_FENCE(
      "before one leads, replicas promise to acknowledge nothing older, and say what they have",
      "acknowledged writes that the new leader never got"),
  /** The controller appoints whoever answers first. */
  FIRST_ANSWER_LEADS(
      "the longest log among those who answered leads",
      "acknowledged writes that only the others have"),
  /** The controller is content with one fence answer too few. */
  ONE_ANSWER_TOO_FEW(
      "N - c + 1 replicas answer before one leads",
      "acknowledged writes of the one that did not answer"),
  /** The controller appoints the smallest position. */
  SHORTEST_LOG_LEADS("the longest log leads", "acknowledged writes that the shorter logs lack"),
  /** The controller appoints without waiting for the old leader's lease to run out. */
  LEASE_NOT_WAITED_FOR(
      "nobody leads before the old lease has run out", "fresh reads: two leaders serve at once"),
  /** A node's lease is renewed without telling it of the epoch that was opened meanwhile. */
  LEASE_WITHOUT_EPOCH(
      "a lease is renewed only to who knows of the newest epoch",
      "fresh reads: a deposed leader goes on serving"),
  /** The lease is checked before the turn rather than before the replies leave. */
  LEASE_CHECKED_EARLY(
      "the lease is read when replies leave, after the turn",
      "fresh reads, when a leader stands still in the middle of a turn"),
  /** An appointment is accepted for an epoch that has a leader. */
  APPOINTED_TWICE("an epoch has one leader", "one history: two leaders write under one epoch"),
  /** A replica whose machine lost writes counts. */
  AMNESIAC_COUNTS(
      "a copy that may have lost writes counts for nothing",
      "acknowledged writes, after a machine lost power"),
  /** A batch that comes late cuts what follows it. */
  LATE_BATCH_CUTS(
      "a batch that is already there changes nothing",
      "acknowledged writes: a repeated message cuts what followed"),
  /** A batch is taken though the entry before it is another. */
  PREVIOUS_IGNORED(
      "a batch is taken only after the entry that it followed at its leader",
      "equal replicas: entries of a deposed leader stay in between"),
  /** A leader takes entries of older epochs for committed once enough replicas have them. */
  OLD_EPOCH_BY_COUNT(
      "older epochs' entries are committed only with one of the leader's own",
      "acknowledged writes: another log can still win (Raft, figure 8)",
      World.TRACE),
  /** The reply of a write that found nothing to do leaves at once. */
  UNCHANGED_NOT_HELD(
      "also the reply of a write that changed nothing waits for what it looked at",
      "nothing of one's own, but what was seen is gone after a failover"),
  /** Replies are not held until what they looked at is committed. */
  UNCOMMITTED_SERVED(
      "a reply waits for what it looked at to be committed",
      "nothing of one's own, but what was read is gone after a failover"),
  /** Writes that wait when a leader steps down are acknowledged. */
  LOST_LEADERSHIP_IS_OK(
      "a write that is not committed is not acknowledged",
      "writes that were called OK when their leader stepped down"),
  /** A snapshot is laid over what a replica has. */
  SNAPSHOT_MERGED(
      "a snapshot replaces what a replica has",
      "equal replicas: what had left the history is read again after a failover"),
  /** The configuration is replaced without two standing meanwhile. */
  CHANGED_IN_ONE_STEP(
      "two configurations stand while one replaces the other",
      "acknowledged writes, when replicas move during a failover"),
  /** What diverged is not reported. */
  DIVERGENCE_SILENT(
      "what leaves the history is saved", "the list of what an asynchronous failover took away"),
  /** The disk says that it has synced, and has not. */
  SYNC_DOES_NOTHING(
      "what is synced survives a crash of the machine",
      "acknowledged writes, when machines lose power",
      World.CLUSTER),
  /** A lease is held five times as long as it was granted. */
  LEASE_TOO_LONG(
      "a lease is held no longer than it was granted",
      "fresh reads: a leader serves beside its successor",
      World.CLUSTER),
  /**
   * A controller that was replaced takes itself for the only voter, and is never told otherwise.
   */
  CONTROLLER_NOT_CONFIRMED(
      "a controller grants leases only while a majority of voters confirms it",
      "fresh reads: two controllers, and two leaders",
      World.CLUSTER),
  /** What is to be saved as it leaves the history is not. */
  DIVERGENCE_NOT_STORED(
      "a divergence file is on disk before anything is cut",
      "the list of what an asynchronous failover took away",
      World.CLUSTER),
  /** The time that entries carry is lost on the way: each replica goes by its own clock. */
  EXPIRY_BY_WALL_CLOCK(
      "keys expire by the log's time, which is the leader's and never goes back",
      "what has expired is there again after a failover",
      World.CLUSTER),
  /** A follower takes itself for fresh before it has committed what its leader had. */
  FRESH_BEFORE_COMMITTED(
      "a copy is as fresh as its leader's word only with all that the leader had committed then",
      "reads that are at most so old",
      World.CLUSTER),
  /** The leader is not told what a session has seen. */
  FLOOR_NOT_SENT(
      "a leader is told what a session has seen",
      "the word that a session's own write left the history",
      World.CLUSTER),
  /** Each step of a change is followed by the next at once, whatever has been copied. */
  CHANGE_NOT_WAITED_FOR(
      "a change goes a step further when its leader says that all has been copied",
      "acknowledged writes, when copies move or a rule asks for more of them",
      World.CLUSTER),
  /** A session goes on at another node without its token. */
  TOKEN_FORGOTTEN(
      "a token carries what a session has seen to another connection",
      "one's own writes, and reads that never go back, from node to node",
      World.CLUSTER),
  /** A coordinator waits for one copy less than was asked for. */
  ANSWERED_BEFORE_W(
      "a write of a leaderless database is answered when W copies are stable",
      "acknowledged writes: reads of R replicas miss them",
      World.LEADERLESS),
  /** A coordinator counts what it keeps for a replica out of reach as that replica's copy. */
  HINTS_COUNT_WHEN_STRICT(
      "a hint counts as a copy only where the database says SLOPPY YES",
      "acknowledged writes: reads of R replicas miss them while others are away",
      World.LEADERLESS),
  /** A replica that has something else than the coordinator is taken for one that has the same. */
  DIFFERENCE_NOT_TOLD(
      "of what R replicas have, the newest is read, and repaired where it was missing",
      "fresh reads",
      World.LEADERLESS),
  /** A coordinator whose clock is behind never hears that its write can't be seen. */
  SUPERSEDED_NOT_SAID(
      "a write under a larger stamp is written again before it is acknowledged",
      "acknowledged writes, when clocks are apart",
      World.LEADERLESS),
  /** A replica claims that it has heard of all that was ever written. */
  FORGOTTEN_TOO_SOON(
      "what was removed is forgotten only when every replica has heard of it",
      "removals: what was removed is there again",
      World.LEADERLESS),
  /** What an entry depends on is not said. */
  CAUSES_NOT_WAITED_FOR(
      "an entry gets into a region's log after all that its own region had before it",
      "writes that another neighbour was to bring, and causes of what is seen already",
      World.REGIONS),
  /** A write of another region has the time at which it came. */
  STAMPED_ON_ARRIVAL(
      "a write has the stamp that it was given where it was written, wherever it is merged",
      "equal regions: of two writes each shows another one",
      World.REGIONS),
  /** What is sent on for a region has the numbers of the log that it is sent from. */
  SENT_ON_AS_OWN(
      "what is sent on keeps its origin and its number there",
      "acknowledged writes: what has the number of something else is taken for it",
      World.REGIONS),
  /** A region says that it has all that it was sent. */
  CLAIMED_BEFORE_COMMITTED(
      "a region claims to have of another's log what is committed in its own",
      "writes in all other regions, after a failover in one",
      World.REGIONS),
  /** Who tails goes on at the end when it is told that histories parted. */
  TAIL_GOES_ON_AT_THE_END(
      "who tails goes on from where the histories parted",
      "changes in what is read, after an asynchronous failover",
      World.TAILED),
  /** A node whose replica is damaged is not told so. */
  CONDEMNED_NOT_TOLD(
      "a replica that differs from all the others is served no more",
      "what only a comparison shows to be lost: it is read, and copied to others",
      World.SCRUBBED),
  /** A follower tells what it had when it was compared the last time. */
  COMPARED_AT_ANY_MOMENT(
      "replicas are compared at one point of their history",
      "a node that is well, and stops",
      World.SCRUBBED);

  /** Where it is broken. */
  public enum World {
    PROTOCOL(null),
    CLUSTER(ClusterKind.LED),
    /** In a cluster that somebody tails. */
    TAILED(ClusterKind.TAILED),
    /** In a cluster whose replicas are compared every few seconds. */
    SCRUBBED(ClusterKind.SCRUBBED),
    /** In a cluster with a leaderless database. */
    LEADERLESS(ClusterKind.LEADERLESS),
    /** In several clusters with a database between them. */
    REGIONS(ClusterKind.REGIONS),
    /** In a dialogue of the protocol that is told line by line: too rare for seeds. */
    TRACE(null);

    private final ClusterKind kind;

    World(ClusterKind kind) {
      this.kind = kind;
    }

    /** Of whole clusters; null where the protocol alone runs. */
    public ClusterKind kind() {
      return kind;
    }
  }

  private final String rule;
  private final String costs;
  private final World world;

  Mutant(String rule, String costs) {
    this(rule, costs, World.PROTOCOL);
  }

  Mutant(String rule, String costs, World world) {
    this.rule = rule;
    this.costs = costs;
    this.world = world;
  }

  public World world() {
    return world;
  }

  /** The rule that is broken. */
  public String rule() {
    return rule;
  }

  /** What a user would lose. */
  public String costs() {
    return costs;
  }

  /** As it is written on the command line. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
