package io.trefoil.command;

/**
 * What concurrent uses of a command come to, where writes have no single order: one value for all
 * commands of a kind. <em>Concurrent</em> are uses of which neither knew of the other: in two
 * regions, or by two coordinators of a leaderless database.
 *
 * <p>Each text is what {@code docs/convergence.md} says, and is proved by {@code ConvergenceTest}
 * in module {@code node}.
 */
public enum Convergence {
  SET(
      "The later one stays. One whose writer knew of the other is the later one, whatever the"
          + " clocks say. What `INCR` and its like added without being known to it is added to it,"
          + " if it is an integer. `KEEPTTL` says again what is known of the expiry. With `CONFLICT"
          + " SIBLINGS` both stay, and `GET` shows the later one.",
      "Last write wins, too, by the wall clock where replication can't tell the order ([strings])."),
  MSET(
      "Each key as by `SET`, on its own: one may get a key and the other another.",
      "All keys must be in one hash slot ([planning])."),
  ADD(
      "All count, each once. Beside `SET` of an integer: the integer, plus what its writer did not"
          + " know of. Beside `SET` of any other text: the text. Beside `DEL`: what its sender did"
          + " not know of is left. The reply is one replica's sum, so two may be told the same. A"
          + " sum that leaves 64 bits in one replica's view is refused; one that leaves them only"
          + " when merged wraps around.",
      "All count, too. Counters have 59 bits, against what overflows only together ([strings])."),
  GETEX(
      "The value is one replica's. The expiry is as by `EXPIRE`, with `PERSIST` as by `PERSIST`.",
      "Of two expiries the longer one stays ([develop])."),
  EXPIRE(
      "The later word stays, also of `EXPIRE` and `PERSIST`. A later `SET` is not concerned: its"
          + " key does not expire by it. An earlier one is, known or not, and so are fields,"
          + " members and additions. A time that has passed removes, as `DEL` does.",
      "The longer time stays, and `PERSIST` stays beside any ([develop])."),
  PERSIST(
      "The later word stays, also of `EXPIRE` and `PERSIST`. On a key that is not known to expire"
          + " it says nothing, and a concurrent `EXPIRE` stays.",
      "It stays beside any `EXPIRE` ([develop])."),
  REMOVE(
      "Removes what is known, whatever the clocks say. A string, a field, a member or an addition"
          + " that its sender did not know of stays. Two that find the same key both count it.",
      ""),
  FLUSH(
      "As `DEL` of every key that is known, one by one. What was not known stays.",
      "Not supported as a command: by the API or the user interface ([planning])."),
  HSET(
      "Of one field the later value stays, of several fields all. A field that is written stays"
          + " beside `HDEL` and `DEL` whose sender did not know of that write. The reply counts what"
          + " is new to one replica, so two may count the same field.",
      "The same: additions stay, and a field counts as a string does ([hashes])."),
  HDEL(
      "Removes each field as it is known: a write of it that was not known stays, and so does what"
          + " `HINCRBY` added without being known. Two that find the same field both count it.",
      "The same: a removal removes what it has seen ([hashes])."),
  HINCRBY(
      "A field counts as a key does by `INCRBY`, beside `HSET` as beside `SET`, and beside `HDEL` as"
          + " beside `DEL`.",
      "A field that `HINCRBY` began is a counter, as a string is ([hashes])."),
  SADD(
      "All members stay. One that is added stays beside `SREM` and `DEL` whose sender did not know"
          + " of that, also if it was there before. The reply counts what is new to one replica, so"
          + " two may count the same member.",
      "The same: an addition stays ([sets])."),
  SREM(
      "Removes each member as it is known: one that is added concurrently stays. Two that find the"
          + " same member both count it.",
      "The same: a removal removes what it has seen ([sets])."),
  ZADD(
      "Of one member the later score stays, of several members all, beside `ZREM` and `DEL` as by"
          + " `SADD`. What `ZINCRBY` added without being known to it is added to it. All replicas"
          + " have them in one order. The reply counts what is new to one replica.",
      ""),
  ZINCRBY(
      "All count, each once, beside `ZADD` as beside `SET` and beside `ZREM` as beside `DEL`; the"
          + " reply is one replica's sum.",
      ""),
  ZREM(
      "Removes each member as it is known, and those of a range as they are known, by the scores"
          + " and ranks that they have there: one that is added concurrently stays, and so does what"
          + " `ZINCRBY` added without being known.",
      ""),
  PUSH(
      "All elements stay, in one order everywhere. Those pushed at one end at once come in between"
          + " each other, each one's in the order in which it was pushed. One that was inserted"
          + " stays between the two that it was put between. A list that is new on both sides is"
          + " one list.",
      ""),
  LSET(
      "Of one element the later value stays. It stays beside a removal whose sender did not know of"
          + " it.",
      ""),
  LREM(
      "Removes those elements that are known to be equal, or to be outside the range: what was"
          + " pushed without being known stays, also outside the range.",
      ""),
  EXEC(
      "Its commands come to a replica in one entry, whole or not at all. Then each of them is merged"
          + " as it is when used alone: of two transactions that set two keys, one may stay in one"
          + " key and the other in the other. `WATCH` is refused.",
      ""),
  RESOLVE(
      "Overwrites what its context covers. What that does not cover stays a sibling, and two that"
          + " decide at once are siblings again. Only with `CONFLICT SIBLINGS`.",
      ""),
  REPLAY(
      "Writes come back with the stamps that they had: once, however often they are replayed, and"
          + " also when another region still has them.",
      ""),
  READ(
      "Shows what has come here so far, where it is answered; commands over several partitions ask"
          + " each on its own.",
      "`DBSIZE` counts what a key may be as several until a conflict is resolved ([develop]).");

  private final String together;
  private final String activeActive;

  Convergence(String together, String activeActive) {
    this.together = together;
    this.activeActive = activeActive;
  }

  /** What concurrent uses come to; in Markdown, for one cell of a table. */
  public String together() {
    return together;
  }

  /**
   * What the documentation of Redis Enterprise says of its Active-Active databases, with the names
   * of its pages in brackets; empty where it says nothing.
   */
  public String activeActive() {
    return activeActive;
  }
}
