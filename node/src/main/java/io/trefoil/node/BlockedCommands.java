package io.trefoil.node;

import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.CellsRefused;
import io.trefoil.cell.Fields;
import io.trefoil.command.Blocking;
import io.trefoil.command.Call;
import io.trefoil.command.Command;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.node.Waiters.Waiter;
import io.trefoil.node.Waiters.Wanted;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs blocking commands at the leaders of their partitions, and keeps those that find nothing
 * until somebody puts something there. After each command that did, who waits for it is tried in
 * the order in which they came, each as a command with an entry of its own, until one finds
 * nothing. See {@code docs/blocking.md}. Belongs to the data loop's thread.
 */
final class BlockedCommands implements DataLoop.Turnable {
  private static final String UNBLOCKED = "UNBLOCKED force unblock from blocking operation, ";

  /** As Redis says it. */
  private static final String CHANGED = UNBLOCKED + "instance state changed (master -> replica?)";

  private final DataLoop loop;
  private final CommandRunner runner;
  private final AsyncReplies asyncReplies;
  private final Call call;
  private final ReplyWriter scratch = new ReplyWriter();
  private final Map<PartitionReplica, PartitionRoute> waitedFor = new LinkedHashMap<>();
  private final ForwardedWaits forwarded = new ForwardedWaits();
  private boolean activeThisTurn;
  private boolean found;

  BlockedCommands(DataLoop loop, CommandRunner runner, AsyncReplies asyncReplies, Call call) {
    this.loop = loop;
    this.runner = runner;
    this.asyncReplies = asyncReplies;
    this.call = call;
  }

  /** Those that other nodes sent. */
  ForwardedWaits forwarded() {
    return forwarded;
  }

  /**
   * Runs a command, or has it wait. It may wait also while writes are refused, but then it takes
   * nothing.
   *
   * @param again runs it once more, when what it needs was fetched from the disk
   */
  void run(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      Delivery delivery,
      Runnable again) {
    PartitionReplica replica = route.local();
    serve(replica);
    String refusal = replica.refuseWrite();
    boolean mayTake = replica.waiters() == null || !replica.waiters().precede(command, args);
    try {
      scratch.clear();
      scratch.setProtocol(protocol);
      replica.runAsLeader(
          cells -> {
            call.onCells(command, args, cells, route.number(), partitions(route), scratch).run();
            found = !call.emptyHanded();
            if (found && refusal != null) {
              throw new CellsRefused(refusal);
            }
            if (found && !mayTake && scratch.array()[0] != '-') {
              throw new OthersFirst();
            }
          });
    } catch (CellsNotInMemory e) {
      runner.fetchThen(route, e, again);
      return;
    } catch (CellsRefused refused) {
      if (refusal != null) {
        replica.countRefused();
      }
      refuse(delivery, refused.error());
      return;
    } catch (OthersFirst e) {
      found = false;
    }
    if (found) {
      answer(replica, delivery);
      serve(replica);
    } else {
      await(route, command, args, protocol, delivery);
    }
  }

  /** Others wait for what a command found, and have yet to be tried: it takes nothing. */
  private static final class OthersFirst extends RuntimeException {
    private static final long serialVersionUID = 1;

    OthersFirst() {
      super(null, null, false, false);
    }
  }

  private static int partitions(PartitionRoute route) {
    return route.terms().database().settings().partitions();
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }

  /** Gives the reply of the command that just ran. */
  private void answer(PartitionReplica replica, Delivery delivery) {
    Answer by = replica.answerAsLeader();
    asyncReplies.add(replica, scratch.toArray(), reply -> delivery.deliver(by, reply));
  }

  // Waiting.

  private void await(
      PartitionRoute route, Command command, Args args, int protocol, Delivery delivery) {
    PartitionReplica replica = route.local();
    Waiters waiters = replica.waiters() == null ? new Waiters(replica) : replica.waiters();
    Waiter waiter = new Waiter(command, args, protocol, deadlineMillis(command, args), delivery);
    String tooMuch = waiters.tooMuch(waiter);
    if (tooMuch != null) {
      refuse(delivery, tooMuch);
      return;
    }
    waiters.add(waiter);
    replica.waiters(waiters);
    waitedFor.put(replica, route);
    becomeActive();
    delivery.clientWait().endedBy(how -> end(waiters, waiter, how));
  }

  private long deadlineMillis(Command command, Args args) {
    long timeout = command.blocking().timeoutMillis(args);
    long now = loop.sinceStartMillis();
    return timeout == 0 || timeout > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + timeout;
  }

  private void becomeActive() {
    if (!activeThisTurn) {
      activeThisTurn = true;
      loop.active(this);
    }
  }

