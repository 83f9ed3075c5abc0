package io.trefoil.command;

import io.trefoil.base.Invariants;
import io.trefoil.resp.Args;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * One row of the command table. Immutable; made by {@link Row}.
 *
 * <p>A container such as {@code CLIENT} has rows of its own for its sub-commands, named {@code
 * client|list}.
 */
public final class Command {
  private static final ToIntFunction<Args> NO_FURTHER_KEY = args -> 0;
  private static final Handler NONE =
      call -> Invariants.check(false, call.command().name() + " has no handler");

  private final String name;
  private final int arity;
  private final Group group;
  private final String since;
  private final String complexity;
  private final String summary;
  private final Set<Flag> flags;
  private final Set<String> categories;
  private final int firstKey;
  private final int lastKey;
  private final int keyStep;
  private final int countWord;
  private final ToIntFunction<Args> furtherKey;
  private final Meaning meaning;
  private final Convergence convergence;
  private final Set<Difference> differences;
  private final String reason;
  private final String reasonWithLeader;
  private final Predicate<Args> refusedForm;
  private final String refusedFormText;
  private final boolean whileListening;
  private final Runs runs;
  private final Reach reach;
  private final Scatter scatter;
  private final Handler handler;
  private final boolean queued;
  private final Blocking blocking;
  private final Map<String, Command> subcommands;

  private Command(Row row) {
    name = row.name;
    arity = row.arity;
    group = row.group;
    since = row.since;
    complexity = row.complexity;
    summary = row.summary;
    flags = Collections.unmodifiableSet(row.flags);
    categories = Collections.unmodifiableSet(row.categories);
    firstKey = row.firstKey;
    lastKey = row.lastKey;
    keyStep = row.keyStep;
    countWord = row.countWord;
    furtherKey = row.furtherKey;
    meaning = row.meaning;
    convergence = row.convergence;
    differences = Collections.unmodifiableSet(row.differences);
    reason = row.reason;
    reasonWithLeader = row.reasonWithLeader;
    refusedForm = row.refusedForm;
    refusedFormText = row.refusedFormText;
    whileListening = row.whileListening;
    runs = row.runs;
    reach = row.reach;
    scatter = row.scatter;
    handler = row.handler;
    queued = row.queued;
    blocking = row.blocking;
    subcommands = Collections.unmodifiableMap(row.subcommands);
  }

  /** In small letters; that of a sub-command is {@code container|name}. */
  public String name() {
    return name;
  }

  /** As people write it: {@code CLIENT LIST}. */
  public String upperName() {
    return name.replace('|', ' ').toUpperCase(Locale.ROOT);
  }

  /** How many words a command has, its name included; if negative, at least so many. */
  public int arity() {
    return arity;
  }

  /** Whether {@code count} words, the name included, are a right number of them. */
  public boolean takes(int count) {
    return arity >= 0 ? count == arity : count >= -arity;
  }

  public Group group() {
    return group;
  }

  /** The version of Redis that has it first, or of Trefoil for its own. */
  public String since() {
    return since;
  }

  public String complexity() {
    return complexity;
  }

  public String summary() {
    return summary;
  }

  /** In the order that Redis lists them. */
  public Set<Flag> flags() {
    return flags;
  }

  public boolean has(Flag flag) {
    return flags.contains(flag);
  }

  /** Redis's ACL categories, without the at sign before them. */
  public Set<String> categories() {
    return categories;
  }

  /** Index of the first key among the words, or 0 when the command has no keys. */
  public int firstKey() {
    return firstKey;
  }

  /** Index of the last key among the words; negative ones count from the last word, -1. */
  public int lastKey() {
    return lastKey;
  }

  /** How far apart two keys are among the words. */
  public int keyStep() {
    return keyStep;
  }

  /** How many keys a command has; those that it counts itself are 0 when its count is wrong. */
  public int keyCount(Args args) {
    int fixed = fixedKeys(args);
    if (countWord > 0) {
      return fixed + countedKeys(args);
    }
    return furtherKey.applyAsInt(args) > 0 ? fixed + 1 : fixed;
  }

  /** Whether it can have more keys than one. */
  boolean mayHaveSeveralKeys() {
    return countWord > 0 || furtherKey != NO_FURTHER_KEY || firstKey != lastKey;
  }

  /** Whether it counts keys itself, and its count is wrong. */
  boolean miscounts(Args args) {
    return countWord > 0 && countedKeys(args) == 0;
  }

  private int fixedKeys(Args args) {
    if (firstKey == 0) {
      return 0;
    }
    int last = lastKey < 0 ? args.count() + lastKey : lastKey;
    return last < firstKey ? 0 : (last - firstKey) / keyStep + 1;
  }

  private int countedKeys(Args args) {
    if (countWord >= args.count() || !args.parseLong(countWord)) {
      return 0;
    }
    long count = args.parsed();
    return count < 1 || count > args.count() - countWord - 1 ? 0 : (int) count;
  }

