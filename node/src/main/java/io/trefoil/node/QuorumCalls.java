package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.CellsRefused;
import io.trefoil.node.http.CallCounts;
import io.trefoil.replication.leaderless.LeaderlessEffect;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.leaderless.LeaderlessReplica;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The commands that a replica coordinates, until they are answered.
 *
 * <p><b>A read</b> runs here. If its level asks for more than this copy, others are asked whether
 * they have the same of what it looked at; what differs is merged here, sent to all, and the
 * command runs again. Its reply leaves when so many copies are stable as a write needs, so that no
 * later read sees less.
 *
 * <p><b>A write</b> that looks at something is first run in the same way and taken back; then it
 * runs for good. Its reply leaves when enough copies are stable.
 *
 * <p><b>In a sloppy database</b> a hint here counts as a copy for a replica that is out of reach.
 *
 * <p>Owner thread only.
 */
final class QuorumCalls {
  /** A command that looks at something else each time it runs is given up. */
  private static final int MAX_ROUNDS = 8;

  /** More commands are refused while so many wait for other replicas. */
  private static final int MAX_CALLS = 100_000;

  private final QuorumReplica replica;
  private final KeyTurns turns = new KeyTurns();
  private final Map<Long, Call> asking = new HashMap<>();
  private List<Call> writing = new ArrayList<>();

  /** Those that have repaired something, and run again. */
  private final Set<Call> repairing = new HashSet<>();

  private long lastQuestion;
  private long repairs;
  private long restamped;
  private long refused;
  private long uncertain;
  private long confirmed;

  QuorumCalls(QuorumReplica replica) {
    this.replica = replica;
  }

  /** A command's handler, with where its reply goes. */
  interface Handler extends PartitionReplica.Work {
    /** Forgets the reply of an earlier run. */
    void restart();

    byte[] reply();
  }

  /**
   * Runs a command.
   *
   * @param keys what it is about; empty for a command on the whole partition
   */
  void run(Handler handler, List<Bytes> keys, boolean write, Level level, Delivery delivery) {
    Call call = new Call(handler, keys, write, level, delivery);
    String refusal = call.refusal();
    if (refusal != null) {
      refused += write ? 1 : 0;
      delivery.deliver(Answer.NONE, AsyncReplies.encodeError(refusal));
    } else {
      call.begin();
    }
  }

  CallCounts counts() {
    SiblingWatch siblings = replica.siblings();
    return new CallCounts(
        confirmed,
        refused,
        uncertain,
        repairs,
        restamped,
        siblings.conflicts(),
        siblings.atLimit());
  }

  /** Repairs that reads have made. */
  long repairs() {
    return repairs;
  }

  /** Writes that were certainly not applied. */
  long refused() {
    return refused;
  }

  long uncertain() {
    return uncertain;
  }

  /** Writes that so many copies were stable of as was asked for. */
  long confirmed() {
    return confirmed;
  }

  /** How many commands wait for other replicas. */
  int waiting() {
    return asking.size() + writing.size();
  }

