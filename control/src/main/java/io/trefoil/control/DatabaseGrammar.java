package io.trefoil.control;

import static io.trefoil.control.Words.didYouMean;
import static io.trefoil.control.Words.oneOf;
import static io.trefoil.control.Words.upper;

import io.trefoil.control.Words.Wrong;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Parses the words after {@code DATABASE}, for the Redis protocol and the command line alike: one
 * grammar, two doors. Words are separate arguments, keywords in any case. Pure.
 */
public final class DatabaseGrammar {
  /** What HELP answers, a line each. */
  public static final List<String> HELP =
      List.of(
          "DATABASE CREATE name [NUMBER n] [REPLICATION SINGLE-LEADER|LEADERLESS|MULTI-LEADER]",
          "    [REPLICAS n] [PARTITIONS p] [DURABILITY OS|FSYNC] [WRITE-TIMEOUT ms]",
          "  single-leader: [COMMIT ASYNC|SEMI-SYNC k|MAJORITY|SYNC] [FAILOVER SAFE|AVAILABLE]",
          "                 [READS LINEARIZABLE|SESSION|BOUNDED ms|EVENTUAL]",
          "  leaderless:    [R r] [W w] [SLOPPY YES|NO] [CONFLICT LWW|SIBLINGS]",
          "  multi-leader:  REGIONS count region... [TOPOLOGY ALL-TO-ALL|RING|STAR hub]",
          "                 [CONFLICT ...] and single-leader's (REPLICAS per region)",
          "DATABASE ALTER name option...",
          "  multi-leader:  [REGIONS count region... [FORCE]] [TOPOLOGY ...] [CONFLICT ...]",
          "                 in all regions at once; FORCE: though one to be removed is away",
          "  single-leader: REPLICATION MULTI-LEADER REGIONS count region...; back when the others",
          "                 are removed: REPLICATION SINGLE-LEADER",
          "DATABASE MOVE name [PARTITION p] FROM node TO node",
          "DATABASE DROP name",
          "DATABASE LIST",
          "DATABASE INFO name",
          "DATABASE VERIFY name",
          "DATABASE HELP");

  private static final List<String> STATEMENTS =
      List.of("CREATE", "ALTER", "MOVE", "DROP", "LIST", "INFO", "VERIFY", "HELP");

  /** What SWITCHOVER HELP answers, a line each. */
  public static final List<String> SWITCHOVER_HELP =
      List.of(
          "SWITCHOVER database [PARTITION p] TO node",
          "    Hand the database's partitions to a node, and have it lead them by preference.",
          "SWITCHOVER FROM node",
          "    Hand all that a node leads to others, until its process starts again.",
          "SWITCHOVER TO node",
          "    Have a node lead again what it leads by preference.",
          "SWITCHOVER HELP");

  private static final List<String> REPLICATIONS =
      List.of("SINGLE-LEADER", "LEADERLESS", "MULTI-LEADER");

  /** The highest number that a database can be given. */
  private static final int MAX_NUMBER = 9999;

  private static final int MAX_BOUND_MILLIS = 3_600_000;

  /** Options with the algorithms that have them; empty for all. */
  private static final Map<String, List<String>> OPTIONS = options();

  private final Words words;

  private Integer number;
  private Replication replication;
  private Integer replicas;
  private Integer partitions;
  private CommitRule commit;
  private Durability durability;
  private Integer writeTimeoutMillis;
  private Reads reads;
  private FailoverRule failover;
  private Integer readQuorum;
  private Integer writeQuorum;
  private Boolean sloppy;
  private Conflict conflict;
  private List<String> regions;
  private Topology topology;
  private boolean force;
  private final List<String> seen = new ArrayList<>();

  private DatabaseGrammar(Words words) {
    this.words = words;
  }

