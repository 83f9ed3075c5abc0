package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.command.Command.Row;
import io.trefoil.command.ZSetAlgebra.Aggregate;
import io.trefoil.resp.Args;
import java.util.List;
import java.util.function.Function;

/** Commands that put several sorted sets together; see {@link ZSetAlgebra}. */
final class ZSetAlgebraCommands {
  private static final String UNION_COST =
      "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the"
          + " number of elements in the resulting sorted set.";
  private static final String INTERSECTION_COST =
      "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number"
          + " of input sorted sets and M being the number of elements in the resulting sorted set.";
  private static final String DIFFERENCE_COST =
      "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is"
          + " the size of the first set, and K is the size of the result set.";
  private static final String STORED = " and store the resulting sorted set in a new key";

  private ZSetAlgebraCommands() {}

  static List<Command> rows() {
    return List.of(
        reading("zunion", "6.2.0", UNION_COST, "Add multiple sorted sets")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> reply(call, true, ZSetAlgebra::union)),
        reading("zinter", "6.2.0", INTERSECTION_COST, "Intersect multiple sorted sets")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> reply(call, true, ZSetAlgebra::intersection)),
        reading("zdiff", "6.2.0", DIFFERENCE_COST, "Subtract multiple sorted sets")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> reply(call, false, ZSetAlgebra::difference)),
        reading(
                "zintercard",
                "7.0.0",
                "O(N*K) worst case with N being the smallest input sorted set, K being the number"
                    + " of input sorted sets.",
                "Intersect multiple sorted sets and return the cardinality of the result")
            .onCells(ZSetAlgebraCommands::zintercard),
        storing("zunionstore", "2.0.0", UNION_COST, "Add multiple sorted sets")
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> store(call, true, ZSetAlgebra::union)),
        storing("zinterstore", "2.0.0", INTERSECTION_COST, "Intersect multiple sorted sets")
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> store(call, true, ZSetAlgebra::intersection)),
        storing("zdiffstore", "6.2.0", DIFFERENCE_COST, "Subtract multiple sorted sets")
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> store(call, false, ZSetAlgebra::difference)));
  }

  private static Row reading(String name, String since, String cost, String summary) {
    return new Row(name, -3, Group.SORTED_SET, since, cost, summary)
        .flags(READONLY)
        .countedKeys(1)
        .converges(Convergence.READ);
  }

  private static Row storing(String name, String since, String cost, String summary) {
    return new Row(name, -4, Group.SORTED_SET, since, cost, summary + STORED)
        .flags(WRITE, DENYOOM)
        .key()
        .countedKeys(2)
        .refused(StringCommands.NEEDS_ORDER);
  }

  private static void reply(
      Call call, boolean weighs, Function<ZSetAlgebra, MemberList> operation) {
    Words words = new Words(call, 1, weighs, true);
    if (words.parse()) {
      operation.apply(words.algebra).reply(call, MemberReply.Form.of(call, words.scores));
    }
  }

  private static void store(
      Call call, boolean weighs, Function<ZSetAlgebra, MemberList> operation) {
    Words words = new Words(call, 2, weighs, false);
    if (words.parse()) {
      MemberList result = operation.apply(words.algebra);
      result.store(call, 1);
      call.reply().integer(result.size());
    }
  }

  private static void zintercard(Call call) {
    Words words = new Words(call, 1, false, false);
    if (!words.parseSources()) {
      return;
    }
    long limit = call.parseLimit(words.next);
    if (limit >= 0) {
      call.reply().integer(words.algebra.intersectionCount(limit));
    }
  }

  /** How many sources there are, which, and the options after them. */
  private static final class Words {
    private final Call call;
    private final Args args;
    private final int counted;
    private final boolean weighs;
    private final boolean replies;
    private int count;
    private int next;
    ZSetAlgebra algebra;
    boolean scores;

    /**
     * @param counted number of the word that says how many sources there are
     * @param weighs whether there may be weights, and what becomes of several scores
     * @param replies whether the scores may be asked for
     */
    Words(Call call, int counted, boolean weighs, boolean replies) {
      this.call = call;
      this.args = call.args();
      this.counted = counted;
      this.weighs = weighs;
      this.replies = replies;
    }

    /** False when the reply is an error, as of the methods below. */
    boolean parse() {
      if (!parseSources()) {
        return false;
      }
      while (next < args.count()) {
        if (!parseOption()) {
          return false;
        }
      }
      return true;
    }

    boolean parseSources() {
      if (!call.parseLong(counted)) {
        return false;
      }
      long parsed = args.parsed();
      if (parsed < 1) {
        call.reply()
            .error(
                "ERR at least 1 input key is needed for '" + call.command().name() + "' command");
        return false;
      }
      if (parsed > args.count() - counted - 1) {
        return refuse(Errors.SYNTAX);
      }
      count = (int) parsed;
      algebra = new ZSetAlgebra(call, counted + 1, count);
      next = counted + 1 + count;
      return true;
    }

    private boolean refuse(String error) {
      call.reply().error(error);
      return false;
    }

    private boolean parseOption() {
      int left = args.count() - next;
      if (weighs && left > count && args.isWord(next, "WEIGHTS")) {
        return parseWeights();
      }
      if (weighs && left > 1 && args.isWord(next, "AGGREGATE")) {
        return parseAggregate();
      }
      if (replies && args.isWord(next, "WITHSCORES")) {
        scores = true;
        next++;
        return true;
      }
      return refuse(Errors.SYNTAX);
    }

    private boolean parseWeights() {
      for (int i = 0; i < count; i++) {
        double weight = ZAdd.score(args, next + 1 + i);
        if (Double.isNaN(weight)) {
          return refuse("ERR weight value is not a float");
        }
        algebra.setWeight(i, weight);
      }
      next += 1 + count;
      return true;
    }

    private boolean parseAggregate() {
      for (Aggregate aggregate : Aggregate.values()) {
        if (args.isWord(next + 1, aggregate.name())) {
          algebra.setAggregate(aggregate);
          next += 2;
          return true;
        }
      }
      return refuse(Errors.SYNTAX);
    }
  }
}
