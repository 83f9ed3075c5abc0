package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sets, compared with a real Redis. */
class SetComparisonTest extends ComparedWithRedis {
  @Test
  void sets() {
    sameScript(
        """
        SADD
        SADD s
        SADD s a
        SADD s a
        SADD s a b b c ''
        SCARD s
        SCARD nokey
        SCARD
        SISMEMBER s a
        SISMEMBER s ''
        SISMEMBER s nomember
        SISMEMBER nokey a
        SISMEMBER s
        TYPE s
        SMISMEMBER s a nomember b a
        SMISMEMBER nokey a b
        SMISMEMBER s
        SREM s nomember
        SREM nokey a
        SREM s
        SREM s a a nomember
        SCARD s
        SMEMBERS nokey
        SMEMBERS
        SREM s b c ''
        EXISTS s
        SMEMBERS s
        """);
    same("SADD", "s", "1", "2", "3", "x");
    sameInAnyOrder("SMEMBERS", "s");
  }

  private static final String ALGEBRA =
      """
      SADD a 1 2 3 x ''
      SADD b 2 3 4
      SADD c 3 x 9
      SADD d 7
      SET s string
      HSET h f v
      SINTER
      SINTER a
      SINTER a b
      SINTER a b c
      SINTER a a
      SINTER a d
      SINTER a nokey
      SINTER nokey nokey
      SINTER s
      SINTER nokey s
      SINTER s nokey
      SINTER a h
      SUNION
      SUNION a
      SUNION a b c d nokey
      SUNION nokey
      SUNION a s
      SUNION nokey h
      SDIFF
      SDIFF a
      SDIFF a b
      SDIFF a b c
      SDIFF a a
      SDIFF nokey a
      SDIFF a nokey
      SDIFF nokey s
      SDIFF a s
      SDIFF s
      SINTERCARD
      SINTERCARD 1
      SINTERCARD 1 a
      SINTERCARD 2 a b
      SINTERCARD 2 a b LIMIT 0
      SINTERCARD 2 a b LIMIT 1
      SINTERCARD 2 a b LIMIT 100
      SINTERCARD 1 a LIMIT 2
      SINTERCARD 2 a b limit 1 LIMIT 2
      SINTERCARD 2 a b LIMIT -1
      SINTERCARD 2 a b LIMIT x
      SINTERCARD 2 a b LIMIT
      SINTERCARD 2 a b FOO
      SINTERCARD 2 a b FOO 1
      SINTERCARD 3 a b LIMIT 1
      SINTERCARD 0 a
      SINTERCARD -1 a
      SINTERCARD x a
      SINTERCARD 3 a b
      SINTERCARD 9223372036854775807 a
      SINTERCARD 9223372036854775808 a
      SINTERCARD 2 nokey s
      SINTERCARD 2 a nokey
      SINTERCARD 1 s LIMIT -1
      COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1
      COMMAND GETKEYS SINTERSTORE a b c
      SINTERSTORE
      SINTERSTORE r
      SINTERSTORE r a b
      SMEMBERS r
      SINTERSTORE r a nokey
      EXISTS r
      SINTERSTORE r a s
      SINTERSTORE s a b
      SMEMBERS s
      SET s string
      SINTERSTORE s a d
      EXISTS s
      SUNIONSTORE h a b
      TYPE h
      SMEMBERS h
      SUNIONSTORE a a b
      SMEMBERS a
      SUNIONSTORE r nokey
      EXISTS r
      PEXPIREAT b 4102444800123
      SUNIONSTORE b b c
      PEXPIRETIME b
      SDIFFSTORE e b c
      PEXPIREAT e 4102444800123
      SMEMBERS e
      SDIFFSTORE e a nokey
      PEXPIRETIME e
      SDIFFSTORE e e e
      EXISTS e
      PEXPIREAT c 1
      SINTER a c
      SUNION c d
      SDIFFSTORE e d c
      SET s string
      SDIFFSTORE e d s
      SMEMBERS e
      SINTERSTORE e s
      SUNIONSTORE e e s
      DBSIZE
      """;

  @Test
  void severalSets() {
    sameScriptInAnyOrder(ALGEBRA);
    same("FLUSHALL");
    speak(3);
    sameScriptInAnyOrder(ALGEBRA);
  }

  @Test
  void largeSetsWithSmallOnes() {
    Random random = new Random(5);
    for (int i = 0; i < 600; i++) {
      same("SADD", "k" + i % 3, Integer.toString(random.nextInt(300)));
      same("SADD", "few", Integer.toString(random.nextInt(10)));
    }
    sameScriptInAnyOrder(
        """
        SINTER k0 k1 k2
        SINTER few k0
        SINTER k0 few k1
        SUNION k0 k1 k2 few
        SDIFF k0 k1
        SDIFF few k0
        SDIFF k0 few k1
        SINTERCARD 2 k0 k1 LIMIT 5
        SINTERCARD 2 few k1 LIMIT 2
        SINTERCARD 3 few k1 k2
        SDIFFSTORE d k0 few
        SCARD d
        SMEMBERS d
        """);
  }