  /**
   * Parses the words that follow {@code DATABASE}. What only the cluster can judge, such as whether
   * there are nodes enough, is judged when the command is applied.
   */
  public static DatabaseStatement parse(List<String> words) {
    if (words.isEmpty()) {
      return new DatabaseStatement.Invalid("ERR DATABASE: " + oneOf(STATEMENTS) + " is missing");
    }
    String first = upper(words.get(0));
    if (!STATEMENTS.contains(first)) {
      return new DatabaseStatement.Invalid(
          "ERR DATABASE: unknown word "
              + Names.quoted(words.get(0))
              + didYouMean(first, STATEMENTS));
    }
    Words rest = new Words("ERR DATABASE " + first + ": ", words, 1);
    try {
      return new DatabaseGrammar(rest).statement(first);
    } catch (Wrong wrong) {
      return new DatabaseStatement.Invalid(wrong.getMessage());
    }
  }

  private DatabaseStatement statement(String first) throws Wrong {
    return switch (first) {
      case "CREATE" -> {
        String name = newName();
        yield new DatabaseStatement.Create(name, options(true));
      }
      case "ALTER" -> {
        String name = words.next("a name");
        DatabaseOptions options = options(false);
        yield new DatabaseStatement.Alter(name, options, force);
      }
      case "MOVE" -> {
        String name = words.next("a name");
        Integer partition = partition(words);
        words.expect("FROM");
        String from = words.next("the node after FROM");
        words.expect("TO");
        String to = words.next("the node after TO");
        words.expectEnd();
        yield new DatabaseStatement.Move(name, partition, from, to);
      }
      case "DROP" -> new DatabaseStatement.Drop(onlyName());
      case "INFO" -> new DatabaseStatement.Info(onlyName());
      case "VERIFY" -> new DatabaseStatement.Verify(onlyName());
      case "LIST" -> {
        words.expectEnd();
        yield new DatabaseStatement.ListAll();
      }
      default -> {
        words.expectEnd();
        yield new DatabaseStatement.Help();
      }
    };
  }

  /** Parses the words that follow {@code SWITCHOVER}. */
  public static DatabaseStatement parseSwitchover(List<String> words) {
    Words rest = new Words("ERR SWITCHOVER: ", words, 0);
    try {
      String first = rest.next("a database, FROM or TO");
      if (upper(first).equals("HELP")) {
        rest.expectEnd();
        return new DatabaseStatement.Help();
      }
      // A database may be called 'from': it is, when more follows than a node's name.
      boolean ofNode =
          words.size() == 2 && (upper(first).equals("FROM") || upper(first).equals("TO"));
      if (ofNode) {
        return new DatabaseStatement.Drain(rest.next("the node"), upper(first).equals("FROM"));
      }
      Integer partition = partition(rest);
      rest.expect("TO");
      String node = rest.next("the node after TO");
      rest.expectEnd();
      return new DatabaseStatement.SwitchOver(first, partition, node);
    } catch (Wrong wrong) {
      return new DatabaseStatement.Invalid(wrong.getMessage());
    }
  }

  /** The number after PARTITION, or null when that word does not come. */
  private static Integer partition(Words words) throws Wrong {
    if (!words.peeked().equals("PARTITION")) {
      return null;
    }
    words.expect("PARTITION");
    return words.number("PARTITION", 0, DatabaseSettings.MAX_PARTITIONS - 1);
  }

  /**
   * Parses options alone, as a configuration file has them for database 0.
   *
   * @return the options, or the error that a client would get
   */
  public static DatabaseStatement parseOptions(List<String> words) {
    Words all = new Words("ERR DATABASE CREATE: ", words, 0);
    try {
      return new DatabaseStatement.Alter("0", new DatabaseGrammar(all).options(true), false);
    } catch (Wrong wrong) {
      return new DatabaseStatement.Invalid(wrong.getMessage());
    }
  }

  // Names.

  private String newName() throws Wrong {
    String name = words.next("a name");
    Optional<String> bad = Names.whyNotDatabase(name);
    if (bad.isPresent()) {
      throw words.wrong(bad.get());
    }
    return name;
  }

