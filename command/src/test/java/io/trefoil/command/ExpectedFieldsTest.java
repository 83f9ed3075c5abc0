package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on many fields say first which ones, so that these are fetched together. */
class ExpectedFieldsTest {
  private final OnePartition server = new OnePartition();
  private final Set<Bytes> expected = new HashSet<>();
  private final Set<Bytes> places = new HashSet<>();
  private final Set<Bytes> used = new HashSet<>();

  ExpectedFieldsTest() {
    server.run("HSET", "h", "a", "1", "b", "2", "c", "3");
    server.run("SADD", "s", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m");
    server.run("SADD", "few", "a", "x");
    server.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d");
    server.run("RPUSH", "l", "a", "b", "a", "c");
  }

  private void run(String line) {
    Args args = Args.of(line.split(" "));
    ReplyWriter reply = new ReplyWriter();
    new Call(1 << 20).onCells(server.table.find(args), args, cells(), 0, 1, reply).run();
    assertThat((char) reply.toArray()[0]).isNotEqualTo('-');
  }

  private interface Before {
    void on(String name, Object[] args);
  }

  private Cells cells() {
    return proxy(Cells.class, server.cells, (name, args) -> {});
  }

  private void note(String name, Object[] args) {
    switch (name) {
      case "expect" -> {
        add(args[0], expected);
        if (args.length > 1) {
          add(args[1], places);
        }
      }
      case "find", "put", "remove" ->
          used.add(Bytes.copyOf((byte[]) args[0], (int) args[1], (int) args[2]));
      default -> {
        // Looks for no field by its name.
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static void add(Object names, Set<Bytes> to) {
    ((Supplier<Stream<byte[]>>) names).get().map(Bytes::wrap).forEach(to::add);
  }

  private <T> T proxy(Class<T> type, T target, Before before) {
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) -> {
              before.on(method.getName(), args);
              try {
                Object result = method.invoke(target, args);
                return result instanceof Fields fields
                    ? proxy(Fields.class, fields, this::note)
                    : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
    return type.cast(proxy);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HMGET h a c x",
        "HSET h a 5 x 6",
        "HDEL h a c x",
        "SMISMEMBER s a c x",
        "SADD s a c x",
        "SREM s a c x",
        "SPOP s 3",
        "SINTER few s",
        "SDIFF few s",
        "ZMSCORE z a c x",
        "ZADD z 1 a 5 c 6 x",
        "ZADD z XX CH 1 a 5 c",
        "ZREM z a c x",
        "ZPOPMIN z 2",
        "ZPOPMAX z 2",
        "ZMPOP 1 z MIN COUNT 2",
        "ZREMRANGEBYRANK z 1 2",
        "ZREMRANGEBYSCORE z 2 3",
        "LREM l 0 a",
        "LTRIM l 1 -2",
        "LPOP l 2",
      })
  void whatIsLookedForWasExpected(String command) {
    run(command);
    assertThat(used).hasSizeGreaterThan(1);
    assertThat(expected).containsAll(used);
  }

  @Test
  void newPlacesInAnOrderAreExpected() {
    run("ZADD z CH 5 a 6.5 x");
    assertThat(places).containsExactlyInAnyOrder(place(5, "a"), place(6.5, "x"));
  }

  private static Bytes place(double score, String member) {
    byte[] name = Bytes.utf8(member).array();
    byte[] place = new byte[Score.BYTES + name.length];
    Score.write(score, place, 0);
    System.arraycopy(name, 0, place, Score.BYTES, name.length);
    return Bytes.wrap(place);
  }
}
