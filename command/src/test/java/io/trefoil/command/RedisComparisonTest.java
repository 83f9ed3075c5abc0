package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the same bytes here and on a real Redis 7.0 and asks for the same bytes back. */
class RedisComparisonTest extends ComparedWithRedis {
  @Test
  void setAndItsOptions() {
    sameScript(
        """
        SET a 1
        GET a
        SET a 2 NX
        SET a 2 XX
        SET b 2 XX
        SET b 2 NX
        SET b 3 GET
        SET c 3 GET
        SET c 4 NX GET
        SET d 4 NX GET
        GET d
        SET e 4 XX GET
        GET e
        SET a 1 NX XX
        SET a 1 XX NX
        SET a 1 nx nx
        SET a 1 EX
        SET a 1 EX x
        SET a 1 EX 0
        SET a 1 EX -1
        SET a 1 EX 10 EX 20
        SET a 1 EX 10 PX 20
        SET a 1 EX 10 KEEPTTL
        SET a 1 KEEPTTL EX 10
        SET a 1 KEEPTTL KEEPTTL
        SET a 1 PERSIST
        SET a 1 FOO
        SET a 1 ''
        SET a 1 EX 9223372036854775807
        SET a 1 EX 9223372036854775
        SET a 1 PX 9223372036854775807
        SET a 1 EX 9223372036854775808
        SET a 1 EX 1.5
        SET a 1 EX 010
        SET a 1 EXAT 9223372036854775
        SET a 1 PXAT 4102444800123
        PEXPIRETIME a
        EXPIRETIME a
        SET a 2 KEEPTTL
        PEXPIRETIME a
        SET a 2 KEEPTTL GET
        GETSET a 3
        PEXPIRETIME a
        SET a 1 EXAT 4102444800
        PEXPIRETIME a
        SET a 1
        TTL a
        SET a 1 PXAT 1
        GET a
        SET a 1 EXAT 1 GET
        GET a
        SET a
        SET
        SET a 1 GET GET NX
        SETNX a 5
        SETNX a 6
        SETNX a
        SETEX a 0 v
        SETEX a -5 v
        SETEX a x v
        SETEX a 100000 v
        GET a
        TTL nokey
        PSETEX a 0 v
        PSETEX a 99999999999 v
        SETEX a 9223372036854775807 v
        PSETEX a 9223372036854775807 v
        SETEX a 10
        """);
  }

  @Test
  void readingAndReplacingStrings() {
    sameScript(
        """
        GET
        GET a b
        GETDEL a
        SET a x
        GETDEL a
        GET a
        GETSET a 1
        GETSET a 2
        GETEX a
        GETEX nokey
        GETEX nokey EX 0
        GETEX nokey EX x
        GETEX nokey FOO
        GETEX a EX
        GETEX a EX 0
        GETEX a EX x
        GETEX a NX
        GETEX a GET
        GETEX a KEEPTTL
        GETEX a PERSIST PERSIST
        GETEX a PERSIST EX 10
        GETEX a EX 10 PERSIST
        GETEX a PXAT 4102444800123
        PEXPIRETIME a
        GETEX a PERSIST
        PEXPIRETIME a
        GETEX a EXAT 4102444800
        PEXPIRETIME a
        GETEX a
        PEXPIRETIME a
        GETEX a EXAT 1
        EXISTS a
        MSET a 1 b 2 a 3
        MGET a b c a
        MGET
        MSET a
        MSET a 1 b
        MSETNX a 1 z 2
        GET z
        MSETNX y 1 z 2
        MGET y z
        MSETNX y
        MSETNX y 1 z
        STRLEN a
        STRLEN nokey
        STRLEN
        """);
  }

