package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.HostPort;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.PeerConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's connections to nodes of other regions, which are clusters of their own, and the
 * exchanges of the partitions that it leads. A region tells where its nodes are, and which of them
 * leads a partition, when one of them is asked.
 *
 * <p>Belongs to the data loop's thread.
 *
 * <pre>
 * to another region, and back:
 * message   definition (8) · partition (varint) · message ({@link RegionCodec})
 * back only:
 * elsewhere definition (8) · partition (varint) · host (text, empty when nobody leads) · port (varint)
 * </pre>
 */
final class RegionLinks {
  private static final Logger LOG = LoggerFactory.getLogger(RegionLinks.class);

  /** So long a node is not asked again which was no leader, nor another one in its place. */
  private static final long ASK_AGAIN_NANOS = 200_000_000L;

  private static final int MAX_PORT = 65_535;

  /** Of a pull's number: the epoch, the exchange, and a million for its pulls. */
  private static final int EPOCH_SHIFT = 36;

  private static final int BEGUN_SHIFT = 20;
  private static final long MAX_BEGUN = (1 << EPOCH_SHIFT - BEGUN_SHIFT) - 1;

  private final DataLoop loop;
  private final Routes routes;
  private final LogReader reader;
  private final RateLimit rate;
  private final RegionCodec codec = new RegionCodec();
  private final ByteSink frame = new ByteSink();
  private final Map<Integer, Remote> remotes = new TreeMap<>();
  private final Map<PartitionId, RegionExchange> exchanges = new HashMap<>();
  private final Map<Wanted, Guess> guesses = new HashMap<>();
  private final Map<Long, RegionVerification> verifications = new HashMap<>();
  private final Map<Long, RegionDeparture> departures = new HashMap<>();
  private RegionDefinitions definitions;
  private long begun;
  private ClusterState state = ClusterState.EMPTY;

  /** Reads a replica's log on another thread, and comes back on the loop. */
  interface LogReader {
    void read(
        PartitionReplica replica, long fromIndex, int maxBytes, Consumer<List<EntryBatch>> then);
  }

  /**
   * A node of another region.
   *
   * @param number by which this node calls it
   */
  record Remote(int number, String region, HostPort at) {}

  /** A partition in another region. */
  private record Wanted(String region, long definition, int partition) {}

  /** Who is asked next for a partition. */
  private static final class Guess {
    Remote remote;
    long askNanos;
  }

  /**
   * @param rate of all that is sent of partitions
   */
  RegionLinks(DataLoop loop, Routes routes, LogReader reader, RateLimit rate) {
    this.loop = loop;
    this.routes = routes;
    this.reader = reader;
    this.rate = rate;
  }

  /** There may be regions to dial. */
  void onState(ClusterState newer) {
    state = newer;
    state
        .regions()
        .forEach((region, addresses) -> addresses.forEach(address -> remote(region, address)));
  }

  /** A node of another region, dialed from now on. */
  private Remote remote(String region, HostPort at) {
    for (Remote each : remotes.values()) {
      if (each.region().equals(region) && each.at().equals(at)) {
        return each;
      }
    }
    Remote made = new Remote(remotes.size() + 1, region, at);
    remotes.put(made.number(), made);
    loop.network().connect(Lane.REGION, new PeerAddress(made.number(), at.host(), at.port()));
    return made;
  }

  private boolean isConnected(Remote remote) {
    return loop.network().isConnected(Lane.REGION, remote.number());
  }

  // Exchanges.

  /** Has every partition that is led here exchange with other regions, and no other. */
  void tick() {
    exchanges.values().forEach(RegionLinks::endIfOtherRegions);
    exchanges.values().removeIf(each -> each.replica().exchange() != each);
    for (PartitionRoute route : routes.partitions()) {
      PartitionReplica replica = route.local();
      boolean begins =
          replica != null
              && route.terms().database().settings().regions() != null
              && replica.exchange() == null
              && replica.mayExchange();
      if (begins) {
        replica.exchange(new RegionExchange(replica, this, firstPull(replica.epoch())));
        exchanges.put(replica.id(), replica.exchange());
      }
    }
    exchanges.values().forEach(RegionExchange::tick);
    for (RegionVerification each : List.copyOf(verifications.values())) {
      if (each.tick()) {
        verifications.remove(each.id());
      }
    }
    for (RegionDeparture each : List.copyOf(departures.values())) {
      if (each.tick()) {
        departures.remove(each.id());
      }
    }
  }