  /** Takes one out; false when it waits no more. */
  private boolean remove(Waiters waiters, Waiter waiter) {
    boolean waited = waiters.remove(waiter);
    if (waiters.isEmpty()) {
      waiters.replica().waiters(null);
      waitedFor.remove(waiters.replica());
    }
    return waited;
  }

  private void end(Waiters waiters, Waiter waiter, ClientWait.End how) {
    if (!remove(waiters, waiter)) {
      return;
    }
    switch (how) {
      case GONE -> {}
      case TIMEOUT -> timeIsOver(waiters.replica(), waiter);
      case ERROR -> refuse(waiter.delivery, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
      case LOST -> refuse(waiter.delivery, UNBLOCKED + "the client's node is out of reach");
    }
  }

  /** That nothing is there is said like any reply: when all that it depends on is committed. */
  private void timeIsOver(PartitionReplica replica, Waiter waiter) {
    asyncReplies.addOfNewest(replica, Blocking.timedOut(waiter.protocol), waiter.delivery);
  }

  // Serving.

  /** Tries who waits for what the last commands of a leader put into its keys. */
  void serve(PartitionReplica replica) {
    while (replica.waiters() != null
        && replica.waiters().hasReady()
        && replica.takesCommands()
        && !isOver(replica)
        && loop.leaseHeld()
        && replica.refuseWrite() == null) {
      serve(replica.waiters(), replica.waiters().takeReady());
    }
  }

  private void serve(Waiters waiters, Wanted wanted) {
    boolean goesOn = true;
    while (goesOn) {
      Waiter first = waiters.first(wanted);
      if (first == null) {
        return;
      }
      if (first.delivery.isForNobody()) {
        remove(waiters, first);
      } else {
        goesOn = serve(waiters, wanted, first);
      }
    }
  }

  /** Whether the next one may be tried. */
  private boolean serve(Waiters waiters, Wanted wanted, Waiter waiter) {
    PartitionReplica replica = waiters.replica();
    PartitionRoute route = waitedFor.get(replica);
    try {
      take(route, wanted, waiter);
    } catch (CellsNotInMemory e) {
      waiters.fetching(wanted);
      runner.fetchThen(
          route,
          e,
          () -> {
            waiters.ready(wanted);
            serve(replica);
          });
      return false;
    } catch (CellsRefused refused) {
      remove(waiters, waiter);
      refuse(waiter.delivery, refused.error());
      return true;
    }
    if (found) {
      remove(waiters, waiter);
      answer(replica, waiter.delivery);
    }
    return found;
  }

  /** Runs a waiter's command about the one key that something was put into, if it is there. */
  private void take(PartitionRoute route, Wanted wanted, Waiter waiter) {
    Command command = waiter.command;
    Args args = command.blocking().on(wanted.key(), command, waiter.args);
    scratch.clear();
    scratch.setProtocol(waiter.protocol);
    route
        .local()
        .runAsLeader(
            cells -> {
              byte[] key = wanted.key().array();
              Fields fields = cells.fields(wanted.type(), key, 0, key.length);
              found = fields != null && fields.count() > 0;
              if (found) {
                int count = partitions(route);
                call.onCells(command, args, cells, route.number(), count, scratch).run();
              }
            });
  }

  // Turns.

  @Override
  public boolean endTurn() {
    activeThisTurn = false;
    return release();
  }

  @Override
  public boolean release() {
    return !waitedFor.isEmpty();
  }

  @Override
  public void leadershipLost(PartitionReplica lost) {
    for (PartitionReplica replica : List.copyOf(waitedFor.keySet())) {
      if (lost == null || replica == lost) {
        endAll(replica);
      }
    }
  }

  /** Whether it is dropped, or takes writes that have no single order by now. */
  private static boolean isOver(PartitionReplica replica) {
    return replica.isGoing() || replica.terms().database().settings().regions() != null;
  }

  private void endAll(PartitionReplica replica) {
    Waiters waiters = replica.waiters();
    for (Waiter waiter : waiters.all()) {
      remove(waiters, waiter);
      refuse(waiter.delivery, CHANGED);
    }
  }

  @Override
  public void expire(long nowNanos) {
    forwarded.dropBroken();
    for (PartitionReplica replica : List.copyOf(waitedFor.keySet())) {
      if (isOver(replica)) {
        endAll(replica);
      } else {
        expire(replica.waiters());
        serve(replica);
      }
    }
  }

  private void expire(Waiters waiters) {
    long now = loop.sinceStartMillis();
    for (Waiter late = waiters.firstLate(now); late != null; late = waiters.firstLate(now)) {
      end(waiters, late, ClientWait.End.TIMEOUT);
    }
  }
}