  @Test
  void rangesOfStrings() {
    sameScript(
        """
        SET s Hello_World
        GETRANGE s 0 4
        GETRANGE s -5 -1
        GETRANGE s 0 -1
        GETRANGE s -1 -5
        GETRANGE s 5 3
        GETRANGE s 100 200
        GETRANGE s -100 3
        GETRANGE s 0 9223372036854775807
        GETRANGE s -9223372036854775808 -9223372036854775808
        GETRANGE s -9223372036854775808 9223372036854775807
        GETRANGE s x 3
        GETRANGE s 0 x
        GETRANGE nokey 0 -1
        GETRANGE nokey x y
        GETRANGE s 0
        SUBSTR s 2 3
        SET e ''
        GETRANGE e 0 -1
        GETRANGE e -1 0
        APPEND s !!
        APPEND n new
        APPEND n ''
        APPEND m ''
        EXISTS m
        GET s
        SETRANGE s 6 Redis
        GET s
        SETRANGE p 5 x
        GET p
        SETRANGE q 5 ''
        EXISTS q
        SETRANGE s 3 ''
        SETRANGE s -1 x
        SETRANGE s x x
        SETRANGE s 1048570 1234567
        SETRANGE nokey 9223372036854775807 x
        SETRANGE nokey 9223372036854775807 ''
        SETRANGE big 1048575 x
        APPEND big x
        STRLEN big
        SETRANGE s 1
        PEXPIREAT s 4102444800123
        APPEND s x
        PEXPIRETIME s
        SETRANGE s 0 y
        PEXPIRETIME s
        """);
  }

  @Test
  void numbers() {
    sameScript(
        """
        INCR n
        INCR n
        DECR n
        INCRBY n 10
        DECRBY n 3
        INCRBY n x
        INCRBY n 1.5
        INCRBY n 9223372036854775808
        DECRBY n -9223372036854775808
        INCRBY n -9223372036854775808
        SET n 9223372036854775807
        INCR n
        INCRBY n 1
        DECRBY n -1
        DECR n
        SET n -9223372036854775808
        DECR n
        INCRBY n 0
        SET n -1
        INCRBY n -9223372036854775808
        SET t text
        INCR t
        SET t 1.0
        INCR t
        SET t 01
        INCR t
        SET t -0
        INCR t
        SET t ''
        INCR t
        INCRBYFLOAT t 1
        SET t 5
        PEXPIREAT t 4102444800123
        INCR t
        INCRBYFLOAT t 0.5
        PEXPIRETIME t
        INCR
        INCRBY n
        SETRANGE padded 0 12345678901234567890123
        INCR padded
        """);
  }

  @Test
  void floatsHaveRedissDigits() {
    sameScript(
        """
        INCRBYFLOAT f 0.1
        INCRBYFLOAT f 0.2
        INCRBYFLOAT f -0.3
        INCRBYFLOAT f 1e3
        INCRBYFLOAT f 5.0e-5
        INCRBYFLOAT f 1e-17
        INCRBYFLOAT f 1e-18
        INCRBYFLOAT f 3.14159265358979323846264338327950288
        INCRBYFLOAT f +1
        INCRBYFLOAT f .5
        INCRBYFLOAT f 1.
        INCRBYFLOAT f 1E2
        INCRBYFLOAT f 1e
        INCRBYFLOAT f e1
        INCRBYFLOAT f .
        INCRBYFLOAT f -
        INCRBYFLOAT f ''
        INCRBYFLOAT f 1.5.5
        INCRBYFLOAT f abc
        INCRBYFLOAT f nan
        INCRBYFLOAT f inf
        INCRBYFLOAT f -inf
        INCRBYFLOAT f +Infinity
        INCRBYFLOAT f 1e4932
        INCRBYFLOAT f 1e5000
        INCRBYFLOAT f 1e-5000
        INCRBYFLOAT f 1e999999999999
        INCRBYFLOAT f -1e4932
        SET f 0
        INCRBYFLOAT f -1e-30
        INCRBYFLOAT f 123456789012345678901234567890
        INCRBYFLOAT f -0.5
        SET f 18446744073709551615
        INCRBYFLOAT f 1
        INCRBYFLOAT f 1
        SET f 18446744073709551617
        INCRBYFLOAT f 0
        SET f 1e4932
        INCRBYFLOAT f 1e4932
        SET f 9.5
        INCRBYFLOAT f 0.00000000000000000499999
        INCRBYFLOAT f x
        INCRBYFLOAT f
        SET f 1x
        INCRBYFLOAT f 1
        INCRBYFLOAT f x
        """);
  }

