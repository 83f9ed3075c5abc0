package io.trefoil.control;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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

  /** The algorithms that databases can be created with. The cluster's state may know more. */
  static final List<Replication> OFFERED =
      List.of(Replication.SINGLE_LEADER, Replication.LEADERLESS);

  private static final List<String> REPLICATIONS =
      List.of("SINGLE-LEADER", "LEADERLESS", "MULTI-LEADER");

  /** The highest number that a database can be given. */
  private static final int MAX_NUMBER = 9999;

  private static final int MAX_REGIONS = 16;
  private static final int MAX_BOUND_MILLIS = 3_600_000;
  private static final int DAMERAU_LIMIT = 2;

  /** Options with the algorithms that have them; empty for all. */
  private static final Map<String, List<String>> OPTIONS = options();

  private final String what;
  private final List<String> words;
  private final List<Replication> offered;
  private int at;

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
  private final List<String> seen = new ArrayList<>();

  private DatabaseGrammar(String what, List<String> words, int at, List<Replication> offered) {
    this.what = what;
    this.words = words;
    this.at = at;
    this.offered = offered;
  }

  /**
   * Parses the words that follow {@code DATABASE}. What only the cluster can judge, such as whether
   * there are nodes enough, is judged when the command is applied.
   */
  public static DatabaseStatement parse(List<String> words) {
    return parse(words, OFFERED);
  }

  /** The same, with other algorithms on offer. */
  static DatabaseStatement parse(List<String> words, List<Replication> offered) {
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
    try {
      return statement(
          first, new DatabaseGrammar("ERR DATABASE " + first + ": ", words, 1, offered));
    } catch (Wrong wrong) {
      return new DatabaseStatement.Invalid(wrong.getMessage());
    }
  }

  private static DatabaseStatement statement(String first, DatabaseGrammar grammar) throws Wrong {
    return switch (first) {
      case "CREATE" -> {
        String name = grammar.newName();
        yield new DatabaseStatement.Create(name, grammar.options(true));
      }
      case "ALTER" -> {
        String name = grammar.next("a name");
        yield new DatabaseStatement.Alter(name, grammar.options(false));
      }
      case "MOVE" -> {
        String name = grammar.next("a name");
        Integer partition = grammar.partition();
        grammar.expect("FROM");
        String from = grammar.next("the node after FROM");
        grammar.expect("TO");
        String to = grammar.next("the node after TO");
        grammar.expectEnd();
        yield new DatabaseStatement.Move(name, partition, from, to);
      }
      case "DROP" -> new DatabaseStatement.Drop(grammar.onlyName());
      case "INFO" -> new DatabaseStatement.Info(grammar.onlyName());
      case "VERIFY" -> new DatabaseStatement.Verify(grammar.onlyName());
      case "LIST" -> {
        grammar.expectEnd();
        yield new DatabaseStatement.ListAll();
      }
      default -> {
        grammar.expectEnd();
        yield new DatabaseStatement.Help();
      }
    };
  }

  /** Parses the words that follow {@code SWITCHOVER}. */
  public static DatabaseStatement parseSwitchover(List<String> words) {
    DatabaseGrammar grammar = new DatabaseGrammar("ERR SWITCHOVER: ", words, 0, OFFERED);
    try {
      String first = grammar.next("a database, FROM or TO");
      if (upper(first).equals("HELP")) {
        grammar.expectEnd();
        return new DatabaseStatement.Help();
      }
      // A database may be called 'from': it is, when more follows than a node's name.
      boolean ofNode =
          words.size() == 2 && (upper(first).equals("FROM") || upper(first).equals("TO"));
      if (ofNode) {
        return new DatabaseStatement.Drain(grammar.next("the node"), upper(first).equals("FROM"));
      }
      Integer partition = grammar.partition();
      grammar.expect("TO");
      String node = grammar.next("the node after TO");
      grammar.expectEnd();
      return new DatabaseStatement.SwitchOver(first, partition, node);
    } catch (Wrong wrong) {
      return new DatabaseStatement.Invalid(wrong.getMessage());
    }
  }

  /** The number after PARTITION, or null when that word does not come. */
  private Integer partition() throws Wrong {
    if (at == words.size() || !upper(words.get(at)).equals("PARTITION")) {
      return null;
    }
    at++;
    return number("PARTITION", 0, DatabaseSettings.MAX_PARTITIONS - 1);
  }

  private void expect(String word) throws Wrong {
    String found = next(word);
    if (!upper(found).equals(word)) {
      throw wrong("expected " + word + ", found " + Names.quoted(found));
    }
  }

  /**
   * Parses options alone, as a configuration file has them for database 0.
   *
   * @return the options, or the error that a client would get
   */
  public static DatabaseStatement parseOptions(List<String> words) {
    return parseOptions(words, OFFERED);
  }

  static DatabaseStatement parseOptions(List<String> words, List<Replication> offered) {
    try {
      return new DatabaseStatement.Alter(
          "0", new DatabaseGrammar("ERR DATABASE CREATE: ", words, 0, offered).options(true));
    } catch (Wrong wrong) {
      return new DatabaseStatement.Invalid(wrong.getMessage());
    }
  }

  // Names.

  private String newName() throws Wrong {
    String name = next("a name");
    Optional<String> bad = Names.whyNotDatabase(name);
    if (bad.isPresent()) {
      throw wrong(bad.get());
    }
    return name;
  }

  private String onlyName() throws Wrong {
    String name = next("a name");
    expectEnd();
    return name;
  }

  private void expectEnd() throws Wrong {
    if (at < words.size()) {
      throw wrong("nothing may follow, found " + Names.quoted(words.get(at)));
    }
  }

  // Options.

  private DatabaseOptions options(boolean creating) throws Wrong {
    if (!creating && at == words.size()) {
      throw wrong("an option is missing");
    }
    while (at < words.size()) {
      option(words.get(at++));
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
        conflict);
  }

  private void option(String word) throws Wrong {
    String option = upper(word);
    if (!OPTIONS.containsKey(option)) {
      throw wrong("unknown option " + Names.quoted(word) + didYouMean(option, OPTIONS.keySet()));
    }
    if (seen.contains(option)) {
      throw wrong(option + " is given twice");
    }
    seen.add(option);
    switch (option) {
      case "NUMBER" -> number = number(option, 1, MAX_NUMBER);
      case "REPLICATION" ->
          replication =
              Replication.valueOf(word(option, REPLICATIONS, REPLICATIONS).replace('-', '_'));
      case "REPLICAS" -> replicas = number(option, 1, DatabaseSettings.MAX_REPLICAS);
      case "PARTITIONS" -> partitions = number(option, 1, DatabaseSettings.MAX_PARTITIONS);
      case "DURABILITY" -> durability = Durability.valueOf(word(option, "OS", "FSYNC"));
      case "WRITE-TIMEOUT" ->
          writeTimeoutMillis = number(option, 1, DatabaseSettings.MAX_WRITE_TIMEOUT_MILLIS);
      case "READS" -> reads = reads();
      case "COMMIT" -> commit = commit();
      case "FAILOVER" -> failover = FailoverRule.valueOf(word(option, "SAFE", "AVAILABLE"));
      case "R" -> readQuorum = number(option, 1, DatabaseSettings.MAX_REPLICAS);
      case "W" -> writeQuorum = number(option, 1, DatabaseSettings.MAX_REPLICAS);
      case "SLOPPY" -> sloppy = word(option, "YES", "NO").equals("YES");
      case "CONFLICT" -> conflict = Conflict.valueOf(word(option, "LWW", "SIBLINGS"));
      default -> optionOfRegions(option);
    }
  }

  private Reads reads() throws Wrong {
    List<String> shown = List.of("LINEARIZABLE", "SESSION", "BOUNDED ms", "EVENTUAL");
    String level = word("READS", List.of("LINEARIZABLE", "SESSION", "BOUNDED", "EVENTUAL"), shown);
    return level.equals("BOUNDED")
        ? Reads.bounded(number("READS BOUNDED", 1, MAX_BOUND_MILLIS))
        : new Reads(Reads.Level.valueOf(level), 0);
  }

  private CommitRule commit() throws Wrong {
    List<String> shown = List.of("ASYNC", "SEMI-SYNC k", "MAJORITY", "SYNC");
    String kind = word("COMMIT", List.of("ASYNC", "SEMI-SYNC", "MAJORITY", "SYNC"), shown);
    return kind.equals("SEMI-SYNC")
        ? CommitRule.semiSync(number("COMMIT SEMI-SYNC", 1, DatabaseSettings.MAX_REPLICAS - 1))
        : new CommitRule(CommitRule.Kind.valueOf(kind), 0);
  }

  /** Reads the values, so that a mistake is named, and keeps nothing: the algorithm is refused. */
  private void optionOfRegions(String option) throws Wrong {
    if (option.equals("REGIONS")) {
      int count = number(option, 1, MAX_REGIONS);
      for (int i = 1; i <= count; i++) {
        next("region " + i + " of " + count);
      }
      return;
    }
    List<String> shown = List.of("ALL-TO-ALL", "RING", "STAR hub");
    if (word(option, List.of("ALL-TO-ALL", "RING", "STAR"), shown).equals("STAR")) {
      next("the hub of STAR");
    }
  }

  private void checkAlgorithm(boolean creating) throws Wrong {
    if (!creating && replication == null) {
      // What the database is, and so which options it has, is known where it is altered.
      if (seen.contains("REGIONS") || seen.contains("TOPOLOGY")) {
        throw new Wrong(DatabaseRules.notThereYet(Replication.MULTI_LEADER));
      }
      return;
    }
    Replication algorithm = replication == null ? Replication.SINGLE_LEADER : replication;
    Optional<String> other = whyNotOf(algorithm, seen);
    if (other.isPresent()) {
      throw wrong(other.get());
    }
    if (!offered.contains(algorithm)) {
      throw new Wrong(DatabaseRules.notThereYet(algorithm));
    }
  }

  /** Why not all of these are options of a database that is replicated in this way. */
  static Optional<String> whyNotOf(Replication algorithm, Collection<String> options) {
    for (String option : options) {
      List<String> algorithms = OPTIONS.get(option);
      if (!algorithms.isEmpty() && !algorithms.contains(algorithm.toString())) {
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

  // Values.

  private int number(String option, int min, int max) throws Wrong {
    String word = value(option);
    try {
      int value = Integer.parseInt(word);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, like a number out of range.
    }
    throw wrong(option + " is a number from " + min + " to " + max + ", not " + Names.quoted(word));
  }

  private String word(String option, String... allowed) throws Wrong {
    return word(option, List.of(allowed), List.of(allowed));
  }

  private String word(String option, List<String> allowed, List<String> shown) throws Wrong {
    if (at == words.size()) {
      throw wrong(option + " needs a value: " + oneOf(shown));
    }
    String given = words.get(at++);
    String word = upper(given);
    if (!allowed.contains(word)) {
      throw wrong(
          option
              + " is "
              + oneOf(shown)
              + ", not "
              + Names.quoted(given)
              + didYouMean(word, allowed));
    }
    return word;
  }

  private String value(String option) throws Wrong {
    if (at == words.size()) {
      throw wrong(option + " needs a value");
    }
    return words.get(at++);
  }

  private String next(String missing) throws Wrong {
    if (at == words.size()) {
      throw wrong(missing + " is missing");
    }
    return words.get(at++);
  }

  // Errors.

  /** Leaves the parser with the error for the client; never leaves this class. */
  private static final class Wrong extends Exception {
    private static final long serialVersionUID = 1;

    Wrong(String error) {
      super(error, null, false, false);
    }
  }

  private Wrong wrong(String error) {
    return new Wrong(what + error);
  }

  static String oneOf(List<String> words) {
    int last = words.size() - 1;
    return last == 0
        ? words.get(0)
        : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
  }

  private static String didYouMean(String word, Iterable<String> known) {
    String nearest = null;
    // A short word is near to any other: what is left of it must be more than what is changed.
    int least = Math.min(DAMERAU_LIMIT, (word.length() - 1) / 2) + 1;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest == null ? "" : ", did you mean " + nearest + "?";
  }

  /**
   * Insertions, removals, changes and swaps of neighbours from one word to the other.
   *
   * @see "Damerau 1964; the variant that edits no letter twice"
   */
  private static int distance(String a, String b) {
    // Words from the network can be long; the distance then exceeds every limit anyway.
    if (Math.abs(a.length() - b.length()) > DAMERAU_LIMIT) {
      return Integer.MAX_VALUE;
    }
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swapped) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }

  private static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
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
