package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Hashes, compared with a real Redis. */
class HashComparisonTest extends ComparedWithRedis {
  @Test
  void hashes() {
    sameScript(
        """
        HSET
        HSET h
        HSET h a
        HSET h a 1
        HSET h a 2
        HSET h a 3 b
        HSET h a 3 b 4 c 5 b 6
        HMSET h a
        HMSET h a 1 b
        HMSET h a 3 d 1
        HMSET m a 1
        HDEL h d
        DEL m
        HSET h '' empty
        HGET h a
        HGET h b
        HGET h ''
        HGET h nofield
        HGET nokey a
        HGET h
        HGET h a b
        HMGET h a nofield b a
        HMGET nokey a b
        HMGET h
        HLEN h
        HLEN nokey
        HLEN
        HEXISTS h a
        HEXISTS h nofield
        HEXISTS nokey a
        HEXISTS h
        TYPE h
        EXISTS h nokey h
        OBJECT REFCOUNT h
        HDEL h nofield
        HDEL nokey a
        HDEL h
        HDEL h a a b nofield
        HLEN h
        HDEL h c ''
        EXISTS h
        TYPE h
        HGETALL h
        HGETALL nokey
        HGETALL
        HKEYS nokey
        HVALS nokey
        HKEYS
        HSTRLEN nokey a
        HSTRLEN h
        HSETNX h a
        HSETNX h a 1
        HSETNX h a 2
        HSTRLEN h a
        HINCRBY h a
        HINCRBY h a 5
        HINCRBY h a x
        HINCRBY h a -9223372036854775808
        HINCRBY h a -10
        HINCRBY h b 7
        HINCRBY new c 7
        HSET h b text
        HINCRBY h b 7
        HGETALL new
        DEL h new
        DBSIZE
        HSET h a 1
        HSET h a 1 b 2
        DEL h
        HLEN h
        HSET h c 3
        HMGET h a b c
        UNLINK h
        HGETALL h
        """);
    sameScript(
        """
        HMSET
        HMSET m
        HMSET m a
        HMSET m a 1
        HMSET m a 2 b
        HMSET m a 2 b 3 a 4
        HMGET m a b
        SET s x
        HMSET s a 1
        """);
    same("HSET", "h", "a", "1", "b", "2", "c", "3", "d", "");
    sameInAnyOrder("HGETALL", "h");
    sameInAnyOrder("HKEYS", "h");
    sameInAnyOrder("HVALS", "h");
  }

  @Test
  void floatsOfFields() {
    sameScript(
        """
        HINCRBYFLOAT h f 0.1
        HINCRBYFLOAT h f 0.2
        HINCRBYFLOAT h f -0.3
        HINCRBYFLOAT h f 1e3
        HINCRBYFLOAT h f 3.14159265358979323846264338327950288
        HGET h f
        HINCRBYFLOAT h f x
        HINCRBYFLOAT h f ''
        HINCRBYFLOAT h f nan
        HINCRBYFLOAT h f inf
        HINCRBYFLOAT h f -inf
        HINCRBYFLOAT h new inf
        HEXISTS h new
        HINCRBYFLOAT nokey f inf
        EXISTS nokey
        HINCRBYFLOAT h f 1e5000
        HINCRBYFLOAT h f
        HINCRBYFLOAT h f 1 2
        HSET h text x empty '' big 1e4932 i 7 inf inf
        HINCRBYFLOAT h text 1
        HINCRBYFLOAT h text inf
        HINCRBYFLOAT h text x
        HINCRBYFLOAT h empty 1
        HINCRBYFLOAT h inf 1
        HINCRBYFLOAT h big 1e4932
        HINCRBYFLOAT h i 0.5
        HINCRBYFLOAT h i 0.5
        HINCRBY h i 1
        HSET h padded 12345678901234567890123
        HINCRBYFLOAT h padded 1
        HINCRBYFLOAT other f 5
        HGETALL other
        PEXPIREAT other 4102444800123
        HINCRBYFLOAT other f 1
        HINCRBYFLOAT other g 1
        PEXPIRETIME other
        """);
    same("HSET", "h", "long", "1" + "0".repeat(6000));
    same("HINCRBYFLOAT", "h", "long", "1");
  }

  @Test
  void randomFloatsHaveRedissDigits() {
    Random random = new Random(8);
    for (int i = 0; i < 500; i++) {
      int exponent = random.nextInt(40) - 20;
      long digits = random.nextLong() >> random.nextInt(60);
      String field = "f" + i / 20;
      same("HINCRBYFLOAT", "h", field, digits + "." + random.nextInt(1_000_000) + "e" + exponent);
    }
  }

