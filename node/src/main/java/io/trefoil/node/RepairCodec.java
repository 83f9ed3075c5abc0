package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.RepairMessage;
import io.trefoil.replication.leaderless.SumTree;
import java.util.ArrayList;
import java.util.List;

/** The bytes of the messages of anti-entropy: tag, then fields. */
public final class RepairCodec {
  private static final int COMPARE = 1;
  private static final int COMPARED = 2;
  private static final int PULL = 3;
  private static final int PULLED = 4;

  private static final int WITH_CHANGES = 1;
  private static final int WITH_NEXT = 2;

  private RepairCodec() {}

  public static void encode(ByteSink sink, RepairMessage message) {
    if (message instanceof RepairMessage.Compare it) {
      sink.putByte(COMPARE).putVarint(it.round()).putVarint(it.step()).putVarint(it.version());
      putClaim(sink, it.claim());
      putNodes(sink, it.level(), it.nodes());
      it.sums().forEach(sink::putLong);
    } else if (message instanceof RepairMessage.Compared it) {
      sink.putByte(COMPARED).putVarint(it.round()).putVarint(it.step()).putVarint(it.version());
      putClaim(sink, it.claim());
      sink.putLong(it.clock());
      putNodes(sink, it.level(), it.differing());
      it.sums().forEach(sink::putLong);
    } else if (message instanceof RepairMessage.Pull it) {
      sink.putByte(PULL).putVarint(it.round()).putVarint(it.step()).putVarint(it.version());
      sink.putVarint(it.leaf()).putByte(it.forgot() ? 1 : 0);
      putBlock(sink, it.from());
      putBlock(sink, it.listing());
    } else if (message instanceof RepairMessage.Pulled it) {
      int flags = (it.changes() != null ? WITH_CHANGES : 0) | (it.next() != null ? WITH_NEXT : 0);
      sink.putByte(PULLED).putVarint(it.round()).putVarint(it.step()).putVarint(it.start());
      sink.putVarint(it.leaf()).putByte(flags);
      if (it.changes() != null) {
        putBlock(sink, it.changes());
      }
      if (it.next() != null) {
        putBlock(sink, it.next());
      }
    } else {
      throw new IllegalArgumentException("no format for " + message);
    }
  }

  /**
   * Reads a message to the end of {@code source}.
   *
   * @throws MalformedBytesException when it is none
   */
  public static RepairMessage decode(ByteSource source) {
    int tag = source.getByte();
    long round = number(source);
    int step = source.getCount(Integer.MAX_VALUE);
    RepairMessage message =
        switch (tag) {
          case COMPARE -> compare(round, step, source);
          case COMPARED -> compared(round, step, source);
          case PULL -> {
            long version = number(source);
            int leaf = source.getCount(SumTree.LEAVES - 1);
            boolean forgot = source.getByte() != 0;
            yield new RepairMessage.Pull(
                round, step, version, leaf, block(source), block(source), forgot);
          }
          case PULLED -> {
            int start = source.getCount(Integer.MAX_VALUE);
            int leaf = source.getCount(SumTree.LEAVES - 1);
            int flags = source.getByte();
            Bytes changes = (flags & WITH_CHANGES) != 0 ? block(source) : null;
            Bytes next = (flags & WITH_NEXT) != 0 ? block(source) : null;
            yield new RepairMessage.Pulled(round, step, start, leaf, changes, next);
          }
          default ->
              throw new MalformedBytesException(
                  "anti-entropy message " + tag + " is not known to this version");
        };
    source.expectEnd();
    return message;
  }

  private static RepairMessage compare(long round, int step, ByteSource source) {
    long version = number(source);
    RepairMessage.Claim claim = claim(source);
    int level = source.getCount(SumTree.LEAF_LEVEL - 1);
    List<Integer> nodes = nodes(source, level);
    return new RepairMessage.Compare(
        round, step, version, claim, level, nodes, sums(source, nodes.size()));
  }

  private static RepairMessage compared(long round, int step, ByteSource source) {
    long version = number(source);
    RepairMessage.Claim claim = claim(source);
    long clock = source.getLong();
    int level = source.getCount(SumTree.LEAF_LEVEL - 1);
    List<Integer> nodes = nodes(source, level);
    return new RepairMessage.Compared(
        round,
        step,
        version,
        claim,
        clock,
        level,
        nodes,
        sums(source, nodes.size() * SumTree.CHILDREN));
  }

  private static void putClaim(ByteSink sink, RepairMessage.Claim claim) {
    sink.putVarint(claim.start()).putByte(claim.state().ordinal());
    sink.putLong(claim.complete()).putLong(claim.horizon());
  }

  private static RepairMessage.Claim claim(ByteSource source) {
    int start = source.getCount(Integer.MAX_VALUE);
    int state = source.getByte();
    long complete = source.getLong();
    long horizon = source.getLong();
    boolean fits =
        state < CopyState.values().length
            && complete >= 0
            && horizon >= 0
            && (complete == 0 || CopyState.values()[state] == CopyState.VOUCHES);
    if (!fits) {
      throw new MalformedBytesException("a copy that claims " + state + " up to " + complete);
    }
    return new RepairMessage.Claim(start, CopyState.values()[state], complete, horizon);
  }

  private static void putNodes(ByteSink sink, int level, List<Integer> nodes) {
    sink.putVarint(level).putVarint(nodes.size());
    nodes.forEach(node -> sink.putVarint(node));
  }

  private static List<Integer> nodes(ByteSource source, int level) {
    int count = source.getCount(Math.min(SumTree.nodes(level), source.remaining()));
    List<Integer> nodes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      nodes.add(source.getCount(SumTree.nodes(level) - 1));
    }
    return nodes;
  }

  private static List<Long> sums(ByteSource source, int count) {
    if (source.remaining() != count * Long.BYTES) {
      throw new MalformedBytesException(count + " sums in " + source.remaining() + " bytes");
    }
    List<Long> sums = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      sums.add(source.getLong());
    }
    return sums;
  }

  private static void putBlock(ByteSink sink, Bytes bytes) {
    sink.putBlock(bytes.array(), 0, bytes.length());
  }

  private static Bytes block(ByteSource source) {
    return Bytes.wrap(source.getBlock());
  }

  private static long number(ByteSource source) {
    long number = source.getVarint();
    if (number < 0) {
      throw new MalformedBytesException(number + " is negative");
    }
    return number;
  }
}
