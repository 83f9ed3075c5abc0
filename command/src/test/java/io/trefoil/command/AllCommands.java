package io.trefoil.command;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Draws commands of all types: right ones, wrong ones, and every option next to every other, over
 * few keys, so that one type meets another.
 *
 * <p>What is left out: numbers out of C's range (Redis's {@code SORT} takes an error that such a
 * number left behind for one of its own), and negative counts of what is picked that would make
 * Redis answer for hours.
 */
final class AllCommands {
  /**
   * A line begins with the type that its keys have when all is right. A number says that a command
   * is drawn so many times as often, a tilde that it is rare.
   */
  private static final String GRAMMAR =
      """
      string GET key
      string SET key value { NX | XX | GET | KEEPTTL | EX seconds | PX millis | EXAT second | PXAT moment | PERSIST }
      string 2 SET key value
      string 2 SET key number
      string SETNX key value
      string SETEX key seconds value
      string PSETEX key millis value
      string GETSET key value
      string GETDEL key
      string GETEX key { PERSIST | EX seconds | PX millis | EXAT second | PXAT moment | NX }
      string MGET key +
      string MSET pair +
      string MSETNX pair +
      string APPEND key value
      string STRLEN key
      string GETRANGE key index index
      string SUBSTR key index index
      string SETRANGE key offset value
      string INCR key
      string DECR key
      string INCRBY key number
      string DECRBY key number
      string INCRBYFLOAT key float
      string LCS key key { LEN | IDX | MINMATCHLEN count | WITHMATCHLEN }
      string GETBIT key offset
      string SETBIT key offset bit
      string BITCOUNT key [ index index [ BIT | BYTE ] ]
      string BITPOS key bit [ index [ index [ BIT | BYTE ] ] ]
      string BITOP ( AND | OR | XOR | NOT ) key key +
      string BITFIELD key { GET bits place | SET bits place number | INCRBY bits place number | OVERFLOW ( WRAP | SAT | FAIL | FOO ) }
      string BITFIELD key OVERFLOW ( WRAP | SAT | FAIL ) INCRBY bits place number
      string BITFIELD_RO key { GET bits place | GET bits place | SET bits place number }
      hash 8 HSET key entry entry entry +
      hash HMSET key entry +
      hash HSETNX key member value
      hash HGET key member
      hash HMGET key member +
      hash HGETALL key
      hash HDEL key member +
      hash HLEN key
      hash HEXISTS key member
      hash HKEYS key
      hash HVALS key
      hash HSTRLEN key member
      hash HINCRBY key member number
      hash HINCRBYFLOAT key member float
      hash HRANDFIELD key [ picks [ WITHVALUES ] ]
      hash HSCAN key cursor { MATCH pattern | COUNT count }
      list 5 LPUSH key member member +
      list 5 RPUSH key member member +
      list LPUSHX key member +
      list RPUSHX key member +
      list LPOP key [ count ]
      list RPOP key [ count ]
      list LRANGE key index index
      list LLEN key
      list LINDEX key index
      list LSET key index member
      list LREM key count member
      list LTRIM key index index
      list LINSERT key ( BEFORE | AFTER | FOO ) member member
      list LPOS key member { RANK count | COUNT count | MAXLEN count }
      list LMOVE key key end end
      list RPOPLPUSH key key
      list LMPOP keys end [ COUNT count ]
      set 9 SADD key member member member +
      set SREM key member +
      set SMEMBERS key
      set SISMEMBER key member
      set SMISMEMBER key member +
      set SCARD key
      set SRANDMEMBER key [ picks ]
      set SPOP key [ count ]
      set SMOVE key key member
      set SSCAN key cursor { MATCH pattern | COUNT count }
      set SINTER key +
      set SUNION key +
      set SDIFF key +
      set SINTERSTORE key key +
      set SUNIONSTORE key key +
      set SDIFFSTORE key key +
      set SINTERCARD keys { LIMIT count }
      zset 9 ZADD key scored scored +
      zset ZADD key { NX | XX | GT | LT | CH } scored +
      zset ZADD key ( NX | XX | GT | LT | CH ) scored scored
      zset ZADD key { NX | XX | GT | LT | CH | INCR } scored +
      zset ZADD key { NX | XX | GT | LT | CH } INCR scored
      zset ZINCRBY key score member
      zset ZREM key member +
      zset ZSCORE key member
      zset ZMSCORE key member +
      zset ZCARD key
      zset ZRANK key member
      zset ZREVRANK key member
      zset ZCOUNT key bound bound
      zset ZRANGE key index index [ REV ] [ WITHSCORES ]
      zset ZRANGE key bound bound BYSCORE [ LIMIT index index ] [ WITHSCORES ]
      zset ZRANGE key ( index index | bound bound BYSCORE ) { REV | WITHSCORES | LIMIT index index | BYSCORE | BYLEX }
      zset ZRANGESTORE key key index index
      zset ZRANGESTORE key key ( index index | bound bound BYSCORE ) { REV | LIMIT index index }
      zset ZRANGEBYSCORE key bound bound { WITHSCORES | LIMIT index index }
      zset ZREVRANGEBYSCORE key bound bound { WITHSCORES | LIMIT index index }
      zset ZREVRANGE key index index [ WITHSCORES ]
      zset ZREMRANGEBYRANK key index index
      zset ZREMRANGEBYSCORE key bound bound
      zset ZPOPMIN key [ count ]
      zset ZPOPMAX key [ count ]
      zset ZMPOP keys ( MIN | MAX ) [ COUNT count ]
      zset ZRANDMEMBER key [ picks [ WITHSCORES ] ]
      zset ZSCAN key cursor { MATCH pattern | COUNT count }
      zset ZUNION keys { WEIGHTS weights | AGGREGATE aggregate | WITHSCORES }
      zset ZUNION keys [ WEIGHTS weights ] WITHSCORES [ AGGREGATE aggregate ]
      zset ZINTER keys { WEIGHTS weights | AGGREGATE aggregate | WITHSCORES }
      zset ZINTER keys [ WEIGHTS weights ] [ AGGREGATE aggregate ] WITHSCORES
      zset ZDIFF keys { WITHSCORES | WEIGHTS weights }
      zset ZUNIONSTORE key keys { WEIGHTS weights | AGGREGATE aggregate }
      zset ZINTERSTORE key keys { WEIGHTS weights | AGGREGATE aggregate }
      zset ZDIFFSTORE key keys
      zset ZINTERCARD keys { LIMIT count }
      named 9 ZADD key 0 member 0 member 0 member
      named ZLEXCOUNT key name name
      named ZRANGE key name name BYLEX { REV | LIMIT index index | WITHSCORES }
      named ZRANGE key name name REV BYLEX { LIMIT index index }
      named ZRANGESTORE key key name name BYLEX { REV | LIMIT index index }
      named ZRANGEBYLEX key name name { LIMIT index index }
      named ZREVRANGEBYLEX key name name { LIMIT index index }
      named ZREMRANGEBYLEX key name name
      any DEL key +
      any UNLINK key +
      any EXISTS key +
      any TOUCH key +
      any TYPE key
      any RENAME key key
      any RENAMENX key key
      any COPY key key { REPLACE | DB 1 }
      any EXPIRE key seconds { NX | XX | GT | LT }
      any PEXPIRE key millis { NX | XX | GT | LT }
      any EXPIREAT key second { NX | XX | GT | LT }
      any PEXPIREAT key moment { NX | XX | GT | LT }
      any 4 PEXPIREAT key moment
      any TTL key
      any PTTL key
      any EXPIRETIME key
      any PEXPIRETIME key
      any PERSIST key
      any OBJECT ENCODING key
      any OBJECT REFCOUNT key
      any OBJECT FREQ key
      any OBJECT IDLETIME key
      any MEMORY USAGE key { SAMPLES count }
      sorted SORT key { ASC | DESC | ALPHA | LIMIT index index | BY other | GET other | STORE key }
      sorted SORT key ALPHA { DESC | LIMIT index index | GET other | STORE key }
      sorted SORT_RO key { ASC | DESC | ALPHA | LIMIT index index | BY other | GET other }
      any SCAN cursor { MATCH pattern | COUNT count | TYPE type }
      any KEYS pattern
      any DBSIZE
      any RANDOMKEY
      any ~ FLUSHDB [ SYNC | ASYNC | FOO ]
      any ~ FLUSHALL [ SYNC | ASYNC | FOO ]
      any MULTI
      any ~ EXEC
      any ~ DISCARD
      any ~ UNWATCH
      any ~ PING [ member ]
      any ~ ECHO value
      any ~ SELECT ( 0 | odd )
      any ~ HELLO [ ( 2 | 3 | 3 | 9 ) [ SETNAME member ] ]
      any ~ RESET
      any ~ AUTH member [ member ]
      any ~ TIME
      any ~ READONLY
      any ~ READWRITE
      any ~ CLIENT SETNAME member
      any ~ CLIENT GETNAME
      any ~ CLIENT ID
      any ~ CLIENT NO-EVICT ( ON | OFF | FOO )
      any ~ CLIENT TRACKING OFF
      any ~ CLIENT GETREDIR
      any ~ COMMAND GETKEYS command
      any ~ COMMAND INFO FOO
      any ~ COMMAND DOCS FOO
      any ~ COMMAND LIST FILTERBY PATTERN FOO
      any ~ CONFIG GET FOO
      any ~ CONFIG SET FOO value
      any ~ CONFIG RESETSTAT
      any ~ ACL WHOAMI
      any ~ ACL LIST
      any ~ MODULE LIST
      any ~ LATENCY LATEST
      any ~ SLOWLOG RESET
      any ~ FUNCTION LIST { LIBRARYNAME pattern | WITHCODE }
      any ~ FUNCTION FLUSH
      any ~ CLUSTER INFO
      any ~ CLUSTER MYID
      any ~ CLUSTER KEYSLOT key
      any ~ CLUSTER NODES
      any ~ CLUSTER SLOTS
      any ~ CLUSTER SHARDS
      any ~ FOO key
      any ~ OBJECT FOO key
      """;

