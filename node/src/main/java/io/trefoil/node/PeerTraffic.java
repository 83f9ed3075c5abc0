package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.ControlMessage;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.RespLimits;
import io.trefoil.resp.RespParser;
import io.trefoil.transport.Hello;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.PeerConnection;
import io.trefoil.transport.PeerListener;

/**
 * Hands the frames that come from other nodes to whom they are for, and keeps out who does not
 * belong here. Called on the lanes' threads, the data lane's being the data loop.
 */
final class PeerTraffic implements PeerListener {
  private final ClusterStatus status;
  private volatile ControlLoop control;
  private volatile String clusterName = "";
  private volatile int self;
  private volatile ClusterState state = ClusterState.EMPTY;
  private volatile DataSide data;

  /** What the data lane's frames are for; there once the node has replicas. */
  record DataSide(
      DataLoop loop,
      NodeReplicas replicas,
      Routes routes,
      CommandRunner runner,
      Forwards forwards,
      SnapshotSender sender,
      SnapshotReceiver receiver,
      Verifications verifications,
      RegionLinks regions,
      RespLimits limits) {}

  PeerTraffic(ClusterStatus status) {
    this.status = status;
  }

  /** Whom the control lane's frames are for; before the first comes. */
  void control(ControlLoop loop) {
    control = loop;
  }

  /**
   * Who is reached here.
   *
   * @param node the number, or 0 while this node has none
   */
  void identify(String newClusterName, int node) {
    clusterName = newClusterName;
    self = node;
  }

  void state(ClusterState newer) {
    state = newer;
  }

  void data(DataSide side) {
    data = side;
  }

  @Override
  public String refuse(Hello hello) {
    if (hello.to() != 0 && hello.to() != self) {
      // Its address is another's by now: what was acknowledged here would count as that one's copy.
      return "this node is " + (self == 0 ? "new" : "n" + self) + ", not n" + hello.to();
    }
    if (hello.lane() == Lane.REGION) {
      return data == null
          ? "this node is not ready yet"
          : RegionLinks.refuse(state, hello.region());
    }
    boolean joining = hello.from() == 0 && hello.lane() == Lane.CONTROL;
    if (joining) {
      return null; // it can only ask to be let in
    }
    if (!hello.cluster().equals(clusterName)) {
      return "this node is of cluster " + clusterName + ", not of " + hello.cluster();
    }
    ClusterNode node = hello.from() > 0 ? state.nodes().get(new NodeId(hello.from())) : null;
    if (node != null && hello.incarnation() < node.incarnation()) {
      return "incarnation "
          + hello.incarnation()
          + " of "
          + node.name()
          + " is over, "
          + node.incarnation()
          + " serves";
    }
    return hello.lane() == Lane.DATA && data == null ? "this node is not ready yet" : null;
  }

  @Override
  public void onFrame(PeerConnection from, byte[] frame, int offset, int length) {
    ByteSource source = new ByteSource(frame, offset, length);
    int kind = source.getByte();
    if (kind == Frames.CONTROL) {
      control.onFrame(from, source);
    } else if (kind == Frames.REPORT) {
      status.onReport(from.hello().from(), frame, source.position(), source.remaining());
    } else if (from.hello().lane() == Lane.REGION) {
      data.loop().beginTurn();
      data.regions().onFrame(from, kind, source);
    } else if (from.hello().lane() == Lane.DATA && from.hello().from() > 0) {
      try {
        onData(from, kind, source);
      } catch (InvariantViolation e) {
        data.loop().fail("a message from n" + from.hello().from(), e);
      }
    } else {
      throw new MalformedBytesException("frame " + kind + " is not known to this version");
    }
  }

