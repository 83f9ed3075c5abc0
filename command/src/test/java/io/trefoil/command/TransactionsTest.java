package io.trefoil.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.cell.CellsRefused;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is queued, and the one command that it becomes on its way to its partition. */
class TransactionsTest {
  private static final PartitionId PARTITION = new PartitionId(3, 1);

  private final OnePartition server = new OnePartition();
  private final CommandTable table = server.table;
  private final WatchedKeys watched = new WatchedKeys();

  private Transaction transaction(String... commands) {
    Transaction transaction = new Transaction(0, watched);
    for (String each : commands) {
      Args args = Args.of(each.split(" "));
      transaction.add(table.find(args), args);
    }
    return transaction;
  }

  private Args form(Transaction transaction) {
    return table.transactions().execOf(transaction, watched.all(), 2, server);
  }

  /** Runs it as the leader does that another node sent it to. */
  private String run(Args form, int partitions) {
    ReplyWriter reply = new ReplyWriter();
    Args sent = form.detached();
    Call call = new Call(1 << 20);
    call.onCells(table.findForwarded(sent), sent, server.cells, 0, partitions, reply).run();
    assertThat(reply.protocol()).isEqualTo(2);
    return new String(reply.toArray(), UTF_8);
  }

  @Test
  void theCommandsRunInTheirOrderAndEachIsAnswered() {
    Args form = form(transaction("SET a 1", "INCR a", "PING", "GET a"));
    assertThat(run(form, 1)).isEqualTo("*3\r\n+OK\r\n:2\r\n$1\r\n2\r\n");
  }

  @Test
  void anErrorOfOneDoesNotConcernTheOthers() {
    Args form = form(transaction("SADD s m", "SET a text", "INCR a", "HGET s f", "GET a"));
    assertThat(run(form, 1))
        .isEqualTo(
            "*5\r\n:1\r\n+OK\r\n-ERR value is not an integer or out of range\r\n"
                + "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
                + "$4\r\ntext\r\n");
  }

  @Test
  void itsKeysAreThoseThatAreWatchedAndThoseOfAllCommands() {
    watched.add(PARTITION, Bytes.wrap("w".getBytes(UTF_8)), new Position(4, 7), true);
    Args form = form(transaction("MSET a 1 b 2", "DBSIZE", "ECHO c", "DEL d a"));
    Command command = table.findForwarded(form);
    List<String> keys =
        IntStream.range(0, command.keyCount(form))
            .mapToObj(key -> form.text(command.keyIndex(form, key)))
            .toList();
    assertThat(keys).containsExactly("w", "a", "b", "d", "a");
    assertThat(command.has(Flag.WRITE)).isTrue();
    Transaction reads = transaction("GET a", "PING");
    assertThat(table.findForwarded(form(reads)).has(Flag.WRITE)).isFalse();
  }

  @Test
  void aReplyIsOfTheProtocolThatHelloChoseBeforeIt() {
    Args form =
        form(
            transaction(
                "GET none",
                "HELLO 3",
                "GET none",
                "HELLO 9",
                "HELLO 2 FOO",
                "GET none",
                "HELLO 2",
                "GET none"));
    assertThat(run(form, 1)).isEqualTo("*4\r\n$-1\r\n_\r\n_\r\n$-1\r\n");
    assertThat(server.session.protocol()).isEqualTo(2);
  }

  @Test
  void whatIsAboutSeveralPartitionsDoesNotRunInOneOfThem() {
    Args form = form(transaction("SET a 1", "DBSIZE"));
    assertThat(run(form, 1)).isEqualTo("*2\r\n+OK\r\n:1\r\n");
    assertThatThrownBy(() -> run(form, 2))
        .isInstanceOf(CellsRefused.class)
        .hasMessage(
            "EXECABORT Transaction discarded because of: DBSIZE is about several partitions");
  }

