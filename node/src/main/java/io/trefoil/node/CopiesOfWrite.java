package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.node.WriteStatus.Verdict;
import io.trefoil.replication.leaderless.LeaderlessReplica;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Consumer;

/**
 * Which replicas of a leaderless partition have a write. Its id names the stream that it was
 * written to, and each replica knows up to where it has every stream; the stream's own coordinator
 * also knows who has confirmed. Never "lost": one that was cut off may bring it yet. Belongs to the
 * data loop's thread.
 */
final class CopiesOfWrite {
  private static final long ANSWER_NANOS = 3_000_000_000L;

  private final DataLoop loop;
  private final Forwards forwards;

  /** What one replica says. The others read the ordinal: add at the end. */
  enum Word {
    /** It has not come here. */
    ABSENT,
    /** It is here. */
    HERE,
    /** This is its coordinator, and so many copies are stable as the database asks for. */
    CONFIRMED,
    /** A gap, or a stream that this node began before it started anew: it may be here. */
    UNCLEAR
  }

  CopiesOfWrite(DataLoop loop, Forwards forwards) {
    this.loop = loop;
    this.forwards = forwards;
  }

  /**
   * Asks all replicas.
   *
   * @param write stream and index
   * @param args the command, as the others are to get it
   */
  void find(PartitionRoute route, Position write, Args args, Consumer<Verdict> then) {
    SortedSet<NodeId> replicas = route.terms().state().replicas();
    int writes = route.terms().state().configuration().copies();
    List<Word> words = new ArrayList<>();
    int[] awaited = {replicas.size()};
    for (NodeId each : replicas) {
      Consumer<Word> receiver =
          word -> {
            words.add(word);
            if (--awaited[0] == 0) {
              then.accept(judge(words, writes));
            }
          };
      ask(each, route, write, args, receiver);
    }
  }

  private void ask(
      NodeId node, PartitionRoute route, Position write, Args args, Consumer<Word> receiver) {
    if (node.equals(loop.self())) {
      receiver.accept(here(route, write));
    } else if (forwards.canReach(node)) {
      long deadline = loop.nowNanos() + ANSWER_NANOS;
      forwards.sendTo(node, 2, false, args, deadline, (by, reply) -> receiver.accept(word(reply)));
    } else {
      receiver.accept(Word.UNCLEAR);
    }
  }

  private static Word word(byte[] reply) {
    return ReplyReader.read(reply) instanceof Reply.Whole number
            && number.value() >= 0
            && number.value() < Word.values().length
        ? Word.values()[(int) number.value()]
        : Word.UNCLEAR;
  }

  /** Tells another node what this one knows. */
  void answer(PartitionRoute route, Position write, Delivery delivery) {
    ReplyWriter reply = new ReplyWriter();
    reply.integer(here(route, write).ordinal());
    delivery.deliver(Answer.NONE, reply.toArray());
  }

  private Word here(PartitionRoute route, Position write) {
    QuorumReplica replica = route.coordinator();
    if (replica == null) {
      return Word.ABSENT;
    }
    return write.epoch() == replica.origin()
        ? coordinated(replica, write.index(), route.terms().state().configuration().copies())
        : heard(replica.origins(), write, loop.self());
  }

  /**
   * What a coordinator knows of its own stream. Of what its journal let go of it can't say who
   * confirmed: what is skipped for a replica is taken for copied there.
   */
  private Word coordinated(QuorumReplica replica, long index, int writes) {
    LeaderlessReplica machine = replica.machine();
    if (index > machine.stableIndex()) {
      return Word.ABSENT;
    }
    boolean held = index >= loop.journal().firstIndex(replica.copy());
    return held && index <= machine.copied(writes) ? Word.CONFIRMED : Word.HERE;
  }

  /** What a copy knows of a stream that is not its own. */
  static Word heard(Origins origins, Position write, NodeId self) {
    if (write.epoch() > Integer.MAX_VALUE) {
      return Word.ABSENT;
    }
    int origin = (int) write.epoch();
    if (Origins.isOf(origin, self) || origins.gaps().contains(origin)) {
      return Word.UNCLEAR;
    }
    return origins.heard().getOrDefault(origin, 0L) >= write.index() ? Word.HERE : Word.ABSENT;
  }

  /**
   * What the words of all replicas come to. One that does not answer can't tell.
   *
   * @param words one of each
   * @param writes the W of the database
   */
  static Verdict judge(List<Word> words, int writes) {
    long copies =
        words.stream().filter(word -> word == Word.HERE || word == Word.CONFIRMED).count();
    if (words.contains(Word.CONFIRMED) || copies >= writes) {
      return new Verdict("committed", "");
    }
    if (copies > 0) {
      String found = "%d of %d replicas are known to have it and W is %d";
      return new Verdict("pending", String.format(found, copies, words.size(), writes));
    }
    long unclear = words.stream().filter(word -> word == Word.UNCLEAR).count();
    return new Verdict(
        "unknown",
        unclear == 0
            ? "no replica has it"
            : "no replica is known to have it; " + unclear + " can't tell");
  }
}
