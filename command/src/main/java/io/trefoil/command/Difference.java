package io.trefoil.command;

import java.util.EnumSet;
import java.util.Set;

/**
 * What commands do otherwise than Redis 7.0, with its reason: one value for all commands that share
 * it. {@code docs/compatibility.md} is made of it, and {@code AllCommandsComparisonTest} lets no
 * reply differ but by what is said here.
 */
public enum Difference {
  // Keys of any type.
  REFCOUNT("", "always 1", "values are not shared"),
  IDLE_TIME(
      "", "an error that says so", "accesses are not tracked; a made-up number would mislead"),
  COPY_DB(
      "`DB n`", "`-UNSUPPORTED`", "another database is other partitions, perhaps on other nodes"),
  ENCODING_OF_FIELDS(
      "of a hash or set", "always `hashtable`", "small ones are stored like large ones"),
  ENCODING_AS_IT_IS(
      "of a string or sorted set",
      "what Redis would make of it as it is: `embstr`, `int` and `listpack` also after an `APPEND`,"
          + " or when it was larger before",
      "nothing is converted, so nothing is remembered"),
  MEMORY_USAGE(
      "",
      "an estimate: of a hash, set, list or sorted set 100 bytes for a field, whatever its size",
      "fields are not looked at"),
  COPIED_FIELDS(
      "of a hash, set, list or sorted set",
      "copies its fields; more than 128 MB is refused",
      "a field's cell belongs to its key's collection"),
  SCAN_COUNT(
      "`COUNT n`",
      "n above 100,000 counts as 100,000",
      "a step must not hold up the loop that runs all commands"),
  SCAN_STEPS(
      "",
      "a small one needs steps, too, when it has more fields than `COUNT`; the last step may be"
          + " empty",
      "small ones are stored like large ones"),
  SORT_MEMORY(
      "",
      "more than 128 MB of elements, or of a reply, is refused",
      "they are held in memory, and so is a reply"),
  WORDS_ARE_BYTES(
      "`ALPHA`",
      "compares bytes",
      "Redis compares by its server's locale, and only up to a zero byte; nodes may have several"
          + " locales"),
  SORT_ELSEWHERE(
      "`BY` or `GET` of other keys",
      "refused in a database of several partitions, with Redis Cluster's error",
      "those keys may be in other partitions"),

  // Numbers.
  HEXADECIMAL_FLOATS(
      "hexadecimal floats, such as `0x10`",
      "`value is not a valid float`",
      "nobody sends them; decimal digits are exactly those of C's 80-bit `long double` on x86-64"),
  ZERO_HAS_NO_SIGN("", "a score of `-0` is `0`", "places in a set's order are the scores' bytes"),
  LONG_FLOATS("", "texts of more than 5,119 bytes are no floats", "texts are bounded"),

  // Hashes, sets and sorted sets.
  ORDER_OF_HASHES(
      "", "fields and members come in the order of their hashes", "each is a cell of its own"),
  ALL_FIELDS("", "more than 128 MB together is refused", "a reply is made in memory"),
  SETS_IN_MEMORY(
      "",
      "refused when members are more than 128 MB together, at 64 bytes each beside their own",
      "they are held in memory"),
  REPEATED_PICKS(
      "with a negative count",
      "refused when the reply would be more than 128 MB",
      "Redis makes it, and stands still meanwhile"),
  SORTED_SETS_IN_MEMORY(
      "",
      "more than 128 MB at once is refused, counting 64 bytes for a member beside its name; of"
          + " removals, when the set is more than what is removed",
      "an entry and a reply are made in memory"),

  SCORES_OF_SMALL_SETS(
      "whole scores of 10^17 and more",
      "written in full if the set is small, also when it was larger or sorted before",
      "nothing is converted, so nothing is remembered"),

  // Whole databases.
  KEY_BY_KEY(
      "",
      "removes what is known, key by key, as `DEL` does",
      "what was not known has to stay",
      Algorithm.MULTI_LEADER,
      Algorithm.LEADERLESS),
  OF_ONE_COPY(
      "",
      "tells what one copy of each partition has",
      "a database's keys are not read from R replicas",
      Algorithm.LEADERLESS),