  @Test
  void repliesThatTakeTooMuchMemoryAreRefusedAsAWhole() {
    server.cells.putString("big".getBytes(UTF_8), 0, 3, new byte[100 << 20], 0, 100 << 20, 0);
    assertThat(run(form(transaction("STRLEN big", "GET big")), 1)).hasSizeGreaterThan(100 << 20);
    assertThatThrownBy(() -> run(form(transaction("GET big", "GET big", "GET a")), 1))
        .isInstanceOf(CellsRefused.class)
        .hasMessageStartingWith("ERR the replies of the transaction are more than 128 MB");
  }

  @ParameterizedTest
  @ValueSource(strings = {".exec-writes", ".EXEC-READS", ".watch", ".Watch"})
  void noClientCanSendWhatNodesSendEachOther(String name) {
    Args args = Args.of(name, "0", "0", "1", "2", "2", "GET", "a");
    ReplyWriter reply = new ReplyWriter();
    assertThat(table.findForwarded(args)).isNotNull();
    assertThat(table.admit(args, server.session, reply)).isNull();
    assertThat(new String(reply.toArray(), UTF_8)).startsWith("-ERR unknown command '" + name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".exec-reads 0 0 x",
        ".exec-reads 0 0 1",
        ".exec-reads 0 0 1 2 9 GET a",
        ".exec-reads 0 0 1 2 1 PING",
        ".exec-reads 0 0 1 2 1 NONE",
      })
  void aFormThatIsNoneIsRefused(String form) {
    assertThatThrownBy(() -> run(Args.of(form.split(" ")), 1)).isInstanceOf(CellsRefused.class);
  }

  @Test
  void watchTellsWhereKeysStandOnlyWhereThereIsOneOrder() {
    Args args = table.transactions().watchOf(Args.of("WATCH", "a", "b", "c"), List.of(1, 3));
    assertThat(args).hasToString(".watch a c");
    assertThatThrownBy(() -> run(args, 1))
        .isInstanceOf(CellsRefused.class)
        .hasMessageStartingWith("UNSUPPORTED WATCH needs one order of all writes");
  }

  @Test
  void aTransactionIsBounded() {
    Transaction transaction = transaction();
    Args words = Args.of("SET", "a", "x".repeat(1_000));
    Command set = table.find(words);
    assertThat(transaction.tooMuch(set, words, 2_000)).isNull();
    transaction.add(set, words);
    assertThat(transaction.tooMuch(set, words, 2_000))
        .isEqualTo("ERR the commands of a transaction are at most 2000 bytes together");
    for (int i = 1; i < Transaction.MAX_COMMANDS; i++) {
      transaction.add(table.find(Args.of("PING")), Args.of("PING"));
    }
    assertThat(transaction.tooMuch(set, words, 1 << 30))
        .startsWith("ERR a transaction has at most 100000 commands");
  }

  @Test
  void aCommandOfVeryManyWordsIsTooMuch() {
    String[] words = new String[400_001];
    Arrays.fill(words, "k");
    words[0] = "DEL";
    Args args = Args.of(words);
    Transaction transaction = transaction();
    assertThat(transaction.tooMuch(table.find(args), args, 1 << 30)).isNull();
    transaction.add(table.find(args), args);
    assertThat(transaction.tooMuch(table.find(args), args, 1 << 30)).contains("900000 words");
  }

  @Test
  void theFirstWatchOfAKeyCounts() {
    Bytes key = Bytes.wrap("k".getBytes(UTF_8));
    watched.add(PARTITION, key, new Position(4, 7), true);
    watched.add(PARTITION, Bytes.wrap("k".getBytes(UTF_8)), new Position(4, 9), false);
    watched.add(new PartitionId(4, 1), key, new Position(1, 2), false);
    assertThat(watched.all())
        .containsExactly(
            new WatchedKeys.Watched(PARTITION, key, new Position(4, 7), true),
            new WatchedKeys.Watched(new PartitionId(4, 1), key, new Position(1, 2), false));
    watched.clear();
    assertThat(watched.isEmpty()).isTrue();
    assertThat(watched.bytes()).isZero();
  }
}