  /** Between other regions an exchange begins anew. */
  private static void endIfOtherRegions(RegionExchange exchange) {
    PartitionReplica replica = exchange.replica();
    boolean same = exchange.regions().equals(replica.terms().database().settings().regions());
    if (!same && replica.exchange() == exchange) {
      replica.exchange(null);
    }
  }

  /** No pull has the number of another one: one process leads in an epoch. */
  private long firstPull(long epoch) {
    begun++;
    return epoch << EPOCH_SHIFT | (begun & MAX_BEGUN) << BEGUN_SHIFT | 1;
  }

  /** Whom to ask for a partition in another region; null when there is nobody now. */
  Remote leader(String region, long definition, int partition) {
    Guess guess = guess(region, definition, partition);
    if (loop.nowNanos() - guess.askNanos < 0) {
      return null;
    }
    if (guess.remote == null || !isConnected(guess.remote)) {
      guess.remote = next(region, guess.remote);
    }
    return guess.remote;
  }

  private Guess guess(String region, long definition, int partition) {
    return guesses.computeIfAbsent(
        new Wanted(region, definition, partition),
        wanted -> {
          Guess made = new Guess();
          made.askNanos = loop.nowNanos();
          return made;
        });
  }

  /** The next connected node of a region after one, round and round. */
  private Remote next(String region, Remote after) {
    List<Remote> connected = new ArrayList<>();
    for (Remote each : remotes.values()) {
      if (each.region().equals(region) && isConnected(each)) {
        connected.add(each);
      }
    }
    if (connected.isEmpty()) {
      return null;
    }
    for (Remote each : connected) {
      if (after == null || each.number() > after.number()) {
        return each;
      }
    }
    return connected.get(0);
  }

  /**
   * Compares this node's copy of a partition with another region's.
   *
   * @param id drawn at random
   */
  void verify(PartitionRoute route, String region, long id, Consumer<RegionReport> then) {
    verifications.put(id, new RegionVerification(loop, this, route, region, id, then));
  }

  /**
   * Asks a region that takes no more writes of a database whether another has all of them.
   *
   * @param id drawn at random
   * @param then gets what is missing, for people, or null
   */
  void awaitTaken(Database database, String region, long id, Consumer<String> then) {
    departures.put(id, new RegionDeparture(loop, this, database, region, id, then));
  }

  /** A node of a region that is in reach; null when there is none. */
  Remote anyOf(String region) {
    return next(region, null);
  }

  void send(Remote to, ByteSink message) {
    loop.network().send(Lane.REGION, to.number(), message.array(), 0, message.size());
  }

  void send(Remote to, long definition, int partition, RegionMessage message) {
    begin(Frames.REGION, definition, partition);
    codec.encode(frame, message);
    send(to, frame);
  }

  void reply(PeerConnection to, long definition, int partition, RegionMessage message) {
    begin(Frames.REGION, definition, partition);
    codec.encode(frame, message);
    to.replyLater(frame.array(), 0, frame.size());
  }

  /** Whether so much of a partition may be sent now; if so it counts as sent. */
  boolean maySend(long bytes) {
    return rate.take((int) Math.min(bytes, Integer.MAX_VALUE), loop.nowNanos());
  }

  /** Begins a frame about a partition. */
  ByteSink begin(int kind, long definition, int partition) {
    frame.clear();
    return frame.putByte(kind).putLong(definition).putVarint(partition);
  }

  void readLog(
      PartitionReplica replica, long fromIndex, int maxBytes, Consumer<List<EntryBatch>> then) {
    reader.read(replica, fromIndex, maxBytes, then);
  }

  // What comes in.

  /** Why a node of another region has no business here; null when it has. */
  static String refuse(ClusterState state, String region) {
    return state.regions().containsKey(region)
        ? null
        : "region '" + region + "' is not linked here: REGION LINK " + region + " host:port";
  }

  /** Who defines databases that span regions; before the first frame comes. */
  void use(RegionDefinitions used) {
    definitions = used;
  }

  /** A node of another region says something. */
  void onFrame(PeerConnection from, int kind, ByteSource source) {
    if (kind == Frames.REGION
        || kind == Frames.REGION_FILL
        || kind == Frames.REGION_VERIFY
        || kind == Frames.REGION_TAKEN) {
      onMessage(from, kind, source);
    } else if (kind == Frames.REGION_DEFINE) {
      definitions.onAsked(from, source);
    } else {
      throw unknown(kind);
    }
  }

  private static MalformedBytesException unknown(int kind) {
    return new MalformedBytesException("frame " + kind + " is not known to this version");
  }