  private static final Map<String, List<String>> KEYS =
      Map.of(
          "string", List.of("s", "w_1", "w_2", "w_x"),
          "hash", List.of("h", "h_1"),
          "list", List.of("l", "m"),
          "set", List.of("t", "u"),
          "zset", List.of("z", "y"),
          "named", List.of("n"),
          "sorted", List.of("l", "t", "z"),
          "any", List.of("", "\0\377"));

  static final List<String> ALL_KEYS =
      KEYS.values().stream().flatMap(List::stream).distinct().sorted().toList();

  private static final Map<String, List<String>> NAMES =
      Map.ofEntries(
          Map.entry(
              "value",
              List.of("", "0", "1", "-1", "12", "text", "3.5", "007", "ohmytext", "mynewtext")),
          Map.entry(
              "member",
              List.of(
                  "1", "2", "10", "-3", "x", "a", "b", "f", "", "\377\0", "1", "a", "b", "f", "1",
                  "a")),
          Map.entry(
              "number",
              List.of("0", "1", "-1", "7", "-300", "9223372036854775807", "-9223372036854775808")),
          Map.entry("float", List.of("0.1", "-2.5", "1e3", "3", "0", "1e-17", "inf", "nan", "-.5")),
          Map.entry(
              "index",
              List.of(
                  "0", "0", "1", "2", "-1", "-1", "-2", "5", "-100", "100", "9223372036854775807")),
          Map.entry("count", List.of("0", "1", "2", "3", "-1", "-2", "100", "1000")),
          Map.entry("picks", List.of("0", "1", "2", "3", "-1", "-5", "100")),
          Map.entry("offset", List.of("0", "1", "7", "9", "20", "100", "-1")),
          Map.entry("bit", List.of("0", "1", "1", "2")),
          Map.entry(
              "bits",
              List.of("u8", "i8", "u1", "i5", "u63", "i64", "u64", "i16", "u8", "i8", "i33", "u7")),
          Map.entry(
              "place", List.of("0", "3", "#0", "#1", "#2", "17", "100", "8", "1", "0", "#3", "#x")),
          Map.entry("cursor", List.of("0", "0", "0", "0", "0", "0", "x")),
          Map.entry("pattern", List.of("*", "?", "w_*", "[a-c]", "\\1", "", "*\377*", "nothing")),
          Map.entry("type", List.of("string", "hash", "LIST", "set", "zset", "stream")),
          Map.entry(
              "end", List.of("LEFT", "RIGHT", "left", "right", "RIGHT", "LEFT", "LEFT", "FOO")),
          Map.entry(
              "score",
              List.of("0", "1", "-1", "2.5", "0.1", "inf", "-inf", "1e17", "3", "0x10", "0", "-1")),
          Map.entry(
              "bound",
              List.of(
                  "-inf", "-inf", "+inf", "+inf", "(1", "1", "0", "2.5", "(2.5", "(-inf", "3",
                  "-1")),
          Map.entry("name", List.of("-", "+", "-", "+", "[a", "(a", "[x", "(", "[", "[1", "(f")),
          Map.entry("aggregate", List.of("SUM", "MIN", "MAX", "max", "SUM", "MIN")),
          Map.entry(
              "other",
              List.of("w_*", "nosort", "#", "h_*->f", "h*->", "*", "none_*", "w_*->f", "*->1")),
          Map.entry(
              "second",
              List.of(
                  "4102444800", "4102444801", "4102448400", "4102444900", "4102444802", "1", "-5")),
          Map.entry(
              "moment",
              List.of("4102444800000", "4102444800999", "4102444900500", "4102444800500", "1")),
          Map.entry(
              "odd",
              List.of(
                  "",
                  "x",
                  "-1",
                  "0",
                  "nan",
                  "1.5",
                  "9223372036854775807",
                  "9223372036854775808",
                  "-9223372036854775808",
                  "\0\377\r\n",
                  "a longer text of more than forty-four bytes, so that it stands alone")));

