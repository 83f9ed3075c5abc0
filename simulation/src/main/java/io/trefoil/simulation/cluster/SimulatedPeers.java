package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Schedule;
import io.trefoil.transport.Hello;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.PeerConnection;
import io.trefoil.transport.PeerListener;
import io.trefoil.transport.Peers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A process's connections to its peers, as TCP has them: in order, nothing lost while they stand. A
 * cut holds bytes back; a connection that breaks loses the end of what was on its way.
 */
final class SimulatedPeers implements Peers {
  private static final long REDIAL_MICROS = 100 * Schedule.MILLIS;
  private static final long CONNECT_TIMEOUT_MICROS = 1_000 * Schedule.MILLIS;

  private final ClusterWorld world;
  private final SimulatedProcess process;
  private final PeerListener listener;
  private final SimulatedLoop controlLoop;
  private final SimulatedLoop dataLoop;
  private final Map<Lane, TreeMap<Integer, Link>> links = new EnumMap<>(Lane.class);
  private String cluster = "";
  private String region = "";
  private int node;
  private int incarnation;

  SimulatedPeers(
      ClusterWorld world,
      SimulatedProcess process,
      PeerListener listener,
      SimulatedLoop controlLoop,
      SimulatedLoop dataLoop) {
    this.world = world;
    this.process = process;
    this.listener = listener;
    this.controlLoop = controlLoop;
    this.dataLoop = dataLoop;
    for (Lane lane : Lane.values()) {
      links.put(lane, new TreeMap<>());
    }
  }

  private SimulatedLoop loop(Lane lane) {
    return lane == Lane.CONTROL ? controlLoop : dataLoop;
  }

  @Override
  public void identify(String newCluster, String newRegion, int newNode, int newIncarnation) {
    cluster = newCluster;
    region = newRegion;
    node = newNode;
    incarnation = newIncarnation;
  }

  @Override
  public void connect(Lane lane, PeerAddress address) {
    Link old = links.get(lane).get(address.node());
    if (old != null && old.address.equals(address)) {
      return;
    }
    if (old != null) {
      old.closed = true;
      old.close();
    }
    Link link = new Link(lane, address);
    links.get(lane).put(address.node(), link);
    link.dial();
  }

  @Override
  public void redial(Lane lane) {
    for (Link link : links.get(lane).values()) {
      if (link.standing != null) {
        link.redialMicros = 0;
        link.close();
      }
    }
  }

  @Override
  public boolean isConnected(Lane lane, int to) {
    Link link = links.get(lane).get(to);
    return link != null && link.standing != null;
  }

  @Override
  public void send(Lane lane, int to, byte[] frame, int offset, int length) {
    Link link = links.get(lane).get(to);
    if (link != null && link.standing != null) {
      link.waiting.add(Arrays.copyOfRange(frame, offset, offset + length));
    }
  }

  @Override
  public void flush(Lane lane) {
    for (Link link : links.get(lane).values()) {
      link.flush();
    }
  }

  /** The process is dead: its peers hear of it, what is on its way arrives. */
  void died() {
    for (TreeMap<Integer, Link> lane : links.values()) {
      lane.values().forEach(Link::close);
    }
  }

  /** Breaks what this process dialed to a machine. */
  void breakConnections(Machine to) {
    for (TreeMap<Integer, Link> lane : links.values()) {
      for (Link link : lane.values()) {
        if (link.target == to && link.standing != null) {
          link.close();
        }
      }
    }
  }

  /** What this process dials to one peer on one lane. */
  private final class Link {
    final Lane lane;
    final PeerAddress address;
    final Machine target;
    final List<byte[]> waiting = new ArrayList<>();
    Connection standing;
    long redialMicros = REDIAL_MICROS;
    boolean lostTold;
    boolean closed;

    Link(Lane lane, PeerAddress address) {
      this.lane = lane;
      this.address = address;
      this.target = world.machineOfPort(address.port());
    }