  /** Which word key {@code number} of {@link #keyCount} is, from 0. */
  public int keyIndex(Args args, int number) {
    if (countWord == 0) {
      return number < fixedKeys(args) ? firstKey + number * keyStep : furtherKey.applyAsInt(args);
    }
    int fixed = firstKey == 0 ? 0 : 1;
    return number < fixed ? firstKey : countWord + 1 + number - fixed;
  }

  /** Whether it has keys at all; shard channels are where keys are, and are none. */
  public boolean hasKeys() {
    return reach == Reach.KEYS;
  }

  /** What it means on an algorithm, in its plain form. */
  public Meaning meaning(Algorithm algorithm) {
    if (algorithm == Algorithm.SINGLE_LEADER) {
      return reasonWithLeader.isEmpty() ? Meaning.SAME : Meaning.REFUSED;
    }
    return meaning;
  }

  /** What concurrent uses come to where writes have no single order, if it converges there. */
  public Optional<Convergence> convergence() {
    return Optional.ofNullable(convergence);
  }

  /** What it does otherwise than Redis 7.0. */
  public Set<Difference> differences() {
    return differences;
  }

  /** Why it, or its {@link #refusedForm form}, is refused without a single order of writes. */
  public String reason() {
    return reason;
  }

  /** Why it is refused where one leader orders all writes; empty when it is not. */
  public String reasonWithLeader() {
    return reasonWithLeader;
  }

  /** The options with which a command that else converges is refused, for the documentation. */
  public String refusedForm() {
    return refusedFormText;
  }

  /**
   * Why a command can't run on a database, as an error for the client, or empty when it can.
   *
   * @param database the database's name
   */
  public Optional<String> refusal(Algorithm algorithm, Args args, String database) {
    if (algorithm == Algorithm.SINGLE_LEADER) {
      return reasonWithLeader.isEmpty()
          ? Optional.empty()
          : Optional.of(unsupported(reasonWithLeader, algorithm, database));
    }
    boolean form = meaning != Meaning.REFUSED && refusedForm.test(args);
    if (meaning != Meaning.REFUSED && !form) {
      return Optional.empty();
    }
    String why = form ? "with " + refusedFormText + " " + reason : reason;
    return Optional.of(unsupported(why, algorithm, database));
  }

  private String unsupported(String why, Algorithm algorithm, String database) {
    return String.format(
        "UNSUPPORTED %s %s; database '%s' is %s", upperName(), why, database, algorithm);
  }

  /** Whether a client may run it that {@link Session#listensOnly listens only}. */
  boolean runsWhileListening() {
    return whileListening;
  }

  public Runs runs() {
    return runs;
  }

  public Reach reach() {
    return reach;
  }

  /** Whether it is about whole partitions rather than keys. */
  public boolean wholePartition() {
    return reach == Reach.DATABASE || reach == Reach.ALL_DATABASES;
  }

  public Scatter scatter() {
    return scatter;
  }

  Handler handler() {
    return handler;
  }

  /** Whether it is queued after {@code MULTI}; else it runs at once also then. */
  public boolean isQueued() {
    return queued;
  }

  /** How it waits when it finds nothing; null when it does not. */
  public Blocking blocking() {
    return blocking;
  }

  /** The rows of its sub-commands by their last name in small letters, in the table's order. */
  public Map<String, Command> subcommands() {
    return subcommands;
  }

  @Override
  public String toString() {
    return name;
  }

  /** Builds a row; every row says where it runs. */
  static final class Row {
    private final String name;
    private final int arity;
    private final Group group;
    private final String since;
    private final String complexity;
    private final String summary;
    private final Set<Flag> flags = EnumSet.noneOf(Flag.class);
    private final Set<String> categories = new TreeSet<>();
    private final Set<String> otherCategories = new TreeSet<>();
    private int firstKey;
    private int lastKey;
    private int keyStep;
    private int countWord;
    private ToIntFunction<Args> furtherKey = NO_FURTHER_KEY;
    private Meaning meaning = Meaning.SAME;
    private Convergence convergence;
    private final Set<Difference> differences = EnumSet.noneOf(Difference.class);
    private String reason = "";
    private String reasonWithLeader = "";
    private Predicate<Args> refusedForm = args -> false;
    private String refusedFormText = "";
    private boolean whileListening;
    private Runs runs;
    private Reach reach = Reach.NOTHING;
    private Scatter scatter = Scatter.NONE;
    private Handler handler = NONE;
    private boolean queued = true;
    private Blocking blocking;
    private final Map<String, Command> subcommands = new LinkedHashMap<>();

    Row(String name, int arity, Group group, String since, String complexity, String summary) {
      this.name = name;
      this.arity = arity;
      this.group = group;
      this.since = since;
      this.complexity = complexity;
      this.summary = summary;
    }

    Row flags(Flag... added) {
      flags.addAll(Arrays.asList(added));
      return this;
    }

    /** ACL categories that neither the flags nor the group imply. */
    Row categories(String... added) {
      categories.addAll(Arrays.asList(added));
      return this;
    }

