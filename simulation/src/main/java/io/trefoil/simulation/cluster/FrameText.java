package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSource;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ControlFormat;
import io.trefoil.control.ControlMessage;
import io.trefoil.node.Frames;
import io.trefoil.node.LeaderlessCodec;
import io.trefoil.node.RegionCodec;
import io.trefoil.node.RepairCodec;
import io.trefoil.node.ReplicationCodec;
import io.trefoil.node.SnapshotFrame;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.multileader.RegionMessage;

/** What a frame between nodes says, for those who watch them talk. */
final class FrameText {
  private FrameText() {}

  /**
   * A number for what kind of message it is: cheap, and the same for the same {@link #kind}.
   *
   * @param frame as it is sent
   */
  static int kindNumber(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    int kind = source.getByte();
    int tag =
        switch (kind) {
          case Frames.REPLICATION -> {
            ReplicationCodec.getPartition(source);
            ReplicationCodec.getEcho(source);
            yield source.getByte();
          }
          case Frames.CONTROL -> {
            source.getVarint(); // the request's number
            source.getByte(); // the format's version
            yield source.getByte();
          }
          case Frames.SNAPSHOT -> isResume(source) ? 1 : 0;
          case Frames.LEADERLESS, Frames.REPAIR -> {
            ReplicationCodec.getPartition(source);
            yield source.getByte();
          }
          case Frames.REGION -> {
            source.getLong(); // the definition
            source.getVarint(); // the partition
            yield source.getByte();
          }
          default -> 0;
        };
    return kind << Byte.SIZE | tag;
  }

  /** The kind of message in a word, such as {@code Append} or {@code LeaseRequest}. */
  static String kind(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    int kind = source.getByte();
    return switch (kind) {
      case Frames.REPLICATION -> {
        ReplicationCodec.getPartition(source);
        ReplicationCodec.getEcho(source);
        yield ReplicationCodec.decode(source).getClass().getSimpleName();
      }
      case Frames.CONTROL -> control(source).getClass().getSimpleName();
      case Frames.FORWARD -> "Forward";
      case Frames.FORWARDED -> "Forwarded";
      case Frames.SNAPSHOT -> isResume(source) ? "SnapshotResume" : "Snapshot";
      case Frames.SNAPSHOT_ACK -> "SnapshotAck";
      case Frames.REPORT -> "Report";
      case Frames.VERIFY -> "Verify";
      case Frames.HISTORY -> "History";
      case Frames.HISTORY_REPLY -> "HistoryReply";
      case Frames.TO_NODE -> "ToNode";
      case Frames.LEADERLESS -> {
        ReplicationCodec.getPartition(source);
        yield LeaderlessCodec.decode(source).getClass().getSimpleName();
      }
      case Frames.SUPERSEDED -> "Superseded";
      case Frames.REPAIR -> {
        ReplicationCodec.getPartition(source);
        source.getLong(); // the sender's last stamp
        yield RepairCodec.decode(source).getClass().getSimpleName();
      }
      case Frames.REGION -> "Region" + region(source).getClass().getSimpleName();
      case Frames.REGION_ELSEWHERE -> "RegionElsewhere";
      case Frames.REGION_DEFINE -> "RegionDefine";
      case Frames.REGION_DEFINED -> "RegionDefined";
      case Frames.REGION_FILL -> "RegionFill";
      case Frames.REGION_FILLED -> "RegionFilled";
      case Frames.REGION_VERIFY -> "RegionVerify";
      case Frames.REGION_VERIFIED -> "RegionVerified";
      default -> "frame " + kind;
    };
  }

  /** What it says when it is a message between leaders of different regions. */
  static RegionMessage region(ByteSource source) {
    source.getLong(); // the definition
    source.getVarint(); // the partition
    return RegionCodec.decode(source);
  }

  /** Whether it goes from one region to another, whichever way. */
  static boolean isBetweenRegions(byte[] frame) {
    return frame[0] >= Frames.REGION && frame[0] <= Frames.REGION_VERIFIED;
  }

  /** Whether it is of a snapshot's stream, whichever way it goes. */
  static boolean isOfSnapshot(byte[] frame) {
    return frame[0] == Frames.SNAPSHOT || frame[0] == Frames.SNAPSHOT_ACK;
  }

  private static boolean isResume(ByteSource source) {
    ReplicationCodec.getPartition(source);
    source.getVarint(); // the stream's number
    return source.getByte() == SnapshotFrame.RESUME;
  }

  /** All that it says, in a line, as far as it is for people. */
  static String of(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    int kind = source.getByte();
    if (kind == Frames.REPLICATION) {
      PartitionId partition = ReplicationCodec.getPartition(source);
      ReplicationCodec.getEcho(source);
      Message message = ReplicationCodec.decode(source);
      return partition + " " + message;
    }
    if (kind == Frames.LEADERLESS) {
      return ReplicationCodec.getPartition(source) + " " + LeaderlessCodec.decode(source);
    }
    if (kind == Frames.REPAIR) {
      PartitionId partition = ReplicationCodec.getPartition(source);
      source.getLong(); // the sender's last stamp
      return partition + " " + RepairCodec.decode(source);
    }
    if (kind == Frames.REGION) {
      return source.getLong() % 1_000 + "/" + source.getVarint() + " " + RegionCodec.decode(source);
    }
    return kind == Frames.CONTROL
        ? control(source).toString()
        : kind(frame) + ", " + frame.length + " bytes";
  }

  private static ControlMessage control(ByteSource source) {
    source.getVarint(); // the request's number
    return ControlFormat.decodeMessage(source.getBytes(source.remaining()));
  }
}