    void dial() {
      if (closed) {
        return;
      }
      boolean reachable =
          !world.network.isCut(process.machine, target)
              && !world.network.isCut(target, process.machine);
      process.after(
          reachable ? world.network.latencyMicros(process.machine, target) : CONNECT_TIMEOUT_MICROS,
          () -> loop(lane).execute(() -> dialed(reachable && target.isUp())));
    }

    private void dialed(boolean connected) {
      if (closed) {
        return;
      }
      if (!connected || !target.isUp()) {
        lost();
        return;
      }
      standing = new Connection(this, target.process);
      standing.greet(hello());
      lostTold = false;
      listener.onConnected(lane, address);
    }

    private Hello hello() {
      int to = lane == Lane.REGION ? 0 : address.node();
      return new Hello(lane, cluster, region, node, incarnation, to);
    }

    void flush() {
      if (standing != null && !waiting.isEmpty()) {
        standing.send(List.copyOf(waiting));
      }
      waiting.clear();
    }

    /** The connection ends; this side hears of it in a moment. */
    void close() {
      if (standing != null) {
        standing.broken();
        standing = null;
        waiting.clear();
        process.after(world.network.latencyMicros(), () -> loop(lane).execute(this::lost));
      }
    }

    private void lost() {
      if (closed) {
        return;
      }
      if (!lostTold) {
        lostTold = true;
        listener.onLost(lane, address);
      }
      process.after(redialMicros, this::dial);
      redialMicros = REDIAL_MICROS;
    }
  }

  /** One connection that stands, or stood; its other end is a {@link PeerConnection}. */
  private final class Connection implements PeerConnection, ClusterNetwork.Stream {
    private final Link link;
    private final SimulatedProcess target;
    private Hello hello;
    private boolean accepted;
    private final ClusterNetwork.Pipe there;
    private final ClusterNetwork.Pipe back;

    Connection(Link link, SimulatedProcess target) {
      this.link = link;
      this.target = target;
      this.there = world.network.new Pipe(process.machine, target.machine);
      this.back = world.network.new Pipe(target.machine, process.machine);
      world.network.opened(this);
    }

    @Override
    public Hello hello() {
      return hello;
    }

    void greet(Hello greeting) {
      hello = greeting;
      arrive(
          () -> {
            String refusal = target.network().listener.refuse(greeting);
            accepted = refusal == null;
            if (!accepted && !isBroken()) {
              link.close();
            }
          });
    }

    void send(List<byte[]> frames) {
      arrive(
          () -> {
            if (accepted) {
              for (byte[] frame : frames) {
                byte[] read = world.message(process.machine, target.machine, frame);
                target.network().listener.onFrame(this, read, 0, read.length);
              }
            }
          });
    }

    private boolean isBroken() {
      return link.standing != this;
    }

    /** Runs something at the target, after what was sent before. */
    private void arrive(Runnable action) {
      there.send(
          process.outputDelayMicros(),
          () -> {
            if (!target.isDead()) {
              target.network().loop(link.lane).execute(action);
            }
          });
    }

    @Override
    public boolean isOpen() {
      return !isBroken();
    }

    @Override
    public void reply(byte[] frame, int offset, int length) {
      byte[] copy = Arrays.copyOfRange(frame, offset, offset + length);
      back.send(
          target.outputDelayMicros(),
          () ->
              loop(link.lane)
                  .execute(
                      () -> {
                        if (!isBroken()) {
                          byte[] read = world.message(target.machine, process.machine, copy);
                          listener.onReply(link.lane, link.address, read, 0, read.length);
                        }
                      }));
    }

    /** Sent at once: nothing is saved by waiting here. */
    @Override
    public void replyLater(byte[] frame, int offset, int length) {
      reply(frame, offset, length);
    }

    void broken() {
      there.close();
      back.close();
      world.network.closed(this);
    }

    @Override
    public boolean endsAt(Machine machine) {
      return target.machine == machine;
    }

    @Override
    public boolean connects(Machine one, Machine other) {
      return process.machine == one && target.machine == other;
    }

    @Override
    public void breakNow() {
      if (!isBroken()) {
        link.close();
      }
    }
  }
}