  /** Beside relative times of more than a day, no two alike, so that clocks don't matter. */
  private static final List<String> BAD_TIMES =
      List.of("0", "-1", "x", "9223372036854775807", "-9223372036854775808", "1.5");

  private static final int OFTEN = 8;
  private static final int WRONG = 20;

  private record Weighted(String family, CommandGrammar grammar, int weight) {}

  private final Random random;
  private final List<Weighted> all;
  private final List<Weighted> queued;
  private String family;
  private int counted;

  AllCommands(Random random) {
    this.random = random;
    all = GRAMMAR.lines().flatMap(AllCommands::read).toList();
    queued = all.stream().filter(AllCommands::isQueued).toList();
  }

  /** A command that looks at each key there may be. */
  static String[] lookingAtAll() {
    return Stream.concat(
            Stream.concat(Stream.of("EXISTS"), ALL_KEYS.stream()),
            NAMES.values().stream().flatMap(List::stream))
        .toArray(String[]::new);
  }

  private static Stream<Weighted> read(String line) {
    String[] parts = line.split(" ", 2);
    boolean rare = parts[1].startsWith("~ ");
    int times = parts[1].matches("[0-9] .*") ? parts[1].charAt(0) - '0' : 1;
    CommandGrammar grammar =
        CommandGrammar.of(rare || times > 1 ? parts[1].substring(2) : parts[1]);
    Weighted read = new Weighted(parts[0], grammar, rare ? 1 : OFTEN);
    return Stream.generate(() -> read).limit(times);
  }