  // Connections and the server.
  DATABASE_NAMES("", "takes names, too; 0 to 15 always succeed", "databases have names"),
  WHO_ANSWERS("", "OK outside a Redis Cluster, too", "they choose who answers reads"),
  TRACKING("`ON`", "an error; `OFF` is accepted", "there is no client side caching"),
  ACCEPTED_ONLY(
      "", "accepted, without effect", "connections are never evicted, accesses not tracked"),
  TABLE_WITHOUT_TIPS(
      "", "tips and key specifications are empty", "clients use flags and key positions"),
  TABLE_WITHOUT_ARGUMENTS("", "no arguments", "they are for completion in redis-cli"),
  NO_CLUSTER(
      "",
      "`This instance has cluster support disabled`, as of a Redis that is no cluster",
      "no port speaks the cluster protocol"),
  LAST_WRITE_OUT(
      "",
      "when storage last became durable up to a position, in seconds",
      "that is what \"saved\" means here"),
  WRITE_OUT(
      "",
      "has storage made durable; no file to copy appears",
      "the journal already has all that was acknowledged"),
  FEW_SETTINGS(
      "",
      "a few of Redis's names that tools ask for; `appendonly yes`, `save \"\"`",
      "so that tools work"),
  SETTINGS_STAY(
      "",
      "refused, unless it changes nothing; from which size on Redis keeps a value in another"
          + " encoding is taken and shown, until the node stops",
      "settings are in the node's file; values are kept in cells, whatever their size"),
  WAITING_POPS(
      "",
      "10,000 wait for a partition at most, of 64 MB together; `-UNBLOCKED` when its leader"
          + " changes, `-UNCERTAIN` when the way to it broke",
      "who waits is in the leader's memory: [blocking.md](blocking.md)"),
  WAITING_CLIENTS(
      "", "knows the clients of its node; ends no `WAIT`", "a client's id is its node's"),
  NOTHING_RECORDED("", "empty", "nothing is recorded there"),
  KEYS_HERE(
      "`keyspace`",
      "keys of the partitions that this node has a copy of; `expires=0`",
      "other nodes are not asked"),
  ROLE_OF_A_PARTITION(
      "",
      "tells of the database's first partition; offsets are log indexes",
      "Redis has one role for a node, Trefoil one for a partition"),
  WAITS_FOR_FOLLOWERS(
      "",
      "counts followers that have the connection's last write, also when its leader hands over"
          + " meanwhile; where nothing was written every copy has it",
      "which replicas have a write, its leader knows"),
  STOPS_THE_NODE("", "stops the node; its options are ignored", "the journal is the save"),

  // Publishing and transactions.
  ALL_NODES(
      "",
      "tells of the subscribers of all nodes that are connected; a pattern at two nodes counts once"
          + " in `NUMPAT`",
      "Redis Cluster tells of its own node's only: [pubsub.md](pubsub.md)"),
  SHARDS_EVERYWHERE(
      "", "reaches all nodes, as `PUBLISH` does", "no slot of a channel is anywhere in particular"),
  NOT_IN_TRANSACTIONS(
      "after `MULTI`", "refused", "a transaction is about keys of one partition, and one entry"),
  QUEUED_IN_ONE_PARTITION(
      "after `MULTI`", "refused in a database of several partitions", "a transaction stays in one"),
  SUBSCRIBED_NAMES(
      "",
      "100,000 channels and patterns a connection, of 16 MB together",
      "bounded before memory is taken"),
  PATTERN_ORDER(
      "of several patterns that match",
      "messages in the order of subscribing",
      "Redis's is that of a hash table"),
  ONE_PARTITION(
      "",
      "all keys in one partition of one database, else `-CROSSSLOT`:"
          + " [transactions.md](transactions.md)",
      "a transaction is one entry"),
  BOUNDED_TRANSACTION(
      "",
      "100,000 commands, of 900,000 words and 64 MB; replies of 128 MB before the last one",
      "bounded before memory is taken"),
  WATCHED_MEANWHILE(
      "",
      "may tell of a change needlessly, rarely; another leader is a change; keys of another"
          + " partition than the transaction's are `-CROSSSLOT` at `EXEC`",
      "changes are noted by hashes of keys, at the leader");

  private final String form;
  private final String here;
  private final String reason;
  private final Set<Algorithm> algorithms;

  Difference(String form, String here, String reason) {
    this(form, here, reason, Algorithm.values());
  }

  Difference(String form, String here, String reason, Algorithm... algorithms) {
    this.form = form;
    this.here = here;
    this.reason = reason;
    this.algorithms = EnumSet.noneOf(Algorithm.class);
    this.algorithms.addAll(Set.of(algorithms));
  }

  /** With which options, or of what; empty when always. In Markdown, as the other texts. */
  public String form() {
    return form;
  }

  /** What is done here instead. */
  public String here() {
    return here;
  }

  /** Why; empty when what is done here says it. */
  public String reason() {
    return reason;
  }

  /** Whether it is so on a database that is replicated in this way. */
  public boolean on(Algorithm algorithm) {
    return algorithms.contains(algorithm);
  }

  /** Whether it is so however a database is replicated. */
  public boolean everywhere() {
    return algorithms.size() == Algorithm.values().length;
  }
}