  private String onlyName() throws Wrong {
    String name = words.next("a name");
    words.expectEnd();
    return name;
  }

  // Options.

  private DatabaseOptions options(boolean creating) throws Wrong {
    if (!creating && words.isAtEnd()) {
      throw words.wrong("an option is missing");
    }
    while (!words.isAtEnd()) {
      if (!creating && words.peeked().equals("FORCE")) {
        force(words.next("FORCE"));
      } else {
        option(words.next("an option"));
      }
    }
    checkAlgorithm(creating);
    return new DatabaseOptions(
        number,
        replication,
        replicas,
        partitions,
        commit,
        durability,
        writeTimeoutMillis,
        reads,
        failover,
        readQuorum,
        writeQuorum,
        sloppy,
        conflict,
        regions,
        topology);
  }

  private void force(String word) throws Wrong {
    if (regions == null) {
      throw words.wrong(word + " is for REGIONS, and follows them");
    }
    force = true;
  }

  private void option(String word) throws Wrong {
    String option = upper(word);
    if (!OPTIONS.containsKey(option)) {
      throw words.wrong(
          "unknown option " + Names.quoted(word) + didYouMean(option, OPTIONS.keySet()));
    }
    if (seen.contains(option)) {
      throw words.wrong(option + " is given twice");
    }
    seen.add(option);
    switch (option) {
      case "NUMBER" -> number = words.number(option, 1, MAX_NUMBER);
      case "REPLICATION" ->
          replication =
              Replication.valueOf(words.word(option, REPLICATIONS, REPLICATIONS).replace('-', '_'));
      case "REPLICAS" -> replicas = words.number(option, 1, DatabaseSettings.MAX_REPLICAS);
      case "PARTITIONS" -> partitions = words.number(option, 1, DatabaseSettings.MAX_PARTITIONS);
      case "DURABILITY" -> durability = Durability.valueOf(words.word(option, "OS", "FSYNC"));
      case "WRITE-TIMEOUT" ->
          writeTimeoutMillis = words.number(option, 1, DatabaseSettings.MAX_WRITE_TIMEOUT_MILLIS);
      case "READS" -> reads = reads();
      case "COMMIT" -> commit = commit();
      case "FAILOVER" -> failover = FailoverRule.valueOf(words.word(option, "SAFE", "AVAILABLE"));
      case "R" -> readQuorum = words.number(option, 1, DatabaseSettings.MAX_REPLICAS);
      case "W" -> writeQuorum = words.number(option, 1, DatabaseSettings.MAX_REPLICAS);
      case "SLOPPY" -> sloppy = words.word(option, "YES", "NO").equals("YES");
      case "CONFLICT" -> conflict = Conflict.valueOf(words.word(option, "LWW", "SIBLINGS"));
      case "REGIONS" -> regions = regions();
      default -> topology = topology();
    }
  }

  private Reads reads() throws Wrong {
    List<String> shown = List.of("LINEARIZABLE", "SESSION", "BOUNDED ms", "EVENTUAL");
    String level =
        words.word("READS", List.of("LINEARIZABLE", "SESSION", "BOUNDED", "EVENTUAL"), shown);
    return level.equals("BOUNDED")
        ? Reads.bounded(words.number("READS BOUNDED", 1, MAX_BOUND_MILLIS))
        : new Reads(Reads.Level.valueOf(level), 0);
  }

  private CommitRule commit() throws Wrong {
    List<String> shown = List.of("ASYNC", "SEMI-SYNC k", "MAJORITY", "SYNC");
    String kind = words.word("COMMIT", List.of("ASYNC", "SEMI-SYNC", "MAJORITY", "SYNC"), shown);
    return kind.equals("SEMI-SYNC")
        ? CommitRule.semiSync(
            words.number("COMMIT SEMI-SYNC", 1, DatabaseSettings.MAX_REPLICAS - 1))
        : new CommitRule(CommitRule.Kind.valueOf(kind), 0);
  }