  private static boolean isQueued(Weighted each) {
    return isPlain(each.grammar.name()) && each.weight == OFTEN && !each.family.equals("named");
  }

  /** Whether one reply says all: what needs patience to be compared is in no transaction. */
  static boolean isPlain(String name) {
    return !name.matches("SPOP|RANDOMKEY|.*(RANDMEMBER|RANDFIELD|SCAN)|SORT.*|DBSIZE");
  }

  /**
   * The next command.
   *
   * @param inTransaction whether it follows a {@code MULTI}
   */
  String[] next(boolean inTransaction) {
    if (inTransaction && random.nextInt(6) == 0) {
      return new String[] {random.nextInt(8) == 0 ? "DISCARD" : "EXEC"};
    }
    List<String> words = draw(inTransaction ? queued : all);
    if (random.nextInt(WRONG) == 0) {
      spoil(words);
    }
    return words.toArray(String[]::new);
  }

  /** What tells all of the first keys among a command's words, now and then; else nothing. */
  List<String[]> look(String[] words) {
    if (random.nextInt(3) > 0) {
      return List.of();
    }
    return Arrays.stream(words)
        .skip(1)
        .filter(ALL_KEYS::contains)
        .limit(2)
        .flatMap(key -> readings(key).stream())
        .toList();
  }

