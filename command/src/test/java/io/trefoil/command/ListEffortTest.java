package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many elements list commands look at, and what they do with such as are too large. */
class ListEffortTest {
  private static final int ELEMENTS = 2_000;

  private final OnePartition server = new OnePartition();
  private int visited;
  private int changed;
  private int claimedLength = -1;

  /** A list of the numbers from 0 on. */
  @BeforeEach
  void fill() {
    List<String> words = new ArrayList<>(List.of("RPUSH", "l"));
    for (int i = 0; i < ELEMENTS; i++) {
      words.add(Integer.toString(i));
    }
    server.run(words.toArray(String[]::new));
  }

  private String run(String line) {
    Args args = Args.of(line.split(" "));
    ReplyWriter reply = new ReplyWriter();
    new Call(1 << 20).onCells(server.table.find(args), args, counted(), 0, 1, reply).run();
    return new String(reply.toArray(), StandardCharsets.ISO_8859_1);
  }

  private Cells counted() {
    return proxy(
        Cells.class,
        server.cells,
        (name, args, result) -> result instanceof Fields fields ? counted(fields) : result);
  }

  private Fields counted(Fields fields) {
    return proxy(
        Fields.class,
        fields,
        (name, args, result) -> {
          changed += name.equals("put") || name.equals("remove") ? 1 : 0;
          return result;
        });
  }

  private interface After {
    Object on(String name, Object[] args, Object result);
  }

  private <T> T proxy(Class<T> type, T target, After after) {
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) -> {
              for (int i = 0; args != null && i < args.length; i++) {
                args[i] = args[i] instanceof Fields.Visitor visitor ? counted(visitor) : args[i];
              }
              try {
                return after.on(method.getName(), args, method.invoke(target, args));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
    return type.cast(proxy);
  }

  private Fields.Visitor counted(Fields.Visitor visitor) {
    return (field, fieldOffset, fieldLength, value, valueOffset, valueLength) -> {
      visited++;
      int length = claimedLength < 0 ? valueLength : claimedLength;
      visitor.visit(field, fieldOffset, fieldLength, value, valueOffset, length);
    };
  }

  @ParameterizedTest
  @CsvSource({
    "LLEN l, 0, 0",
    "LINDEX l 1000, 1, 0",
    "LINDEX l -1, 1, 0",
    "LSET l 1000 x, 1, 1",
    "LPUSH l x, 1, 1",
    "RPUSH l x y z, 1, 3",
    "RPUSHX l x, 1, 1",
    "LPOP l, 1, 1",
    "RPOP l, 1, 1",
    "RPOP l 10, 10, 10",
    "LMPOP 1 l LEFT, 1, 1",
    "LMOVE l l LEFT RIGHT, 2, 2",
    "LMOVE l other LEFT RIGHT, 1, 2",
    "LRANGE l 1000 1009, 10, 0",
    "LRANGE l 9 8, 0, 0",
    "LTRIM l 3 -3, 5, 5",
    "LTRIM l 1 0, 0, 0",
    "LTRIM l 0 -1, 0, 0",
    "SORT l BY nosort LIMIT 10 5, 5, 0",
    "SORT l BY nosort DESC LIMIT 10 5, 5, 0",
  })
  void noMoreIsLookedAtThanIsAskedFor(String command, int visits, int changes) {
    assertThat(run(command)).doesNotStartWith("-");
    assertThat(visited).isEqualTo(visits);
    assertThat(changed).isEqualTo(changes);
  }

  @ParameterizedTest
  @CsvSource({
    "LPOS l 3, ':3'",
    "LPOS l 1999 RANK -1, ':1999'",
    "LPOS l none MAXLEN 100, '$-1'",
    "LREM l 1 5, ':1'",
    "LREM l -1 1998, ':1'",
    "LINSERT l BEFORE 7 x, ':2001'",
    "LINSERT l AFTER 7 x, ':2001'",
  })
  void aSearchStopsSoonAfterWhatItFound(String command, String reply) {
    assertThat(run(command)).isEqualTo(reply + "\r\n");
    assertThat(visited).isBetween(1, 130);
  }

  @ParameterizedTest
  @CsvSource({
    "LRANGE l 0 -1",
    "LINDEX l 0",
    "LPOP l",
    "RPOP l 2",
    "LMPOP 1 l LEFT",
    "SORT l",
    "SORT l BY nosort STORE other"
  })
  void whatIsTooLargeIsRefusedBeforeItIsCopiedOrRemoved(String command) {
    claimedLength = Refused.MAX_FIELDS_BYTES + 1;
    assertThat(run(command)).isEqualTo("-" + Refused.TOO_LARGE.error() + "\r\n");
    assertThat(changed).isZero();
    assertThat(server.run("LLEN", "l")).isEqualTo(":" + ELEMENTS + "\r\n");
    assertThat(server.run("EXISTS", "other")).isEqualTo(":0\r\n");
  }

  @Test
  void namesThatAreTooManyForOneWriteAreRefused() {
    FieldNames names = new FieldNames();
    byte[] none = new byte[0];
    assertThatThrownBy(() -> names.add(none, 0, Refused.MAX_FIELDS_BYTES))
        .isSameAs(Refused.TOO_LARGE);
    assertThat(names.count()).isZero();
  }

  @Test
  void pushesOfManyGoOnFromThePlaceThatTheyMade() {
    server.run("DEL", "l");
    run("LPUSH l c b a");
    run("RPUSH l d e f");
    assertThat(visited).isEqualTo(1);
    assertThat(server.cells.fields(CellType.LIST, new byte[] {'l'}, 0, 1).count()).isEqualTo(6);
    assertThat(server.run("LRANGE", "l", "0", "-1").replaceAll("[^a-f]", "")).isEqualTo("abcdef");
  }
}
