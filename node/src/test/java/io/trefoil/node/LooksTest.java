package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cell.CellType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands of a leaderless database say that they look at: others are asked about that. */
class LooksTest {
  @TempDir private Path folder;
  private MergedReplica replica;

  @BeforeEach
  void open() {
    replica = new MergedReplica(1, folder);
    for (String command :
        List.of("RPUSH l a b c", "ZADD z 1 a 2 b", "SADD s a b", "HSET h a 1 b 2", "SET k v")) {
      replica.run(command.split(" "));
    }
    for (String command :
        List.of(
            "RPUSH gone-l a",
            "ZADD gone-z 1 a",
            "SADD gone-s a",
            "HSET gone-h a 1",
            "LREM gone-l 0 a",
            "ZREM gone-z a",
            "SREM gone-s a",
            "HDEL gone-h a")) {
      replica.run(command.split(" "));
    }
  }

  @AfterEach
  void close() {
    replica.close();
  }

  /** Else it would be asked about something new each time, and given up. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "RPUSH l x y z",
        "LPUSH l x y z",
        "RPUSH new x y z",
        "LPUSH new x y z",
        "RPUSH gone-l x y",
        "LINSERT l BEFORE b x",
        "LINSERT l AFTER c x",
        "LSET l 1 x",
        "LREM l 0 a",
        "LTRIM l 1 1",
        "ZADD z 3 c 4 d",
        "ZADD new 3 c",
        "ZINCRBY z 3 c",
        "ZREM z a c",
        "ZREMRANGEBYRANK z 0 0",
        "ZREMRANGEBYSCORE z -inf +inf",
        "ZRANGE z 0 -1",
        "SADD new x y",
        "SREM s a x",
        "HSET new f v",
        "HINCRBY h n 1",
        "INCR new",
        "DEL l z s h k",
        "PEXPIRE l 1000",
      })
  void aCommandThatRunsAgainLooksAtNothingElse(String command) {
    CellQuestion question = new CellQuestion();
    replica.runUndone(question, command.split(" "));
    assertThat(question.isOpen()).isTrue();
    question.ask(replica.merged());
    question.begin();
    replica.runUndone(question, command.split(" "));
    assertThat(question.isOpen()).isFalse();
  }

  /** There is none to be seen here, but others may have some. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "LLEN gone-l",
        "LRANGE gone-l 0 -1",
        "LINDEX gone-l 0",
        "RPUSH gone-l x",
        "ZCARD gone-z",
        "ZRANGE gone-z 0 -1",
        "ZCOUNT gone-z 0 1",
        "SCARD gone-s",
        "SMEMBERS gone-s",
        "HLEN gone-h",
        "HGETALL gone-h",
        "HKEYS gone-h",
        "EXISTS gone-h",
        "TYPE gone-h",
      })
  void fieldsOfAKeyThatHasNoneHereAreAskedFor(String command) {
    List<String> fieldsOf = new ArrayList<>();
    replica.runUndone(
        new MergedCells.Looks() {
          @Override
          public void atKey(byte[] key, int offset, int length) {}

          @Override
          public void atField(byte[] key, CellType type, byte[] field, int offset, int length) {}

          @Override
          public void atFields(byte[] key) {
            fieldsOf.add(new String(key));
          }
        },
        command.split(" "));
    assertThat(fieldsOf).contains(command.split(" ")[1]);
  }
}