  /** As many names as are said to come. */
  private List<String> regions() throws Wrong {
    int count = words.number("REGIONS", 1, Regions.MAX);
    List<String> names = new ArrayList<>();
    while (names.size() < count) {
      String which = "region " + (names.size() + 1) + " of " + count;
      // Else one name too few would make a region of the option that follows.
      if (isOptionOf(Replication.MULTI_LEADER, words.peeked())) {
        throw words.wrong(which + " is missing, found " + words.peeked());
      }
      names.add(regionName(which));
    }
    return names;
  }

  private String regionName(String which) throws Wrong {
    String name = words.next(which);
    Optional<String> bad = Names.whyNotRegion(name);
    if (bad.isPresent()) {
      throw words.wrong(bad.get());
    }
    return name;
  }

  private Topology topology() throws Wrong {
    List<String> shown = List.of("ALL-TO-ALL", "RING", "STAR hub");
    return switch (words.word("TOPOLOGY", List.of("ALL-TO-ALL", "RING", "STAR"), shown)) {
      case "STAR" -> Topology.star(regionName("the hub of STAR"));
      case "RING" -> Topology.RING;
      default -> Topology.ALL_TO_ALL;
    };
  }

  private void checkAlgorithm(boolean creating) throws Wrong {
    if (!creating && replication == null) {
      return; // what the database is, and so which options it has, is known where it is altered
    }
    Replication algorithm = replication == null ? Replication.SINGLE_LEADER : replication;
    Optional<String> other = whyNotOf(algorithm, seen);
    if (other.isPresent()) {
      throw words.wrong(other.get());
    }
    if (creating && algorithm == Replication.MULTI_LEADER) {
      Optional<String> bad = RegionRules.whyNotRegions(regions, topology);
      if (bad.isPresent()) {
        throw words.wrong(bad.get());
      }
    }
  }

  /** Why not all of these are options of a database that is replicated in this way. */
  static Optional<String> whyNotOf(Replication algorithm, Collection<String> options) {
    for (String option : options) {
      List<String> algorithms = OPTIONS.get(option);
      if (!isOptionOf(algorithm, option)) {
        boolean isSaidWithR = option.equals("READS") && algorithm == Replication.LEADERLESS;
        return Optional.of(
            option
                + " is an option of "
                + oneOf(algorithms)
                + ", the database is "
                + algorithm
                + (isSaidWithR ? "; how many replicas its reads ask is said with R" : ""));
      }
    }
    return Optional.empty();
  }

  private static boolean isOptionOf(Replication algorithm, String word) {
    List<String> algorithms = OPTIONS.get(word);
    return algorithms != null
        && (algorithms.isEmpty() || algorithms.contains(algorithm.toString()));
  }

  private static Map<String, List<String>> options() {
    List<String> all = List.of();
    List<String> led = List.of("SINGLE-LEADER", "MULTI-LEADER");
    List<String> leaderless = List.of("LEADERLESS");
    List<String> multi = List.of("MULTI-LEADER");
    Map<String, List<String>> options = new LinkedHashMap<>();
    options.put("NUMBER", all);
    options.put("REPLICATION", all);
    options.put("REPLICAS", all);
    options.put("PARTITIONS", all);
    options.put("DURABILITY", all);
    options.put("WRITE-TIMEOUT", all);
    options.put("READS", led);
    options.put("COMMIT", led);
    options.put("FAILOVER", led);
    options.put("R", leaderless);
    options.put("W", leaderless);
    options.put("SLOPPY", leaderless);
    options.put("CONFLICT", List.of("LEADERLESS", "MULTI-LEADER"));
    options.put("REGIONS", multi);
    options.put("TOPOLOGY", multi);
    return options;
  }
}