    /** ACL categories that it is not in, though its flags or its group imply them. */
    Row notCategories(String... others) {
      otherCategories.addAll(Arrays.asList(others));
      return this;
    }

    /** One key, the first argument. */
    Row key() {
      return keys(1, 1, 1);
    }

    Row keys(int first, int last, int step) {
      firstKey = first;
      lastKey = last;
      keyStep = step;
      reach = Reach.KEYS;
      return this;
    }

    /**
     * Keys that the command counts: their number is word {@code count}, and they follow it. If
     * there is a {@link #key()}, too, it comes first.
     */
    Row countedKeys(int count) {
      countWord = count;
      reach = Reach.KEYS;
      return flags(Flag.MOVABLEKEYS);
    }

    /**
     * One key more than the {@link #keys}, after them, which the command has with some options.
     *
     * @param word which word it is; 0 when there is none
     */
    Row furtherKey(ToIntFunction<Args> word) {
      furtherKey = word;
      return flags(Flag.MOVABLEKEYS);
    }

    Row reach(Reach newReach) {
      reach = newReach;
      return this;
    }

    Row scatter(Scatter newScatter) {
      scatter = newScatter;
      return this;
    }

    Row converges(Convergence kind) {
      meaning = Meaning.CONVERGES;
      convergence = kind;
      return this;
    }

    /** Does something otherwise than Redis 7.0. */
    Row differs(Difference... added) {
      differences.addAll(Arrays.asList(added));
      return this;
    }

    /** Refused where writes have no single order. */
    Row refused(String why) {
      meaning = Meaning.REFUSED;
      reason = why;
      return this;
    }

    /** Refused where one leader orders all writes: there is nothing to converge. */
    Row refusedWithLeader(String why) {
      reasonWithLeader = why;
      return this;
    }

    /** Converges, but for some options: with them it is refused. */
    Row convergesUnless(Predicate<Args> form, String formText, String why, Convergence kind) {
      converges(kind);
      refusedForm = form;
      refusedFormText = formText;
      reason = why;
      return this;
    }

    /** Clients may run it that {@link Session#listensOnly listen only}. */
    Row whileListening() {
      whileListening = true;
      return this;
    }

    /** Runs at once also after {@code MULTI}. */
    Row neverQueued() {
      queued = false;
      return this;
    }

    /** Waits when it finds nothing. */
    Row blocks(Blocking how) {
      blocking = how;
      return flags(Flag.BLOCKING);
    }

    /** A command that is nothing without one of its sub-commands. */
    Command container(List<Command> commands) {
      return subcommands(commands).build(Runs.ON_CONNECTION, NONE);
    }

    Row subcommands(List<Command> commands) {
      for (Command command : commands) {
        int bar = command.name.indexOf('|');
        Invariants.check(command.name.startsWith(name + "|"), command.name + " isn't of " + name);
        subcommands.put(command.name.substring(bar + 1), command);
      }
      return this;
    }

    Command onCells(Handler newHandler) {
      Invariants.check(reach != Reach.NOTHING, name + " runs on cells but reaches none");
      Invariants.check(meaning != Meaning.SAME, name + " must say what it means without an order");
      Invariants.check(
          (meaning == Meaning.CONVERGES) == (convergence != null),
          name + " must say what concurrent uses come to if it converges, and only then");
      return build(Runs.ON_CELLS, newHandler);
    }

    Command onConnection(Handler newHandler) {
      return build(Runs.ON_CONNECTION, newHandler);
    }

    Command onNode() {
      return build(Runs.ON_NODE, NONE);
    }

    private Command build(Runs where, Handler newHandler) {
      runs = where;
      handler = newHandler;
      // As in Redis, a container is in no category but slow.
      if (newHandler != NONE || where == Runs.ON_NODE) {
        implyCategories();
      }
      categories.add(flags.contains(Flag.FAST) ? "fast" : "slow");
      return new Command(this);
    }

    private void implyCategories() {
      imply(flags.contains(Flag.WRITE), "write");
      imply(flags.contains(Flag.READONLY), "read");
      imply(flags.contains(Flag.PUBSUB), "pubsub");
      imply(flags.contains(Flag.BLOCKING), "blocking");
      imply(flags.contains(Flag.ADMIN), "admin", "dangerous");
      imply(group == Group.GENERIC && runs == Runs.ON_CELLS, "keyspace");
      imply(group == Group.STRING, "string");
      imply(group == Group.BITMAP, "bitmap");
      imply(group == Group.HASH, "hash");
      imply(group == Group.SET, "set");
      imply(group == Group.LIST, "list");
      imply(group == Group.SORTED_SET, "sortedset");
      imply(group == Group.CONNECTION, "connection");
      imply(group == Group.TRANSACTIONS, "transaction");
    }

    private void imply(boolean holds, String... implied) {
      if (holds) {
        categories(implied);
        categories.removeAll(otherCategories);
      }
    }
  }
}