  private void onMessage(PeerConnection from, int kind, ByteSource source) {
    long definition = source.getLong();
    int partition = source.getCount(Integer.MAX_VALUE);
    PartitionRoute route = routes.defined(definition, partition);
    RegionExchange exchange = route == null ? null : exchanges.get(route.id());
    if (exchange == null || exchange.replica().exchange() != exchange) {
      sendElsewhere(from, definition, partition, route);
    } else if (kind == Frames.REGION_FILL) {
      exchange.onAskedToFill(from, source);
    } else if (kind == Frames.REGION_VERIFY) {
      begin(Frames.REGION_VERIFIED, definition, partition);
      RegionVerification.answer(source, exchange.replica(), from.hello().region(), frame);
      from.reply(frame.array(), 0, frame.size());
    } else if (kind == Frames.REGION_TAKEN) {
      long id = source.getLong();
      source.expectEnd();
      begin(Frames.REGION_TOOK, definition, partition).putLong(id).putVarint(exchange.untaken());
      from.reply(frame.array(), 0, frame.size());
    } else {
      exchange.onFrame(from.hello().region(), from, RegionCodec.decode(source));
    }
  }

  private void sendElsewhere(
      PeerConnection to, long definition, int partition, PartitionRoute route) {
    NodeId leader = route == null ? null : route.leader();
    ClusterNode node = leader == null ? null : state.nodes().get(leader);
    begin(Frames.REGION_ELSEWHERE, definition, partition);
    boolean known = node != null && !leader.equals(loop.self());
    frame.putText(known ? node.addresses().region().host() : "");
    frame.putVarint(known ? node.addresses().region().port() : 0);
    to.replyLater(frame.array(), 0, frame.size());
  }

  /** A node of another region answers. */
  void onReply(PeerAddress from, ByteSource source) {
    Remote remote = remotes.get(from.node());
    int kind = source.getByte();
    if (kind == Frames.REGION_DEFINED) {
      definitions.onAnswer(source);
      return;
    }
    long definition = source.getLong();
    int partition = source.getCount(Integer.MAX_VALUE);
    if (kind == Frames.REGION_ELSEWHERE) {
      elsewhere(remote, definition, partition, source);
      return;
    }
    if (kind == Frames.REGION_VERIFIED) {
      RegionVerification verifying = verifications.get(source.getLong());
      if (verifying != null && verifying.take(source)) {
        verifications.remove(verifying.id());
      }
      return;
    }
    if (kind == Frames.REGION_TOOK) {
      RegionDeparture departure = departures.get(source.getLong());
      if (departure != null) {
        departure.take(partition, source);
      }
      return;
    }
    RegionExchange exchange = exchange(definition, partition);
    if (exchange == null) {
      return;
    }
    if (kind == Frames.REGION) {
      exchange.onReply(remote, RegionCodec.decode(source));
    } else if (kind == Frames.REGION_FILLED) {
      exchange.onFilled(remote, source);
    } else {
      throw unknown(kind);
    }
  }

  private RegionExchange exchange(long definition, int partition) {
    PartitionRoute route = routes.defined(definition, partition);
    RegionExchange exchange = route == null ? null : exchanges.get(route.id());
    return exchange != null && exchange.replica().exchange() == exchange ? exchange : null;
  }

  private void elsewhere(Remote remote, long definition, int partition, ByteSource source) {
    String host = source.getText();
    int port = source.getCount(MAX_PORT);
    source.expectEnd();
    Guess guess = guess(remote.region(), definition, partition);
    if (host.isEmpty()) {
      guess.remote = next(remote.region(), remote);
      guess.askNanos = loop.nowNanos() + ASK_AGAIN_NANOS;
    } else {
      guess.remote = remote(remote.region(), new HostPort(host, port));
      guess.askNanos = loop.nowNanos() + (isConnected(guess.remote) ? 0 : ASK_AGAIN_NANOS);
    }
    RegionExchange exchange = exchange(definition, partition);
    if (exchange != null) {
      exchange.lost(remote);
    }
  }

  void onLost(PeerAddress peer) {
    Remote remote = remotes.get(peer.node());
    if (remote != null) {
      LOG.info("region={} address={} is out of reach", remote.region(), remote.at());
      exchanges.values().forEach(each -> each.lost(remote));
    }
  }

  void onConnected(PeerAddress peer) {
    Remote remote = remotes.get(peer.node());
    if (remote != null) {
      LOG.info("region={} address={} connected", remote.region(), remote.at());
    }
  }
}