  /** What tells all of a key, whatever its type. */
  static List<String[]> readings(String key) {
    return List.of(
        new String[] {"TYPE", key},
        new String[] {"PEXPIRETIME", key},
        new String[] {"GET", key},
        new String[] {"HGETALL", key},
        new String[] {"SMEMBERS", key},
        new String[] {"LRANGE", key, "0", "-1"},
        new String[] {"ZRANGE", key, "0", "-1", "WITHSCORES"});
  }

  private List<String> draw(List<Weighted> from) {
    Weighted drawn = pick(from);
    while (random.nextInt(OFTEN) >= drawn.weight) {
      drawn = pick(from);
    }
    family = drawn.family;
    return drawn.grammar.draw(random, this::name);
  }

  private void spoil(List<String> words) {
    int at = random.nextInt(words.size());
    switch (random.nextInt(4)) {
      case 0 -> words.add(odd());
      case 1 -> words.add(words.get(at));
      case 2 -> words.remove(words.size() > 1 ? Math.max(at, 1) : 0);
      default -> words.set(Math.min(at + 1, words.size() - 1), odd());
    }
    if (words.isEmpty()) {
      words.add("FOO");
    }
  }

  private void name(String name, List<String> into) {
    switch (name) {
      case "key" -> into.add(key());
      case "keys" -> keys(into);
      case "pair" -> into.addAll(List.of(key(), of("value")));
      case "entry" -> into.addAll(List.of(of("member"), of("value")));
      case "scored" -> into.addAll(List.of(of("score"), of("member")));
      case "weights" -> {
        for (int i = counted; i > 0; i--) {
          into.add(of("score"));
        }
      }
      case "seconds" -> into.add(time(1));
      case "millis" -> into.add(time(1000));
      case "command" -> into.addAll(draw(queued));
      default -> into.add(of(name));
    }
  }

  /** Mostly a key of the type that the command is for. */
  private String key() {
    boolean own = random.nextInt(10) > 0 && !family.equals("any");
    return pick(own ? KEYS.get(family) : ALL_KEYS);
  }

  private void keys(List<String> into) {
    counted = 1 + random.nextInt(3);
    boolean wrong = random.nextInt(WRONG) == 0;
    into.add(wrong ? pick(List.of("0", "-1", "x", "9", "1")) : Integer.toString(counted));
    for (int i = counted; i > 0; i--) {
      into.add(key());
    }
  }

  private String time(int perSecond) {
    return random.nextInt(8) == 0
        ? pick(BAD_TIMES)
        : Long.toString(perSecond * 1000L * (100 + random.nextInt(1_000_000)));
  }

  private String of(String name) {
    return random.nextInt(60) == 0 ? odd() : pick(NAMES.get(name));
  }

  private String odd() {
    return pick(NAMES.get("odd"));
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
