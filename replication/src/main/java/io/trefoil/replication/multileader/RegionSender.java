package io.trefoil.replication.multileader;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.SenderView.State;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Serves one other region from the log of a partition's leader in this region, for as long as it
 * leads. See {@code docs/protocols/multi-leader.md}.
 *
 * <p><b>What it promises.</b> What it sends is the log, in order and without a hole, from where the
 * other region pulled, and never beyond {@link SenderEvent.MaySend}. Not more than a window of it
 * is on its way.
 *
 * <p><b>What it leaves to the shell.</b> Finding the index of the puller's position; deciding what
 * of an entry goes to others, and as what ({@link RegionLog}); keeping the log from {@link
 * #ackedIndex} on.
 */
public final class RegionSender {
  /** A batch that is on its way. */
  private record InFlight(long upToIndex, long bytes) {}

  private final RegionLog log;
  private final RegionSettings settings;

  private State state = State.IDLE;
  private long pull;
  private SortedSet<Integer> wants = Collections.unmodifiableSortedSet(new TreeSet<>());
  private long sentIndex;
  private long ackedIndex;
  private long endIndex;
  private boolean reading;

  /** Read, and waiting for room in the window; else null. */
  private Stretch held;

  private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
  private long inFlightBytes;
  private long nowMillis;
  private long wallMillis;
  private long sentMillis;

  public RegionSender(RegionLog log, RegionSettings settings) {
    this.log = log;
    this.settings = settings;
  }

  /** Takes one event and hands its effects to {@code out}, to be carried out in their order. */
  public void step(SenderEvent event, SenderEffects out) {
    if (event instanceof SenderEvent.MaySend may) {
      endIndex = Math.max(endIndex, may.index());
      ship(out);
    } else if (event instanceof SenderEvent.Acked acked) {
      onAcked(acked, out);
    } else if (event instanceof SenderEvent.Tick tick) {
      onTick(tick, out);
    } else if (event instanceof SenderEvent.LogRead read) {
      onLogRead(read, out);
    } else if (event instanceof SenderEvent.Pulled pulled) {
      onPulled(pulled, out);
    } else if (event instanceof SenderEvent.Lost) {
      stop(State.IDLE);
    }
  }

  private void onPulled(SenderEvent.Pulled pulled, SenderEffects out) {
    stop(State.STREAMING);
    pull = pulled.id();
    wants = pulled.wants();
    sentIndex = pulled.afterIndex();
    // A region that asks for what it had acknowledged has lost it.
    ackedIndex = Math.min(ackedIndex, pulled.afterIndex());
    send(sentIndex, List.of(), out); // it learns at once where both are
    ship(out);
  }

  private void stop(State next) {
    state = next;
    reading = false;
    held = null;
    inFlight.clear();
    inFlightBytes = 0;
  }

  private void onAcked(SenderEvent.Acked acked, SenderEffects out) {
    if (state != State.STREAMING || acked.id() != pull) {
      return; // said to an earlier pull, perhaps before the region lost it
    }
    ackedIndex = Math.max(ackedIndex, Math.min(acked.index(), sentIndex));
    while (!inFlight.isEmpty() && inFlight.peekFirst().upToIndex() <= ackedIndex) {
      inFlightBytes -= inFlight.pollFirst().bytes();
    }
    ship(out);
  }

  private void onLogRead(SenderEvent.LogRead read, SenderEffects out) {
    if (!reading || read.id() != pull) {
      return; // for an earlier pull, which wanted something else
    }
    reading = false;
    if (read.stretch() == null) {
      stop(State.TOO_OLD);
      out.add(new SenderEffect.Send(new RegionMessage.TooOld(pull)));
    } else {
      held = read.stretch();
      ship(out);
    }
  }

  private void onTick(SenderEvent.Tick tick, SenderEffects out) {
    nowMillis = tick.nowMillis();
    wallMillis = tick.wallMillis();
    ship(out);
    if (state == State.STREAMING && nowMillis - sentMillis >= settings.heartbeatMillis()) {
      send(sentIndex, List.of(), out);
    }
  }

  private void ship(SenderEffects out) {
    while (state == State.STREAMING
        && !reading
        && sentIndex < endIndex
        && inFlightBytes < settings.windowBytes()) {
      Stretch next = held == null ? recent() : held;
      held = null;
      if (next == null) {
        read(out);
      } else if (fits(next)) {
        send(next.upToIndex(), next.pieces(), out);
      } else {
        held = next;
        return;
      }
    }
  }

  private Stretch recent() {
    return log.recent(sentIndex + 1, endIndex, wants, settings.batchBytes());
  }

  private void read(SenderEffects out) {
    reading = true;
    out.add(new SenderEffect.ReadLog(pull, sentIndex + 1, endIndex, wants, settings.batchBytes()));
  }

  /**
   * An entry may be larger than the window: then it goes alone. Else the other side's queue would
   * refuse it, and have it sent again and again while something before it has to wait.
   */
  private boolean fits(Stretch next) {
    return inFlight.isEmpty()
        || inFlightBytes + RegionMessage.Batch.bytesOf(next.pieces()) <= 2 * settings.windowBytes();
  }

  private void send(long upToIndex, List<Piece> pieces, SenderEffects out) {
    Invariants.check(
        upToIndex == sentIndex || upToIndex <= endIndex,
        "only what may be sent",
        upToIndex,
        endIndex);
    Position after = log.position(sentIndex);
    RegionMessage.Batch batch =
        new RegionMessage.Batch(
            pull,
            after,
            log.position(upToIndex),
            Math.max(endIndex, upToIndex),
            wallMillis,
            pieces);
    if (!batch.isHeartbeat()) {
      inFlight.addLast(new InFlight(upToIndex, batch.bytes()));
      inFlightBytes += batch.bytes();
    }
    sentIndex = upToIndex;
    sentMillis = nowMillis;
    out.add(new SenderEffect.Send(batch));
  }

  /**
   * Up to where the other region has committed everything of this log: before that it needs none of
   * it. 0 until it has said something to this leader. A broken connection changes nothing; goes
   * back only when the region pulls from before it.
   */
  public long ackedIndex() {
    return ackedIndex;
  }

  public SenderView view() {
    return new SenderView(state, sentIndex, ackedIndex, endIndex, inFlightBytes);
  }

  /** For traces and people. */
  @Override
  public String toString() {
    return state
        + " pull="
        + pull
        + " acked="
        + ackedIndex
        + " sent="
        + sentIndex
        + " end="
        + endIndex
        + (reading ? " reads" : "");
  }
}
