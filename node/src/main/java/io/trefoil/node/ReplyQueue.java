package io.trefoil.node;

import io.trefoil.base.Invariants;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * One connection's replies, in the order of its commands. A reply leaves only when the entry it
 * waits for is committed: the largest uncommitted one of the keys that the command looked at. If
 * that entry is lost, or nobody can say, the reply becomes an error, never the value.
 *
 * <p>Replies of one turn that wait for the same replica are one segment, so that a pipeline costs
 * no object a command. Owner thread only.
 */
final class ReplyQueue {
  /** The leader that answers for replies: {@link PartitionReplica}. */
  interface Answerer {
    /** Of its leadership. */
    long epoch();

    /** When the present turn began. */
    long turnNanos();

    /**
     * Whether a reply may leave that it gave as leader of {@code epoch} and that waits for an
     * entry.
     */
    boolean answersFor(long epoch, long index);

    /**
     * Whether a reply could have left while it led, and only had to wait behind another one of its
     * connection: it says what was so then, and may leave at any time.
     *
     * @param ranNanos when the turn began in which its command ran
     */
    boolean answeredFor(long epoch, long index, long ranNanos);

    /** How long a reply may wait. */
    long writeTimeoutNanos();

    /** A write's id, as {@code -UNCERTAIN} gives it. */
    String writeId(long epoch, long index);

    void countUncertain();

    Failure lostLeadership();

    Failure notConfirmed();
  }

  /** Where replies go when they may leave. */
  interface Exit {
    void send(byte[] array, int length);

    default void push(Push push) {
      send(push.bytes(), push.bytes().length);
    }
  }

  private static final int MARK = 2; // longs per reply: where it ends, the index it wrote or 0

  private final ReplyWriter out;
  private final Exit exit;
  private final ArrayDeque<Segment> waiting = new ArrayDeque<>();
  private long waitingBytes;

  /** Where the last pushes wait; null when none do. */
  private Pushes pushes;

  private long pushBytes;

  private long[] marks = new long[64 * MARK];
  private int markCount;
  private Answerer replica; // whose entry what is in `out` waits for, and whose lease
  private long epoch;
  private long index;

  ReplyQueue(ReplyWriter out, Exit exit) {
    this.out = out;
    this.exit = exit;
  }

  ReplyWriter writer() {
    return out;
  }

  /** A reply was written that depends on nothing here. */
  void free() {
    mark(0);
  }

  /**
   * A reply was written that a leader answers for.
   *
   * @param heldIndex the entry it waits for; 0 when everything it looked at is committed
   * @param wroteIndex the entry that the command wrote; 0 for none
   */
  void of(Answerer from, long heldIndex, long wroteIndex) {
    if (replica != from) {
      if (replica != null) {
        sealAllButLast();
      }
      replica = from;
      epoch = from.epoch();
    }
    index = Math.max(index, heldIndex);
    mark(wroteIndex);
  }

  /** The next reply comes later, from elsewhere; what follows waits behind it. */
  Awaited await() {
    seal(out.size(), markCount);
    Awaited awaited = new Awaited();
    waiting.add(awaited);
    return awaited;
  }

  /** The next reply is made when all that come before it have left. */
  void whenReached(Supplier<byte[]> reply) {
    seal(out.size(), markCount);
    waiting.add(new Reached(reply));
  }

  /**
   * What was written from {@code start} on tells of subscriptions: a push that keeps its place
   * among replies, and that no later push overtakes.
   */
  void confirm(int start) {
    Push push = new Push(Arrays.copyOfRange(out.array(), start, out.size()));
    out.truncate(start);
    push(push, false);
  }

  /**
   * Sends what answers no command, in order behind all that was pushed before.
   *
   * @param overtakes whether it may leave before replies that were written before it, since the
   *     client can tell it from them
   */
  void push(Push push, boolean overtakes) {
    boolean first = waiting.isEmpty() && out.size() == 0;
    if (pushes == null && (overtakes || first)) {
      exit.push(push);
      return;
    }
    boolean last = out.size() == 0 && waiting.peekLast() == pushes;
    if (pushes == null || !overtakes && !last) {
      seal(out.size(), markCount);
      pushes = new Pushes();
      waiting.add(pushes);
    }
    pushes.add(push);
  }

  private void mark(long wroteIndex) {
    if ((markCount + 1) * MARK > marks.length) {
      marks = Arrays.copyOf(marks, marks.length * 2);
    }
    marks[markCount * MARK] = out.size();
    marks[markCount * MARK + 1] = wroteIndex;
    markCount++;
  }

  /** Puts what was written before the present reply into a segment of its own. */
  private void sealAllButLast() {
    int end = markCount == 0 ? 0 : (int) marks[(markCount - 1) * MARK];
    seal(end, markCount);
  }

  private void seal(int end, int sealedMarks) {
    if (end > 0) {
      byte[] bytes = Arrays.copyOf(out.array(), end);
      Held held = new Held(bytes, Arrays.copyOf(marks, sealedMarks * MARK), replica, epoch, index);
      waiting.add(held);
      waitingBytes += bytes.length;
      int rest = out.size() - end;
      System.arraycopy(out.array(), end, out.array(), 0, rest);
      out.truncate(rest);
    }
    markCount = 0;
    replica = null;
    epoch = 0;
    index = 0;
  }