  private static final String ODD_PICKS =
      """
      HRANDFIELD
      HRANDFIELD nokey
      HRANDFIELD nokey 5
      HRANDFIELD nokey -5
      HRANDFIELD nokey 0 WITHVALUES
      HRANDFIELD nokey 1 WITHVALUES
      HRANDFIELD h 0
      HRANDFIELD h 0 WITHVALUES
      HRANDFIELD h 2
      HRANDFIELD h 2 withvalues
      HRANDFIELD h 100 WITHVALUES
      HRANDFIELD h 9223372036854775807
      HRANDFIELD h x
      HRANDFIELD h 1.5
      HRANDFIELD h x FOO
      HRANDFIELD h 1 FOO
      HRANDFIELD h 1 WITHVALUES x
      HRANDFIELD h -9223372036854775808
      HRANDFIELD h 9223372036854775808
      HRANDFIELD h -4611686018427387904 WITHVALUES
      HRANDFIELD h 4611686018427387904 WITHVALUES
      HRANDFIELD h 4611686018427387903 WITHVALUES
      HRANDFIELD nokey -4611686018427387903 WITHVALUES
      HRANDFIELD nokey -9223372036854775807 WITHVALUES
      HRANDFIELD one
      HRANDFIELD one 1
      HRANDFIELD one -1
      HRANDFIELD one -3
      HRANDFIELD one -3 WITHVALUES
      HRANDFIELD s
      HRANDFIELD s x
      HRANDFIELD s 1
      """;

  @Test
  void randomFields() {
    for (int protocol = 2; protocol <= 3; protocol++) {
      same("HSET", "h", "a", "1", "b", "2");
      same("HSET", "one", "f", "v");
      same("SET", "s", "string");
      sameScriptInAnyOrder(ODD_PICKS);
      same("DEL", "h", "one", "s");
      speak(3);
    }
  }

  @Test
  void anIterationOverFieldsVisitsAll() {
    for (int protocol = 2; protocol <= 3; protocol++) {
      sameScriptInAnyOrder(
          """
          HSCAN h
          HSCAN nokey 0
          HSCAN nokey 0 FOO
          HSCAN nokey 77 COUNT 1
          HSCAN nokey x
          HSCAN nokey ''
          HSET h a 1 b 2 ab 3
          HSCAN h 0
          HSCAN h 0 MATCH a*
          HSCAN h 0 MATCH a* COUNT 10
          HSCAN h 0 COUNT 100 MATCH nothing
          HSCAN h 0 COUNT 3
          HSCAN h 0 COUNT 0
          HSCAN h 0 COUNT -1
          HSCAN h 0 COUNT x
          HSCAN h 0 COUNT
          HSCAN h 0 COUNT 1 MATCH
          HSCAN h 0 TYPE hash
          HSCAN h 0 FOO bar
          HSCAN h x
          HSCAN h -x
          HSCAN h 18446744073709551616
          HSCAN h x FOO
          SET s 1
          HSCAN s 0
          HSCAN s 0 FOO
          HSCAN s x
          DEL h s
          """);
      speak(3);
    }
  }

  @Test
  void anIterationInStepsVisitsTheSameAsRediss() {
    for (int i = 0; i < 1000; i++) {
      same("HSET", "h", "field-" + i, "value-" + i);
    }
    TreeMap<String, String> all = iterate(ours::run, "COUNT", "7");
    assertThat(all).hasSize(1000).isEqualTo(iterate(theirs::run, "COUNT", "7"));
    assertThat(iterate(ours::run, "MATCH", "*-1?")).hasSize(10);
    assertThat(iterate(ours::run, "COUNT", "9223372036854775807")).isEqualTo(all);
  }

  private interface Server {
    String run(String... words);
  }

  private static TreeMap<String, String> iterate(Server server, String... options) {
    TreeMap<String, String> found = new TreeMap<>();
    String cursor = "0";
    do {
      String[] words = {"HSCAN", "h", cursor, options[0], options[1]};
      List<Reply> parts = items(server.run(words));
      cursor = text(parts.get(0));
      List<Reply> items = ((Reply.Several) parts.get(1)).items();
      for (int i = 0; i < items.size(); i += 2) {
        found.put(text(items.get(i)), text(items.get(i + 1)));
      }
    } while (!cursor.equals("0"));
    return found;
  }
}
