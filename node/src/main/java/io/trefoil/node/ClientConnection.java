package io.trefoil.node;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.command.Server;
import io.trefoil.command.Session;
import io.trefoil.resp.ReplyWriter;
import io.trefoil.resp.RespLimits;
import io.trefoil.resp.RespParser;
import java.util.Arrays;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client. Its bytes are parsed where they are, its commands run on the data loop, its replies
 * leave together at the end of the turn.
 *
 * <p>Bounded: a client that does not take its replies is not read from; one that announces more
 * than the limits allow is told so and closed; one that leaves unread what it has subscribed to is
 * closed.
 */
public final class ClientConnection implements DataLoop.Turnable, ReplyQueue.Exit {
  private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);
  private static final int IDLE_INPUT_BYTES = 16 << 10;

  /** Replies of one turn; the rest of a pipeline is run in the next. */
  private static final int MAX_TURN_REPLY_BYTES = 1 << 20;

  private static final int MAX_WAITING_REPLY_BYTES = 32 << 20;

  /** So much of what follows a command that waits is read, so that a client's end is heard. */
  private static final int MAX_BEHIND_BYTES = 1 << 20;

  /** Commands of one client that others are to answer. */
  private static final int MAX_AWAITED = 4_096;

  private final DataLoop loop;
  private final CommandRunner runner;
  private final Server server;
  private final Clients clients;
  private final Session session;
  private final RespParser parser;
  private final ReplyQueue replies;
  private final ClientSocket socket;
  private final Outbox outbox;

  private byte[] input = new byte[IDLE_INPUT_BYTES];
  private int inputStart;
  private int inputEnd;
  private boolean activeThisTurn;
  private boolean wrote;
  private boolean stopped;
  private boolean goesOnLater;

  /** Whether a command is to be answered before others run. */
  private boolean held;

  /** Of the command that may be waiting for something to come; else null. */
  private ClientWait waiting;

  /** Number of the last command on cells, and of the last one whose answer is known. */
  private long asked;

  private long answered;
  private NodeId answeredBy;
  private boolean answeredByLeader;
  private long answeredEpoch;
  private long answeredIndex;
  private long answeredAgeMillis;
  private QuorumAnswer answeredQuorum;
  private PartitionId lastWritten;
  private long lastWriteEpoch;
  private long lastWriteIndex;

  /** It had no room after this client's last write; null when it had. */
  private PartitionReplica full;

  private boolean awaitsRoom;

  ClientConnection(
      DataLoop loop,
      CommandRunner runner,
      Server server,
      Clients clients,
      Session session,
      ClientSocket socket,
      RespLimits limits) {
    this.loop = loop;
    this.runner = runner;
    this.server = server;
    this.clients = clients;
    this.session = session;
    this.socket = socket;
    this.outbox = new Outbox(socket, clients.unread());
    this.parser = new RespParser(limits);
    this.replies = new ReplyQueue(new ReplyWriter(IDLE_INPUT_BYTES), this);
  }

  Session session() {
    return session;
  }

  Server server() {
    return server;
  }

  ReplyQueue replies() {
    return replies;
  }

  void countCommand() {
    clients.countCommand();
  }

  // Replies.

  /**
   * The command that began at {@code start} of the writer has its reply, which is free to leave.
   */
  void ended(int start) {
    if (endCommand(start)) {
      replies.free();
    }
  }

  /** The command's reply is there, and {@code replica}, which leads, answers for it. */
  void ended(int start, PartitionReplica replica) {
    noteAnswer(++asked, true, replica.answeredEpoch(), replica.answeredIndex(), 0);
    if (replica.wroteIndex() > 0) {
      lastWritten = replica.id();
      lastWriteEpoch = replica.epoch();
      lastWriteIndex = replica.wroteIndex();
      full = replica.hasRoom() ? null : replica;
    }
    endCommand(start);
    replies.of(replica, replica.heldIndex(), replica.wroteIndex());
  }

  /** The command's reply is there, from what is committed here. */
  void endedFromCommitted(int start, PartitionReplica replica) {
    long index = replica.machine().commitIndex();
    noteAnswer(
        ++asked,
        replica.machine().isLeader(),
        replica.machine().epochAt(index),
        index,
        replica.ageMillis());
    ended(start);
  }

  private void noteAnswer(long number, boolean byLeader, long epoch, long index, long ageMillis) {
    answered = number;
    answeredBy = loop.self();
    answeredByLeader = byLeader;
    answeredEpoch = epoch;
    answeredIndex = index;
    answeredAgeMillis = ageMillis;
    answeredQuorum = null;
  }

  private boolean endCommand(int start) {
    if (replies.writer().protocol() != session.protocol()) {
      replies.writer().setProtocol(session.protocol());
    }
    boolean sent = session.commandEnds();
    if (!sent) {
      replies.writer().truncate(start);
    }
    return sent;
  }

  /**
   * The command that began at {@code start} of the writer told what it did about subscriptions. As
   * in Redis, that is sent also to clients that want no replies.
   */
  void confirmed(int start) {
    session.commandEnds();
    replies.confirm(start);
  }

  /** Sends what answers no command; not to a client that leaves too much of that unread. */
  void tell(Push push) {
    if (stopped) {
      return;
    }
    becomeActive();
    replies.push(push, session.protocol() == 3);
    if (outbox.isOverfull(replies.pushBytes(), loop.nowNanos())) {
      LOG.warn(
          "client={} leaves what it has subscribed to unread, {} bytes wait: closing",
          session.address(),
          outbox.bytes() + replies.pushBytes());
      stopped = true;
      outbox.clear();
      socket.close();
    }
  }

  /** The command's reply comes later. */
  Delivery await() {
    boolean sent = session.commandEnds();
    ReplyQueue.Awaited awaited = replies.await();
    long number = ++asked;
    return (by, reply) -> {
      if (number > answered) {
        noteAnswer(
            number, by.leader(), by.position().epoch(), by.position().index(), by.ageMillis());
        answeredBy = by.node();
        answeredQuorum = by.quorum();
      }
      awaited.complete(sent ? reply : new byte[0]);
      loop.completed(this);
    };
  }

  /** As {@link #await}, and commands that follow it run only when it has its reply. */
  Delivery awaitAlone() {
    Delivery delivery = await();
    held = true;
    return (by, reply) -> {
      held = false;
      delivery.deliver(by, reply);
    };
  }

  /** As {@link #awaitAlone}, of a command that may wait for long. */
  Delivery awaitWaiting() {
    Delivery alone = awaitAlone();
    ClientWait wait = new ClientWait(() -> !stopped);
    waiting = wait;
    session.setWaiting(true);
    return Delivery.of(
        wait,
        (by, reply) -> {
          waiting = null;
          session.setWaiting(false);
          alone.deliver(by, reply);
        });
  }

  /**
   * Ends the wait of its command.
   *
   * @return whether it waited, and nobody had ended that
   */
  boolean endWait(ClientWait.End how) {
    return waiting != null && waiting.end(how);
  }

  /** The command's reply is written when all replies before it have left. */
  void whenReached(Consumer<ReplyWriter> writing) {
    boolean sent = session.commandEnds();
    replies.whenReached(
        () -> {
          ReplyWriter reply = new ReplyWriter();
          reply.setProtocol(session.protocol());
          if (sent) {
            writing.accept(reply);
          }
          return reply.toArray();
        });
  }

  /** The connection's last write, which another way than straight to a replica here was taken. */
  void wroteElsewhere(PartitionId partition, Position position) {
    lastWritten = partition;
    lastWriteEpoch = position.epoch();
    lastWriteIndex = position.index();
  }

  /** Who answered the last command on cells. */
  Answer lastAnswer() {
    return new Answer(
        answeredBy,
        answeredByLeader,
        new Position(answeredEpoch, answeredIndex),
        answeredAgeMillis,
        answeredQuorum);
  }

  /** The partition of the connection's last write that a leader took; null when there is none. */
  PartitionId lastWritten() {
    return lastWritten;
  }

  /** The entry of that write, or a later one. */
  Position lastWrite() {
    return new Position(lastWriteEpoch, lastWriteIndex);
  }

  // Reading.

  /** The array that the next bytes go into, at {@link #inputEnd()}, with room for so many. */
  byte[] roomFor(int count) {
    if (inputEnd + count > input.length) {
      int unread = inputEnd - inputStart;
      int needed = Math.max(unread + count, Math.min(parser.needed(), 1 << 30));
      byte[] target = needed > input.length ? new byte[Math.max(needed, grown())] : input;
      System.arraycopy(input, inputStart, target, 0, unread);
      input = target;
      inputStart = 0;
      inputEnd = unread;
    }
    return input;
  }

  int inputEnd() {
    return inputEnd;
  }

  /** So many bytes were put into the array: runs what commands they complete. */
  void received(int count) {
    inputEnd += count;
    loop.beginTurn();
    process();
  }

  /** As {@link #received(int)}, with the bytes. */
  public void receive(byte[] bytes) {
    byte[] into = roomFor(bytes.length);
    System.arraycopy(bytes, 0, into, inputEnd, bytes.length);
    received(bytes.length);
  }

  private int grown() {
    return Math.min(input.length * 2, 4 << 20);
  }

  /** Runs what has come, as far as replies have room. */
  private void process() {
    goesOnLater = false;
    becomeActive();
    while (!session.closing() && !stopped) {
      if (!hasRoom()) {
        goesOnLater = true;
        socket.read(waiting != null && inputEnd - inputStart < MAX_BEHIND_BYTES);
        awaitRoom();
        return;
      }
      RespParser.Outcome outcome = parser.parse(input, inputStart, inputEnd);
      inputStart += parser.consumed();
      if (outcome == RespParser.Outcome.INCOMPLETE) {
        shrink();
        return;
      }
      if (outcome == RespParser.Outcome.ERROR) {
        replies.writer().error(parser.error());
        replies.free();
        session.closeAfterReplies();
        return;
      }
      loop.countTurnCommand();
      try {
        runner.run(this, parser.args());
      } catch (InvariantViolation e) {
        loop.fail("a command of " + session.address(), e);
        return;
      }
      parser.setAuthenticated(session.authenticated());
    }
  }

  private boolean hasRoom() {
    if (full != null && full.hasRoom()) {
      full = null;
    }
    return !held
        && full == null
        && !loop.turnIsLong()
        && replies.awaited() < MAX_AWAITED
        && replies.writer().size() < MAX_TURN_REPLY_BYTES
        && replies.waitingBytes() < MAX_WAITING_REPLY_BYTES
        && outbox.isEmpty()
        && socket.isWritable()
        && !loop.isOverBudget();
  }

  private void shrink() {
    if (inputStart == inputEnd) {
      inputStart = 0;
      inputEnd = 0;
      if (input.length > 1 << 20) {
        input = new byte[IDLE_INPUT_BYTES];
      }
    }
  }

  private void becomeActive() {
    if (!activeThisTurn) {
      activeThisTurn = true;
      loop.active(this);
    }
  }

  /** Goes on with what was left when there was no room. */
  private void maybeGoOn() {
    if (goesOnLater && hasRoom()) {
      loop.beginTurn();
      socket.read(true);
      process();
    } else if (goesOnLater && (loop.isOverBudget() || loop.turnIsLong())) {
      loop.later(this::maybeGoOn);
    } else if (goesOnLater) {
      awaitRoom(); // others were there first
    }
  }

  private void awaitRoom() {
    if (full != null && !awaitsRoom) {
      awaitsRoom = true;
      full.whenRoom(
          () -> {
            awaitsRoom = false;
            maybeGoOn();
          });
    }
  }

  /** The client takes what is sent to it, again. */
  void writable() {
    if (outbox.drain()) {
      socket.flush();
    }
    maybeGoOn();
  }

  // The end of a turn.

  @Override
  public boolean endTurn() {
    activeThisTurn = false;
    boolean kept = replies.endTurn();
    finish(kept);
    return kept && !replies.awaitsOnly();
  }

  @Override
  public boolean release() {
    boolean kept = replies.release();
    finish(kept);
    return kept && !replies.awaitsOnly();
  }

  private void finish(boolean kept) {
    if (wrote) {
      wrote = false;
      socket.flush();
    }
    if (session.closing() && !kept && !stopped) {
      stopped = true;
      socket.closeWhenSent();
    } else if (goesOnLater && !held) {
      loop.later(this::maybeGoOn);
    }
  }

  @Override
  public void send(byte[] array, int length) {
    socket.write(array, length);
    wrote = true;
  }

  @Override
  public void push(Push push) {
    outbox.add(push, loop.nowNanos());
    wrote = true;
  }

  @Override
  public void leadershipLost(PartitionReplica replica) {
    replies.leadershipLost(replica);
  }

  @Override
  public void expire(long nowNanos) {
    replies.expire(nowNanos);
  }

  void close() {
    socket.close();
  }

  /** The client is gone. */
  public void disconnected() {
    stopped = true;
    input = Arrays.copyOf(input, 0);
    outbox.clear();
    endWait(ClientWait.End.GONE);
    server.leaveChannels(session);
    loop.forget(this);
    clients.remove(this);
  }

  @Override
  public String toString() {
    return session.address() + " command=" + session.describe(0);
  }
}
