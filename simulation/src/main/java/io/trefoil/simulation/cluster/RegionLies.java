package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.base.Stamp;
import io.trefoil.cell.EntryReader;
import io.trefoil.node.Frames;
import io.trefoil.node.RegionCodec;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.simulation.Mutant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a network makes of frames between regions when it lies, for mutants. */
final class RegionLies {
  private final Mutant mutant;
  private final RegionCodec codec = new RegionCodec();

  /** Up to where each region was sent another's log, committed there or not. */
  private final Map<Way, Position> sent = new HashMap<>();

  private record Way(SimulatedRegion from, SimulatedRegion to, int partition) {}

  RegionLies(Mutant mutant) {
    this.mutant = mutant;
  }

  /** A frame as it is read, when it was sent as {@code frame}. */
  byte[] read(Machine from, Machine to, byte[] frame) {
    boolean lies =
        switch (mutant) {
          case CAUSES_NOT_WAITED_FOR,
              STAMPED_ON_ARRIVAL,
              SENT_ON_AS_OWN,
              CLAIMED_BEFORE_COMMITTED ->
              frame[0] == Frames.REGION;
          default -> false;
        };
    if (!lies) {
      return frame;
    }
    ByteSource source = new ByteSource(frame);
    source.getByte();
    long definition = source.getLong();
    int partition = source.getCount(Integer.MAX_VALUE);
    RegionMessage message = RegionCodec.decode(source);
    RegionMessage heard = heard(from, to, partition, message);
    if (heard == message) {
      return frame;
    }
    ByteSink sink = new ByteSink(frame.length);
    sink.putByte(Frames.REGION).putLong(definition).putVarint(partition);
    codec.encode(sink, heard);
    return sink.toArray();
  }

  private RegionMessage heard(Machine from, Machine to, int partition, RegionMessage message) {
    if (message instanceof RegionMessage.Batch batch && !batch.pieces().isEmpty()) {
      return switch (mutant) {
        case CAUSES_NOT_WAITED_FOR -> with(batch, withoutWords(batch.pieces()));
        case STAMPED_ON_ARRIVAL -> with(batch, stamped(batch.pieces(), to));
        case SENT_ON_AS_OWN -> with(batch, asOwn(batch, from.region.number + 1));
        default -> {
          Way way = new Way(from.region, to.region, partition);
          sent.merge(way, batch.upTo(), (old, now) -> now.compareTo(old) > 0 ? now : old);
          yield batch;
        }
      };
    }
    if (message instanceof RegionMessage.Pull pull && mutant == Mutant.CLAIMED_BEFORE_COMMITTED) {
      Position claimed = sent.get(new Way(to.region, from.region, partition));
      boolean isMore = claimed != null && claimed.compareTo(pull.after()) > 0;
      return isMore ? new RegionMessage.Pull(pull.id(), claimed, pull.wants()) : pull;
    }
    return message;
  }

  private static RegionMessage with(RegionMessage.Batch batch, List<Piece> pieces) {
    return new RegionMessage.Batch(
        batch.id(), batch.after(), batch.upTo(), batch.endIndex(), batch.sentMillis(), pieces);
  }

  private static List<Piece> withoutWords(List<Piece> pieces) {
    return pieces.stream().filter(piece -> !piece.isWord()).toList();
  }

  /** What others wrote has the number of the log that it is sent from. */
  private static List<Piece> asOwn(RegionMessage.Batch batch, int sender) {
    List<Piece> pieces = new ArrayList<>();
    for (Piece piece : batch.pieces()) {
      boolean isForeign = !piece.isWord() && piece.region() != sender;
      Position end = batch.upTo();
      pieces.add(
          isForeign && end.index() >= piece.count()
              ? new Piece(
                  RegionOrigin.number(sender, end.epoch()),
                  end.index(),
                  piece.count(),
                  piece.body())
              : piece);
    }
    return pieces;
  }

  /** Texts have the time at which they came. */
  private static List<Piece> stamped(List<Piece> pieces, Machine to) {
    long stamp = Stamp.of(to.process.clock().wallMillis(), 0);
    List<Piece> stamped = new ArrayList<>();
    for (Piece piece : pieces) {
      stamped.add(piece.isWord() ? piece : stamped(piece, stamp));
    }
    return stamped;
  }

  private static Piece stamped(Piece piece, long stamp) {
    byte[] copy = new ByteSource(piece.body().array()).getBytes(piece.body().length());
    ByteSource body = new ByteSource(copy);
    for (int i = 0; i < piece.count(); i++) {
      int length = body.getBlockLength();
      ByteSource entry = new ByteSource(copy, body.skip(length), length);
      EntryReader.stamp(entry);
      EntryReader.changes(entry, new Stamping(stamp));
    }
    return new Piece(piece.origin(), piece.index(), piece.count(), Bytes.wrap(copy));
  }

  /** Puts another stamp where a text is written by one origin alone. */
  private static final class Stamping extends IgnoredChanges {
    /** A string, of one origin, written and live. */
    private static final int STRING = 1;

    private static final int WRITTEN_AND_LIVE = 3;
    private final long stamp;

    Stamping(long stamp) {
      this.stamp = stamp;
    }

    @Override
    public void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength) {
      ByteSource source = new ByteSource(change, at, changeLength);
      if (source.getByte() != STRING || source.getVarint() != 1) {
        return;
      }
      source.getVarint(); // the origin
      if (source.getByte() == WRITTEN_AND_LIVE) {
        byte[] bytes = new ByteSink(Long.BYTES).putLong(stamp).toArray();
        System.arraycopy(bytes, 0, change, source.position(), Long.BYTES);
      }
    }
  }
}