  /**
   * Ends the turn: sends what may leave, keeps the rest.
   *
   * @return whether something is kept
   */
  boolean endTurn() {
    if (waiting.isEmpty() && (replica == null || replica.answersFor(epoch, index))) {
      if (out.size() > 0) {
        exit.send(out.array(), out.size());
        out.clear();
      }
      markCount = 0;
      replica = null;
      index = 0;
      return false;
    }
    seal(out.size(), markCount);
    return release();
  }

  /**
   * Sends what may leave by now.
   *
   * @return whether something is still kept
   */
  boolean release() {
    while (!waiting.isEmpty() && waiting.peek().isReady()) {
      waiting.poll().leave();
    }
    return !waiting.isEmpty();
  }

  /**
   * Turns replies that {@code lost} can't answer for any more into errors; not those that it could
   * answer for while it led, and that only waited behind another partition's.
   *
   * @param lost null for all replicas
   */
  void leadershipLost(Answerer lost) {
    if (replica != null) {
      seal(out.size(), markCount);
    }
    for (Segment segment : waiting) {
      if (segment instanceof Held held
          && held.replica != null
          && (lost == null || held.replica == lost)
          && !held.isReady()) {
        held.leadershipLost();
      }
    }
  }

  /** Turns replies that have waited for longer than their database's write timeout into errors. */
  void expire(long nowNanos) {
    for (Segment segment : waiting) {
      if (segment instanceof Held held && held.isOverdue(nowNanos)) {
        held.fail(held.replica.notConfirmed());
      }
    }
  }

  /** Bytes of replies kept. */
  long waitingBytes() {
    return waitingBytes;
  }

  /** What pushes cost that are among them. */
  long pushBytes() {
    return pushBytes;
  }

  /** Whether all that is kept is a reply that comes from elsewhere: no commit lets it go. */
  boolean awaitsOnly() {
    return waiting.size() == 1 && waiting.peek() instanceof Awaited && out.size() == 0;
  }

  /** How many replies are to come from elsewhere, or wait behind such. */
  int awaited() {
    return waiting.size();
  }

  private sealed interface Segment {
    boolean isReady();

    /** Sends what it has; it is no longer kept. */
    void leave();
  }

  /** A reply that comes from another node, another partition, or the disk. */
  final class Awaited implements Segment {
    private byte[] reply;

    /** Gives the reply; the caller then has the queue released. */
    void complete(byte[] encodedReply) {
      Invariants.check(reply == null, "a command is answered once");
      reply = encodedReply;
    }

    @Override
    public boolean isReady() {
      return reply != null;
    }

    @Override
    public void leave() {
      exit.send(reply, reply.length);
    }
  }

  /** A reply about the replies before it. */
  private final class Reached implements Segment {
    private final Supplier<byte[]> reply;

    Reached(Supplier<byte[]> reply) {
      this.reply = reply;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void leave() {
      byte[] bytes = reply.get();
      exit.send(bytes, bytes.length);
    }
  }

  /** Pushes behind replies that they must not overtake. */
  private final class Pushes implements Segment {
    private final List<Push> some = new ArrayList<>();

    void add(Push push) {
      some.add(push);
      waitingBytes += push.cost();
      pushBytes += push.cost();
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void leave() {
      if (pushes == this) {
        pushes = null;
      }
      for (Push push : some) {
        waitingBytes -= push.cost();
        pushBytes -= push.cost();
        exit.push(push);
      }
    }
  }

  private final class Held implements Segment {
    private byte[] bytes;
    private final long[] marks;
    private final Answerer replica;
    private final long epoch;
    private final long index;
    private final long sinceNanos;
    private boolean decided;

    Held(byte[] bytes, long[] marks, Answerer replica, long epoch, long index) {
      this.bytes = bytes;
      this.marks = marks;
      this.replica = replica;
      this.epoch = epoch;
      this.index = index;
      this.sinceNanos = replica == null ? 0 : replica.turnNanos();
    }

    @Override
    public boolean isReady() {
      return decided || replica == null || replica.answersFor(epoch, index);
    }

    @Override
    public void leave() {
      waitingBytes -= bytes.length;
      exit.send(bytes, bytes.length);
    }

    boolean isOverdue(long nowNanos) {
      return replica != null && !isReady() && nowNanos - sinceNanos > replica.writeTimeoutNanos();
    }

    void leadershipLost() {
      if (replica.answeredFor(epoch, index, sinceNanos)) {
        decided = true;
      } else {
        fail(replica.lostLeadership());
      }
    }

    /** Replaces each reply by an error: of a write by what may have become of it. */
    void fail(Failure failure) {
      ReplyWriter errors = new ReplyWriter();
      int start = 0;
      for (int i = 0; i < marks.length; i += MARK) {
        int end = (int) marks[i];
        long wrote = marks[i + 1];
        if (wrote != 0) {
          replica.countUncertain();
        }
        if (end > start) { // else the client wants no reply
          errors.error(
              wrote == 0 ? failure.ofRead() : failure.ofWrite(replica.writeId(epoch, wrote)));
        }
        start = end;
      }
      Invariants.check(start == bytes.length, "every reply has its mark", start, bytes.length);
      waitingBytes -= bytes.length;
      bytes = Arrays.copyOf(errors.array(), errors.size());
      waitingBytes += bytes.length;
      decided = true;
    }
  }

  /** Why replies can't be given. */
  interface Failure {
    /** Error text for a command that changed nothing. */
    String ofRead();

    /** Error text for a write that may or may not be applied. */
    String ofWrite(String writeId);
  }
}