  /** The first entry whose copies a command waits for; {@link Long#MAX_VALUE} when none does. */
  long firstAwaited() {
    return Stream.concat(writing.stream(), repairing.stream())
        .filter(call -> call.index > 0)
        .mapToLong(call -> call.index)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  void informed(LeaderlessEffect.Informed informed) {
    Call call = asking.remove(informed.id());
    if (call != null) {
      call.informed(informed.differing());
    }
  }

  /** More copies are stable. */
  void copied() {
    List<Call> before = writing;
    writing = new ArrayList<>(before.size());
    for (Call call : before) {
      if (!call.answerIfCopied()) {
        writing.add(call);
      }
    }
  }

  /**
   * Something with a larger stamp is in the way of a write that is not answered yet. It is written
   * again, above that: clocks differ, and who wrote later must be seen.
   */
  void superseded(long index) {
    for (Call call : List.copyOf(writing)) {
      if (call.sets && call.entry == index) {
        call.writeAgain();
      }
    }
  }

  /** As above, for all that are not answered yet. */
  void writeAgain() {
    for (Call call : List.copyOf(writing)) {
      if (call.sets) {
        call.writeAgain();
      }
    }
  }

  /** Writes that were written again with a larger stamp. */
  long restamped() {
    return restamped;
  }

  void expire() {
    long now = replica.loop().nowNanos();
    for (Call call : List.copyOf(asking.values())) {
      if (now - call.deadlineNanos > 0) {
        asking.remove(call.question);
        replica.step(new LeaderlessEvent.Withdrawn(call.question));
        call.notTold();
      }
    }
    for (Call call : List.copyOf(writing)) {
      if (now - call.deadlineNanos > 0) {
        writing.remove(call);
        call.notCopied();
      }
    }
  }

  /** Other configurations stand. */
  void configured() {
    for (Call call : List.copyOf(asking.values())) {
      asking.remove(call.question);
      replica.step(new LeaderlessEvent.Withdrawn(call.question));
      call.configured();
    }
  }

  /** The replica goes: nobody will answer any more. */
  void giveUpAll() {
    List.copyOf(asking.values()).forEach(Call::notTold);
    asking.clear();
    List.copyOf(writing).forEach(Call::notCopied);
    writing.clear();
  }

  private boolean isSloppy() {
    return replica.terms().database().settings().quorums().sloppy();
  }

  /** Up to where there are as many copies as are to be waited for, or hints that count as such. */
  private long copiedUpTo(int writes) {
    LeaderlessReplica machine = replica.machine();
    return isSloppy() ? machine.copiedOrHinted(writes) : machine.copied(writes);
  }

  private final class Call {
    private final Handler handler;
    private final List<Bytes> keys;
    private final boolean write;
    private final Level chosen;
    private final Delivery delivery;
    private final long deadlineNanos;
    private final CellQuestion looks = new CellQuestion();
    private boolean inTurn;
    private int rounds;
    private long question;
    private boolean wrote;

    /** Whether it wrote what can be written again. */
    private boolean sets;

    private long entry;
    private byte[] reply;

    /** The latest entry that decided what it saw. */
    private long saw;

    /** Whether what it looked at changed here while others were asked. */
    private boolean changed;

    /** The entry whose copies are waited for; of a repair or of the command itself. */
    private long index;

    private boolean repaired;

    Call(Handler handler, List<Bytes> keys, boolean write, Level level, Delivery delivery) {
      this.handler = handler;
      this.keys = keys;
      this.write = write;
      this.chosen = level;
      this.delivery = delivery;
      this.deadlineNanos = replica.loop().nowNanos() + replica.terms().writeTimeoutNanos();
    }

    /** By the configurations that stand now. */
    private Level level() {
      return replica.level(chosen);
    }

    /** What was told in another configuration proves nothing in this one: it begins anew. */
    void configured() {
      looks.forget();
      rounds = 0;
      changed = false;
      attempt();
    }

    /** Why it can't run now, as an error text, or null. Nothing is done then. */
    String refusal() {
      if (write && !isSloppy() && !replica.machine().canReach(level().writes())) {
        return Failures.noReplicas(replica, "W", level().writes(), false);
      }
      boolean maybeBlind = write && isSloppy(); // it is known only when it has run
      if (!maybeBlind && !canRead()) {
        return Failures.noReplicas(replica, "R", level().reads(), true);
      }
      return waiting() >= MAX_CALLS
          ? "TRYAGAIN " + MAX_CALLS + " commands wait for other replicas"
          : null;
    }

    void begin() {
      Bytes blocking = turns.blocking(keys, write);
      if (blocking == null) {
        attempt();
      } else {
        turns.await(blocking, this::begin);
      }
    }

    private boolean canRead() {
      return replica.machine().canRead(level().reads());
    }

    /** Whether replicas beside this one are to tell. */
    private boolean asks() {
      return !replica.machine().isEnough(level().reads());
    }

    /**
     * Whether a write that finds nothing to change must see to it that what it found is on as many
     * copies as a write is: it may be another write's, that is under way.
     */
    private boolean writesBack() {
      return write && level().reads() < level().writes();
    }

    private void attempt() {
      handler.restart();
      looks.begin();
      try {
        replica.run(handler, asks() || writesBack() ? looks : MergedCells.Looks.IGNORED);
      } catch (CellsNotInMemory missing) {
        waitInTurn();
        replica.fetch(missing, this::attempt);
        return;
      } catch (CellsRefused refused) {
        refused(refused);
        return;
      }
      if (asks() && looks.isOpen()) {
        saw = replica.heldIndex();
        replica.undo();
        if (rounds == 0 && !canRead()) {
          fail(Failures.noReplicas(replica, "R", level().reads(), true));
        } else {
          askOrGiveUp();
        }
        return;
      }
      if (changed && replica.removes() && rounds < MAX_ROUNDS) {
        // What came meanwhile is removed, and what others have of before it is not known.
        replica.undo();
        looks.reopen();
        ask();
        return;
      }
      saw = replica.heldIndex();
      entry = replica.keep();
      wrote = entry > 0;
      sets = wrote && replica.onlySets();
      if (!wrote && writesBack() && !repairs(List.of(), this::attempt)) {
        return;
      }
      index = Math.max(index, entry);
      reply = handler.reply();
      endTurn();
      if (!answerIfCopied()) {
        writing.add(this);
      }
    }

    /** Unless others know better, and that is asked first. */
    private void refused(CellsRefused refused) {
      if (asks() && looks.isOpen()) {
        askOrGiveUp();
      } else {
        fail(refused.error());
      }
    }

    /** Its reply stays: it said what was so when it ran first. */
    void writeAgain() {
      handler.restart();
      try {
        replica.run(handler, MergedCells.Looks.IGNORED);
      } catch (CellsNotInMemory missing) {
        replica.fetch(missing, this::writeAgain);
        return;
      }
      long again = replica.keep();
      if (again > 0) {
        restamped++;
        entry = again;
        index = again;
      }
    }

    private void askOrGiveUp() {
      if (rounds < MAX_ROUNDS) {
        ask();
      } else {
        fail("TRYAGAIN what the command looks at changes all the time");
      }
    }

    private void ask() {
      waitInTurn();
      Bytes cells;
      try {
        cells = looks.ask(replica.merged());
      } catch (CellsNotInMemory missing) {
        replica.fetch(missing, this::ask); // it was looked at in an earlier run
        return;
      }
      rounds++;
      question = ++lastQuestion;
      asking.put(question, this);
      replica.step(new LeaderlessEvent.Asked(question, level().reads(), cells));
    }

    private void waitInTurn() {
      if (!inTurn) {
        inTurn = true;
        turns.begin(keys, write);
      }
    }

    private void endTurn() {
      repairing.remove(this);
      if (inTurn) {
        inTurn = false;
        turns.end(keys, write);
      }
    }

    void informed(List<LeaderlessEffect.Differing> differing) {
      changed = write && hasChanged();
      if (!differing.isEmpty()) {
        if (!repairs(differing, () -> informed(differing))) {
          return;
        }
        repaired = true;
        repairing.add(this);
        repairs++;
      } else if (!write) {
        reply = handler.reply();
        endTurn();
        if (!answerIfCopied()) {
          writing.add(this);
        }
        return;
      }
      attempt();
    }

    /**
     * Has all replicas get what the command looked at.
     *
     * @param again runs when what is missing was fetched; nothing was done then
     */
    private boolean repairs(List<LeaderlessEffect.Differing> told, Runnable again) {
      try {
        index = Math.max(index, replica.repair(told, looks));
        return true;
      } catch (CellsNotInMemory missing) {
        waitInTurn();
        replica.fetch(missing, again);
        return false;
      }
    }

    private boolean hasChanged() {
      try {
        return looks.hasChanged(replica.merged());
      } catch (CellsNotInMemory missing) {
        return true;
      }
    }

    /** Answers if what it waits for is there. */
    boolean answerIfCopied() {
      boolean copied = index == 0 || copiedUpTo(level().writes()) >= index;
      if (!copied || saw > replica.machine().stableIndex()) {
        return false;
      }
      confirmed += wrote ? 1 : 0;
      delivery.deliver(Answer.byCoordinator(replica.loop().self(), achieved()), reply);
      return true;
    }

    private QuorumAnswer achieved() {
      int copies = index == 0 ? 0 : replica.machine().copiesOf(index);
      boolean byHints = isSloppy() && index > replica.machine().copied(level().writes());
      int hinted = byHints ? level().writes() - copies : 0;
      return new QuorumAnswer(level().reads(), level().writes(), copies, hinted, repaired);
    }

    void notTold() {
      fail(Failures.notTold(replica, level().reads()));
    }

    private void fail(String error) {
      refused += write ? 1 : 0;
      endTurn();
      delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
    }

    void notCopied() {
      String error;
      if (wrote) {
        uncertain++;
        error = Failures.notCopied(replica, index);
      } else {
        error = Failures.notTold(replica, level().reads());
      }
      delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
    }

    @Override
    public String toString() {
      return keys + (repaired ? " repaired" : "") + " waits for " + index;
    }
  }
}