  @Test
  void movingMembers() {
    sameScript(
        """
        SADD a 1 2
        SADD b 2
        SET s string
        SMOVE
        SMOVE a b
        SMOVE a b 9
        SMOVE a b 2
        SMOVE a b 1
        EXISTS a
        SCARD b
        SMOVE a b 1
        SMOVE b c 1
        SMOVE b c 2
        EXISTS b
        SMOVE c c 1
        SMOVE c c 9
        SCARD c
        SMOVE nokey s 1
        SMOVE nokey nokey 1
        SMOVE c s 1
        SMOVE c s 9
        SMOVE s c 1
        SMOVE s nokey 1
        PEXPIREAT c 4102444800123
        SMOVE c d 1
        PEXPIRETIME c
        PEXPIRETIME d
        SMOVE d c 1
        PEXPIRETIME c
        PEXPIREAT c 1
        SMOVE c d 1
        EXISTS c d
        """);
  }

  private static final String PICKS =
      """
      SADD a 1 2 3
      SADD one m
      SET s string
      SRANDMEMBER
      SRANDMEMBER nokey
      SRANDMEMBER nokey 3
      SRANDMEMBER nokey -3
      SRANDMEMBER nokey -9223372036854775807
      SRANDMEMBER one
      SRANDMEMBER one 1
      SRANDMEMBER one -1
      SRANDMEMBER one -4
      SRANDMEMBER a 0
      SRANDMEMBER a 3
      SRANDMEMBER a 100
      SRANDMEMBER a 9223372036854775807
      SRANDMEMBER a -9223372036854775808
      SRANDMEMBER a 9223372036854775808
      SRANDMEMBER a x
      SRANDMEMBER a 1.5
      SRANDMEMBER a 1 2
      SRANDMEMBER a x 2
      SRANDMEMBER s
      SRANDMEMBER s 1
      SRANDMEMBER s x
      SPOP
      SPOP nokey
      SPOP nokey 0
      SPOP nokey 5
      SPOP nokey -1
      SPOP a 0
      SPOP a -1
      SPOP a x
      SPOP a 9223372036854775808
      SPOP a 1 2
      SPOP s
      SPOP s 0
      SPOP s 1
      SPOP s -1
      SCARD a
      SPOP one
      EXISTS one
      SADD one m
      SPOP one 1
      EXISTS one
      PEXPIREAT a 4102444800123
      SPOP a 3
      EXISTS a
      SADD a 1 2
      PEXPIRETIME a
      SPOP a 9223372036854775807
      EXISTS a
      DBSIZE
      """;

  @Test
  void randomMembers() {
    sameScriptInAnyOrder(PICKS);
    same("FLUSHALL");
    speak(3);
    sameScriptInAnyOrder(PICKS);
  }

  @Test
  void whatIsPoppedIsGone() {
    for (int i = 0; i < 1000; i++) {
      same("SADD", "s", "member-" + i);
    }
    same("PEXPIREAT", "s", "4102444800123");
    for (String count : new String[] {"1", "2", "10", "400", "500"}) {
      int popped = Integer.parseInt(count);
      long before = Long.parseLong(ours.run("SCARD", "s").substring(1).strip());
      String reply = ours.run("SPOP", "s", count);
      theirs.run("SPOP", "s", count);
      assertThat(reply).startsWith("*" + popped + "\r\n");
      assertThat(ours.run("SCARD", "s")).isEqualTo(":" + (before - popped) + "\r\n");
      for (Reply member : items(reply)) {
        assertThat(ours.run("SISMEMBER", "s", text(member))).isEqualTo(":0\r\n");
        assertThat(text(member)).startsWith("member-");
      }
      same("SCARD", "s");
      same("PEXPIRETIME", "s");
    }
    sameInAnyOrder("SCARD", "s");
    ours.run("SPOP", "s");
    theirs.run("SPOP", "s");
    same("SCARD", "s");
  }

  @Test
  void anIterationOverMembersVisitsAll() {
    for (int protocol = 2; protocol <= 3; protocol++) {
      sameScriptInAnyOrder(
          """
          SSCAN s
          SSCAN nokey 0
          SSCAN nokey 0 FOO
          SADD s a b ab
          SSCAN s 0 COUNT 100
          SSCAN s 0 COUNT 100 MATCH a*
          SSCAN s 0 COUNT 100 MATCH nothing
          SSCAN s 0 COUNT 0
          SSCAN s 0 COUNT x
          SSCAN s 0 MATCH
          SSCAN s 0 TYPE set
          SSCAN s x
          SADD ints 1 2 3
          SSCAN ints 0
          SET str 1
          SSCAN str 0
          SSCAN str x
          DEL s ints str
          """);
      speak(3);
    }
  }
}