  private void onData(PeerConnection connection, int kind, ByteSource source) {
    DataSide side = data;
    NodeId from = new NodeId(connection.hello().from());
    side.loop().beginTurn();
    switch (kind) {
      case Frames.REPLICATION -> {
        PartitionId partition = ReplicationCodec.getPartition(source);
        PartitionReplica replica = side.replicas().find(partition);
        if (replica != null) {
          ReplicationCodec.Echo echo = ReplicationCodec.getEcho(source);
          replica.receive(from, echo, ReplicationCodec.decode(source));
        }
      }
      case Frames.LEADERLESS -> {
        QuorumReplica replica = side.replicas().findQuorum(ReplicationCodec.getPartition(source));
        if (replica != null) {
          replica.receive(from, LeaderlessCodec.decode(source));
        }
      }
      case Frames.REPAIR -> {
        QuorumReplica replica = side.replicas().findQuorum(ReplicationCodec.getPartition(source));
        if (replica != null) {
          replica.repair().receive(from, source.getLong(), RepairCodec.decode(source));
        }
      }
      case Frames.SUPERSEDED -> {
        QuorumReplica replica = side.replicas().findQuorum(ReplicationCodec.getPartition(source));
        if (replica != null) {
          replica.superseded(
              from, source.getCount(Integer.MAX_VALUE), source.getVarint(), source.getVarint());
        }
      }
      case Frames.FORWARD -> onForward(side, connection, source);
      case Frames.FORWARD_END -> {
        long id = source.getVarint();
        side.runner().endForwardedWait(connection, id, source.getByte());
      }
      case Frames.TO_NODE -> {
        long id = source.getVarint();
        int protocol = source.getByte();
        side.runner().runForNode(connection, id, protocol, command(side, source));
      }
      case Frames.SNAPSHOT -> side.receiver().onFrame(from, source);
      case Frames.SNAPSHOT_ACK -> side.sender().onAck(from, source);
      case Frames.HISTORY -> side.replicas().strays().onAsked(from, source);
      case Frames.HISTORY_REPLY -> side.replicas().strays().onHistory(from, source);
      case Frames.VERIFY -> side.verifications().onFrame(from, source);
      default ->
          throw new MalformedBytesException("frame " + kind + " is not known to this version");
    }
  }

  private static void onForward(DataSide side, PeerConnection from, ByteSource source) {
    long id = source.getVarint();
    PartitionId partition = ReplicationCodec.getPartition(source);
    long epoch = source.getVarint();
    int protocol = source.getByte();
    Position floor = ReplicationCodec.getPosition(source);
    Level level = new Level(source.getCount(Integer.MAX_VALUE), source.getCount(Integer.MAX_VALUE));
    Args args = command(side, source);
    PartitionRoute route = side.routes().partition(partition);
    if (route != null && route.isLeaderless()) {
      side.runner().coordinateForwarded(from, id, route, protocol, level, args);
    } else {
      side.runner().runForwarded(from, id, route, epoch, protocol, floor, args);
    }
  }

  private static Args command(DataSide side, ByteSource source) {
    int length = source.remaining();
    int start = source.skip(length);
    RespParser parser = new RespParser(side.limits());
    if (parser.parse(source.array(), start, start + length) != RespParser.Outcome.COMMAND) {
      throw new MalformedBytesException("a forwarded command that is none");
    }
    return parser.args().detached();
  }

  @Override
  public void onReply(Lane lane, PeerAddress from, byte[] frame, int offset, int length) {
    ByteSource source = new ByteSource(frame, offset, length);
    if (lane == Lane.CONTROL) {
      control.onReply(source);
    } else if (lane == Lane.REGION) {
      data.loop().beginTurn();
      data.regions().onReply(from, source);
    } else {
      onForwarded(new NodeId(from.node()), source);
    }
  }

  private void onForwarded(NodeId from, ByteSource source) {
    if (source.getByte() != Frames.FORWARDED) {
      throw new MalformedBytesException("a reply that is no forwarded command's");
    }
    DataSide side = data;
    side.loop().beginTurn();
    side.forwards().onReply(from, source);
  }

  @Override
  public void onLost(Lane lane, PeerAddress peer) {
    DataSide side = data;
    if (lane == Lane.REGION) {
      side.loop().beginTurn();
      side.regions().onLost(peer);
      return;
    }
    if (lane != Lane.DATA || side == null || peer.node() == 0) {
      return;
    }
    NodeId lost = new NodeId(peer.node());
    side.loop().beginTurn();
    side.replicas().onLost(lost);
    side.forwards().onLost(lost);
    side.runner().lost(lost);
    side.sender().onLost(lost);
    side.verifications().onLost(lost);
    ClusterNode node = state.nodes().get(lost);
    if (node != null && side.replicas().follows(lost)) {
      control.tell(new ControlMessage.SilenceReport(side.loop().self(), lost, node.incarnation()));
    }
  }

  @Override
  public void onConnected(Lane lane, PeerAddress peer) {
    DataSide side = data;
    if (lane == Lane.REGION) {
      side.loop().beginTurn();
      side.regions().onConnected(peer);
    } else if (lane == Lane.DATA && side != null) {
      side.loop().beginTurn();
      side.runner().retryWaiting();
      if (peer.node() != 0) {
        NodeId back = new NodeId(peer.node());
        side.sender().onConnected(back);
        side.receiver().onConnected(back);
      }
    }
  }
}