  @Test
  void randomFloatsHaveRedissDigits() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      if (i % 20 == 0) {
        same("DEL", "f");
      }
      int exponent = random.nextInt(40) - 20;
      long digits = random.nextLong() >> random.nextInt(60);
      same("INCRBYFLOAT", "f", digits + "." + random.nextInt(1_000_000_000) + "e" + exponent);
    }
  }

  @Test
  void bits() {
    sameScript(
        """
        SETBIT b 7 1
        SETBIT b 7 1
        SETBIT b 7 0
        GETBIT b 7
        SETBIT b 100 1
        GET b
        GETBIT b 100
        GETBIT b 101
        GETBIT b 100000
        GETBIT nokey 0
        SETBIT z 10 0
        GET z
        SETBIT b 8388607 1
        SETBIT b 8388608 1
        SETBIT b -1 1
        SETBIT b x 1
        SETBIT b 1 2
        SETBIT b 1 x
        SETBIT b 1 -1
        GETBIT b -1
        GETBIT b x
        GETBIT b 8388608
        SET s foobar
        BITCOUNT s
        BITCOUNT s 0 0
        BITCOUNT s 1 1
        BITCOUNT s 0 -1 BYTE
        BITCOUNT s 5 30 BIT
        BITCOUNT s -20 -3 bit
        BITCOUNT s 1 1 BYTES
        BITCOUNT s 0
        BITCOUNT s x 1
        BITCOUNT s 1 x
        BITCOUNT s -1 -2 BAD
        BITCOUNT s 1 2 BIT x
        BITCOUNT nokey
        BITCOUNT nokey 0
        BITCOUNT nokey x y z
        BITCOUNT s -100 100
        BITCOUNT s 100 200 BIT
        """);
  }

  @Test
  void expiry() {
    sameScript(
        """
        EXPIRE nokey 10
        EXPIRE nokey x
        SET a 1
        TTL a
        PTTL a
        EXPIRETIME a
        PEXPIRETIME a
        TTL nokey
        PTTL nokey
        EXPIRETIME nokey
        PEXPIRETIME nokey
        PEXPIREAT a 4102444800499
        PEXPIRETIME a
        EXPIRETIME a
        PEXPIREAT a 4102444800500
        EXPIRETIME a
        EXPIREAT a 4102444800
        PEXPIRETIME a
        PERSIST a
        PERSIST a
        PERSIST nokey
        PEXPIREAT a 4102444800000 XX
        PEXPIREAT a 4102444800000 GT
        PEXPIREAT a 4102444800000 NX
        PEXPIREAT a 4102444800001 NX
        PEXPIREAT a 4102444800001 GT
        PEXPIREAT a 4102444800001 GT
        PEXPIREAT a 4102444800001 LT
        PEXPIREAT a 4102444800000 LT
        PEXPIREAT a 4102444800005 XX GT
        PEXPIREAT a 4102444800005 GT LT
        PEXPIREAT a 4102444800005 NX XX
        PEXPIREAT a 4102444800005 NX GT
        PEXPIREAT a 4102444800005 NX LT
        PEXPIREAT a 4102444800005 NX NX
        PEXPIREAT a x NX GT
        PEXPIREAT a x FOO
        PEXPIREAT a 4102444800005 foo
        PEXPIREAT a 4102444800005 ''
        PERSIST a
        PEXPIREAT a 4102444800000 LT
        PEXPIRETIME a
        EXPIRE a 9223372036854775807
        EXPIRE a -9223372036854775808
        EXPIRE a 9223372036854775
        PEXPIRE a 9223372036854775807
        PEXPIREAT a 9223372036854775807
        PEXPIRETIME a
        EXPIREAT a 9223372036854775
        EXPIREAT a 9223372036854776
        EXPIRE a 100000
        EXPIRE a 0
        EXISTS a
        SET a 1
        EXPIRE a -1
        GET a
        SET a 1
        PEXPIREAT a -9223372036854775808
        EXISTS a
        SET a 1
        EXPIREAT a 1
        EXISTS a
        EXPIRE a
        EXPIRE a 1.5
        TTL
        """);
  }

  @Test
  void keys() {
    sameScript(
        """
        DEL a
        MSET a 1 b 2 c 3
        DEL a a nokey
        UNLINK b nokey
        EXISTS c c nokey
        TOUCH c c nokey
        DEL
        EXISTS
        TYPE c
        TYPE nokey
        TYPE
        RENAME nokey x
        RENAME nokey nokey
        RENAME c c
        PEXPIREAT c 4102444800000
        RENAME c d
        PEXPIRETIME d
        EXISTS c
        SET e 5
        RENAME e d
        PEXPIRETIME d
        GET d
        RENAMENX nokey x
        RENAMENX d d
        RENAMENX d f
        SET g 1
        RENAMENX g f
        GET g
        RENAME a
        COPY f f
        COPY nokey x
        COPY nokey nokey
        COPY f g
        COPY f g REPLACE
        GET g
        COPY f h
        COPY f h REPLACE REPLACE
        PEXPIREAT f 4102444800000
        COPY f i
        PEXPIRETIME i
        COPY f i FOO
        COPY f i DB
        COPY f
        OBJECT ENCODING nokey
        OBJECT ENCODING f
        SET i abc
        OBJECT ENCODING i
        SET i 12345678901234567890123456789012345678901234
        OBJECT ENCODING i
        SET i 123456789012345678901234567890123456789012345
        OBJECT ENCODING i
        SET i 9223372036854775807
        OBJECT ENCODING i
        SET i 9223372036854775808
        OBJECT ENCODING i
        OBJECT REFCOUNT i
        OBJECT REFCOUNT nokey
        OBJECT FREQ i
        OBJECT FREQ nokey
        OBJECT IDLETIME nokey
        OBJECT
        OBJECT FOO
        OBJECT FOO bar
        OBJECT ENCODING
        OBJECT ENCODING a b
        MEMORY USAGE nokey
        MEMORY USAGE nokey SAMPLES
        MEMORY USAGE nokey SAMPLES x
        MEMORY USAGE nokey SAMPLES -1
        MEMORY USAGE nokey SAMPLES 5
        MEMORY USAGE nokey FOO
        MEMORY USAGE
        """);
  }

  @Test
  void theKeyspace() {
    sameScript(
        """
        DBSIZE
        RANDOMKEY
        KEYS *
        SCAN 0
        SET a 1
        RANDOMKEY
        KEYS *
        SCAN 0
        SCAN 0 COUNT 100
        SCAN 0 MATCH a* TYPE string COUNT 5
        SCAN 0 MATCH b*
        SCAN 0 TYPE list
        SCAN 0 TYPE STRING
        SCAN 0 TYPE nonsense
        SCAN x
        SCAN -x
        SCAN 1x
        SCAN ''
        SCAN +0
        SCAN 18446744073709551616
        SCAN 0 COUNT
        SCAN 0 COUNT x
        SCAN 0 COUNT 0
        SCAN 0 COUNT -1
        SCAN 0 COUNT 1 MATCH
        SCAN 0 FOO bar
        SCAN
        SCAN x COUNT y
        DBSIZE
        DBSIZE x
        KEYS
        FLUSHDB FOO
        FLUSHDB SYNC ASYNC
        FLUSHALL FOO
        DBSIZE
        FLUSHDB ASYNC
        DBSIZE
        SET a 1
        FLUSHALL sync
        DBSIZE
        FLUSHALL
        """);
  }

  @Test
  void patternsMatchAsInRedis() {
    String alphabet = "ab[]^-*?\\A";
    Random random = new Random(11);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      names.add(randomText(random, "ab]^-\\A\377", 6));
    }
    names.forEach(name -> same("SET", name, "1"));
    for (int i = 0; i < 1500; i++) {
      String pattern = randomText(random, alphabet, 8);
      assertThat(sorted(ours.run("KEYS", pattern)))
          .as(pattern)
          .isEqualTo(sorted(theirs.run("KEYS", pattern)));
    }
  }

  private static String randomText(Random random, String alphabet, int maxLength) {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(maxLength + 1); length > 0; length--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  private static List<String> sorted(String reply) {
    Reply.Several several =
        (Reply.Several) ReplyReader.read(reply.getBytes(StandardCharsets.ISO_8859_1));
    return several.items().stream().map(Object::toString).sorted().toList();
  }

  @Test
  void theConnection() {
    sameScript(
        """
        PING
        PING hello
        PING a b
        ECHO x
        ECHO
        SELECT 0
        SELECT 16
        SELECT -1
        SELECT x
        SELECT 1.5
        SELECT 3
        SELECT 0
        AUTH x
        AUTH default x
        AUTH other x
        AUTH a b c
        AUTH
        HELLO x
        HELLO 1
        HELLO 4
        HELLO 2 AUTH default
        HELLO 2 AUTH other x
        HELLO 2 FOO
        HELLO 2 SETNAME
        HELLO 2 SETNAME a\tb
        CLIENT GETNAME
        CLIENT SETNAME bob
        CLIENT GETNAME
        CLIENT SETNAME b\tb
        CLIENT SETNAME ''
        CLIENT GETNAME
        CLIENT
        CLIENT FOO
        CLIENT FOO bar
        CLIENT SETNAME
        CLIENT ID x
        CLIENT LIST FOO
        CLIENT LIST TYPE foo
        CLIENT LIST TYPE pubsub
        CLIENT LIST ID x
        CLIENT LIST ID 999999999
        CLIENT KILL 1.2.3.4:5
        CLIENT KILL ID 999999999
        CLIENT KILL ID 0
        CLIENT KILL ID x
        CLIENT KILL ID 1 FOO
        CLIENT KILL FOO 1
        CLIENT KILL TYPE foo
        CLIENT KILL TYPE master
        CLIENT KILL USER nobody
        CLIENT KILL ADDR 1.2.3.4:5 SKIPME maybe
        CLIENT KILL LADDR 1.2.3.4:5 SKIPME no
        CLIENT NO-EVICT on
        CLIENT NO-EVICT off
        CLIENT NO-EVICT x
        CLIENT REPLY ON
        CLIENT REPLY x
        CLIENT TRACKING OFF
        CLIENT TRACKING x
        CLIENT GETREDIR
        RESET
        RESET x
        QUITT
        """);
  }

  @Test
  void unknownCommandsAreEchoed() {
    sameScript(
        """
        FOO
        FOO a b c
        foo|bar
        GETT \377\376 ''
        CLIENT \377
        OBJECT \377 x
        """);
    same("FOO\r\nBAR", "a\nb");
    same("x".repeat(200), "y".repeat(100), "z".repeat(100), "w");
    same("FOO", "a\0b", "c");
    same("CLIENT", "x".repeat(200));
    same("");
  }

  @Test
  void theServer() {
    sameScript(
        """
        CONFIG GET
        CONFIG SET
        CONFIG SET a
        CONFIG SET a b c
        CONFIG SET nosuchsetting x
        CONFIG GET nosuchsetting
        CONFIG FOO
        CONFIG RESETSTAT
        SLOWLOG GET -2
        SLOWLOG GET x
        SLOWLOG GET 1 2
        SLOWLOG RESET
        SLOWLOG LEN
        SLOWLOG GET
        SLOWLOG GET -1
        MODULE LIST
        LATENCY LATEST
        ACL WHOAMI
        ACL LIST
        CLUSTER INFO
        CLUSTER KEYSLOT a
        CLUSTER KEYSLOT
        CLUSTER FOO
        TIME x
        COMMAND COUNT x
        COMMAND FOO
        COMMAND LIST FILTERBY
        COMMAND LIST FILTERBY FOO x
        COMMAND LIST FILTERBY MODULE x
        COMMAND LIST FOO MODULE x
        COMMAND LIST FILTERBY PATTERN setr*
        COMMAND LIST FILTERBY PATTERN nothing
        COMMAND LIST FILTERBY ACLCAT nothing
        COMMAND GETKEYS
        COMMAND GETKEYS FOO bar
        COMMAND GETKEYS PING a
        COMMAND GETKEYS GET a b
        COMMAND GETKEYS GET a
        COMMAND GETKEYS MSET a 1 b 2
        COMMAND GETKEYS MGET a b c
        COMMAND GETKEYS COPY a b REPLACE
        COMMAND GETKEYS MEMORY USAGE a
        COMMAND INFO nosuchcommand
        COMMAND INFO client|nosuch nosuch|x
        COMMAND DOCS nosuchcommand
        """);
  }

  @Test
  void helloAndResp3() {
    assertThat(withoutId(ours.run("HELLO"))).isEqualTo(withoutId(theirs.run("HELLO")));
    assertThat(withoutId(ours.run("HELLO", "3", "SETNAME", "bob")))
        .isEqualTo(withoutId(theirs.run("HELLO", "3", "SETNAME", "bob")));
    sameScript(
        """
        CLIENT GETNAME
        GET nokey
        MGET nokey nokey
        SET a 1 GET
        INCRBYFLOAT f 1.5
        DEL a f
        RANDOMKEY
        CONFIG GET nosuchsetting
        COMMAND DOCS nosuchcommand
        COMMAND INFO nosuchcommand
        CLIENT LIST ID 99999999
        KEYS z*
        RESET
        GET nokey
        """);
  }

  private static String withoutId(String reply) {
    return reply.replaceAll("id\r\n:[0-9]+", "id\r\n:?").replaceAll("7\\.0\\.[0-9]+", "7.0.x");
  }

  @Test
  void clientReplySwitchesRepliesOff() {
    String script =
        "CLIENT REPLY SKIP\r\nPING\r\nCLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY SKIP\r\n"
            + "ECHO x\r\nCLIENT REPLY ON\r\nECHO y\r\n";
    byte[] bytes = script.getBytes(StandardCharsets.US_ASCII);
    assertThat(ours.send(bytes)).isEqualTo(theirs.send(bytes, 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*a\r\n",
        "*\r\n",
        "*1\r\nfoo\r\n",
        "*1\r\n\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$a\r\n",
        "*1\r\n$1048577\r\n",
        "*99999999999\r\n",
        "get \"a\r\n",
        "get 'a\r\n",
        "get \"a\"b\r\n",
        "PING\r\n*-5\r\n\r\n\n*0\r\nping  'x'\r\n*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\nQUIT\r\n",
        "PING\n\"ec\\x68o\" 'it\\'s'\necho \"\\n\\t\\\"\\q\"\nQUIT\n",
        "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n"
      })
  void theProtocolItselfAndItsErrors(String bytes) throws IOException {
    byte[] stream = bytes.getBytes(StandardCharsets.ISO_8859_1);
    assertThat(new String(ours.send(stream), StandardCharsets.ISO_8859_1))
        .isEqualTo(new String(theirs.sendAndDrain(stream), StandardCharsets.ISO_8859_1));
    assertThat(ours.isOpen()).isFalse();
  }

  @Test
  void randomCommandsGiveTheSameReplies() {
    for (int seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      List<String> commands = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        String[] words = RandomCommands.next(random);
        commands.add(String.join(" ", words));
        stream.writeBytes(Args.of(words).encoded());
      }
      List<String> expected = replies(theirs.send(stream.toByteArray(), commands.size()));
      List<String> actual = replies(ours.send(stream.toByteArray()));
      for (int i = 0; i < commands.size(); i++) {
        assertThat(ordered(commands.get(i), actual.get(i)))
            .as("seed %d, command %d: %s", seed, i, commands.get(i))
            .isEqualTo(ordered(commands.get(i), expected.get(i)));
      }
    }
  }

  @Test
  void collectionsInTheNewProtocol() {
    same("HSET", "h", "a", "1", "b", "2");
    same("SADD", "s", "a", "b");
    theirs.run("HELLO", "3");
    ours.run("HELLO", "3");
    sameInAnyOrder("SMEMBERS", "s");
    assertThat(ours.run("HGETALL", "h")).startsWith("%2\r\n");
    sameScript(
        """
        HGETALL nokey
        SMEMBERS nokey
        HGET h nofield
        HMGET h a nofield
        SISMEMBER s a
        """);
  }

  @Test
  void aCommandOfAnotherTypeIsRefused() {
    for (String make : new String[] {"SET k v", "HSET k f v", "SADD k m"}) {
      for (String command :
          """
          GET k
          SET k v GET
          SET k v XX GET EX 100
          SETNX k v
          GETSET k v
          GETEX k
          GETEX k EX x
          GETDEL k
          APPEND k v
          STRLEN k
          GETRANGE k 0 1
          GETRANGE k 0 x
          SETRANGE k 0 v
          SETRANGE k 0 ''
          SETRANGE k -1 v
          MGET k k
          MSETNX k v
          INCR k
          DECRBY k 3
          INCRBY k x
          INCRBYFLOAT k 3
          INCRBYFLOAT k x
          GETBIT k 0
          SETBIT k 0 1
          SETBIT k 0 2
          BITCOUNT k
          BITCOUNT k 0
          HSET k f 1
          HSET k f
          HGET k f
          HMGET k f
          HGETALL k
          HDEL k nofield
          HLEN k
          HEXISTS k f
          HKEYS k
          HVALS k
          HSTRLEN k f
          HSETNX k g 1
          HINCRBY k g 1
          HINCRBY k g x
          HINCRBYFLOAT k g 1
          HINCRBYFLOAT k g x
          HSCAN k 0 FOO
          HRANDFIELD k 0
          SSCAN k 0 FOO
          SRANDMEMBER k 0
          SPOP k 0
          SINTER nokey k
          SDIFF nokey nokey k
          SINTERCARD 1 k LIMIT x
          SMOVE k nokey nomember
          SMOVE nokey k m
          SMISMEMBER k m
          SADD k m
          SREM k nomember
          SMEMBERS k
          SISMEMBER k m
          SCARD k
          """
              .lines()
              .toList()) {
        same("DEL", "k");
        same(make.split(" "));
        same(words(command));
        same("TYPE", "k");
      }
      for (String command :
          """
          SET k other
          SET k other KEEPTTL
          MSET k other
          SETEX k 10000 other
          SUNIONSTORE k nokey
          SDIFFSTORE l l
          RENAME k l
          RENAMENX k l
          COPY k l
          COPY k l REPLACE
          EXPIRE k 10000
          PEXPIREAT k 1
          TOUCH k
          FLUSHALL
          """
              .lines()
              .toList()) {
        same("DEL", "k", "l");
        same("HSET", "l", "old", "1");
        same(make.split(" "));
        same(words(command));
        sameScript(
            """
            TYPE k
            TYPE l
            HGET k f
            HGET l f
            HGET l old
            SISMEMBER l m
            SCARD k
            GET k
            GET l
            HLEN l
            DBSIZE
            PTTL l
            """);
      }
    }
  }

  @Test
  void theExpiryOfACollectionStays() {
    sameScript(
        """
        HSET h a 1
        PEXPIREAT h 4102444800123
        HSET h b 2
        HSET h a 3
        PEXPIRETIME h
        HDEL h a
        PEXPIRETIME h
        RENAME h i
        PEXPIRETIME i
        COPY i j
        PEXPIRETIME j
        HGETALL j
        PERSIST j
        PEXPIRETIME j
        SADD s a
        EXPIREAT s 4102444800
        SREM s a
        SADD s b
        PEXPIRETIME s
        PEXPIREAT s 1
        SADD s c
        SMEMBERS s
        SCAN 0 COUNT 100 TYPE set
        SCAN 0 COUNT 100 TYPE zset
        SET i x
        PEXPIRETIME i
        HSET k a 1
        PEXPIREAT k 4102444800123
        SET k x KEEPTTL
        PEXPIRETIME k
        """);
  }

  @Test
  void theTableAgreesWithCommandInfo() {
    Set<String> newer = Set.of("waitaof", "client|setinfo", "client|no-touch");
    Set<String> writesNothingHere = Set.of("function|flush");
    List<String> checked = new ArrayList<>();
    for (Command command : ours.table.all()) {
      if (command.group() == Group.TREFOIL
          || newer.contains(command.name())
          || writesNothingHere.contains(command.name())) {
        continue;
      }
      checked.add(command.name());
      List<Reply> theirRow = row(theirs.run("COMMAND", "INFO", command.name()));
      List<Reply> ourRow = row(ours.run("COMMAND", "INFO", command.name()));
      assertThat(ourRow).hasSameSizeAs(theirRow);
      // Name, arity, flags, first, last and step of the keys.
      assertThat(ourRow.subList(0, 6)).isEqualTo(theirRow.subList(0, 6));
      assertThat(texts(ourRow.get(6))).as(command.name()).isEqualTo(texts(theirRow.get(6)));
      assertThat(command.upperName()).isEqualTo(command.upperName().toUpperCase(Locale.ROOT));
    }
    assertThat(checked).hasSizeGreaterThan(100);
  }

  private static List<Reply> row(String reply) {
    Reply.Several rows =
        (Reply.Several) ReplyReader.read(reply.getBytes(StandardCharsets.ISO_8859_1));
    return ((Reply.Several) rows.items().get(0)).items();
  }

  private static Set<String> texts(Reply reply) {
    return ((Reply.Several) reply)
        .items().stream()
            .map(item -> ((Reply.Status) item).text())
            .collect(Collectors.toCollection(TreeSet::new));
  }
}
