package io.trefoil.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseGrammarTest {
  @Test
  void allOptionsOfASingleLeaderAreRead() {
    assertThat(
            parse(
                "create Orders number 4 replication single-leader replicas 3 partitions 8"
                    + " durability fsync write-timeout 900 reads bounded 500"
                    + " commit semi-sync 1 failover safe"))
        .isEqualTo(
            new DatabaseStatement.Create(
                "Orders",
                new DatabaseOptions(
                    4,
                    Replication.SINGLE_LEADER,
                    3,
                    8,
                    CommitRule.semiSync(1),
                    Durability.FSYNC,
                    900,
                    Reads.bounded(500),
                    FailoverRule.SAFE,
                    null,
                    null,
                    null,
                    null)));
  }

  @Test
  void regionsAreRemovedWithForceOnlyWhenThatIsSaid() {
    DatabaseStatement.Alter forced =
        (DatabaseStatement.Alter) parse("ALTER users REGIONS 1 eu FORCE");
    assertThat(forced.force()).isTrue();
    assertThat(forced.options().saysOfRegionsOnly()).isTrue();
    DatabaseStatement.Alter alter =
        (DatabaseStatement.Alter) parse("ALTER users REGIONS 1 eu CONFLICT LWW REPLICAS 2");
    assertThat(alter.force()).isFalse();
    assertThat(alter.options().saysOfRegions()).isTrue();
    assertThat(alter.options().saysOfRegionsOnly()).isFalse();
  }

  @Test
  void allOptionsOfALeaderlessDatabaseAreRead() {
    assertThat(
            parse(
                "create carts replication leaderless replicas 5 durability fsync write-timeout 900"
                    + " r 2 w 4 sloppy yes conflict siblings"))
        .isEqualTo(
            new DatabaseStatement.Create(
                "carts",
                new DatabaseOptions(
                    null,
                    Replication.LEADERLESS,
                    5,
                    null,
                    null,
                    Durability.FSYNC,
                    900,
                    null,
                    null,
                    2,
                    4,
                    true,
                    Conflict.SIBLINGS)));
  }

  @Test
  void allOptionsOfAMultiLeaderDatabaseAreRead() {
    assertThat(
            parse(
                "create users number 4 replication multi-leader regions 3 EU us r replicas 2"
                    + " partitions 8 durability fsync write-timeout 900 reads session"
                    + " commit sync failover safe topology star us conflict siblings"))
        .isEqualTo(
            new DatabaseStatement.Create(
                "users",
                new DatabaseOptions(
                    4,
                    Replication.MULTI_LEADER,
                    2,
                    8,
                    CommitRule.SYNC,
                    Durability.FSYNC,
                    900,
                    Reads.SESSION,
                    FailoverRule.SAFE,
                    null,
                    null,
                    null,
                    Conflict.SIBLINGS,
                    List.of("EU", "us", "r"),
                    Topology.star("us"))));
  }

  @Test
  void aRegionWithoutANameIsNone() {
    for (List<String> words :
        List.of(List.of("TOPOLOGY", "STAR", ""), List.of("REGIONS", "1", ""))) {
      List<String> create = new ArrayList<>(List.of("CREATE", "users"));
      create.addAll(words);
      assertThat(DatabaseGrammar.parse(create))
          .isEqualTo(
              new DatabaseStatement.Invalid(
                  "ERR DATABASE CREATE: a region's name is 1 to 64 letters, digits, '.', '_' or"
                      + " '-', not ''"));
    }
  }

  @ParameterizedTest
  @CsvSource({"ALL-TO-ALL", "ring", "STAR us"})
  void aTopologyIsWrittenAsItIsRead(String topology) {
    DatabaseStatement.Create create =
        (DatabaseStatement.Create)
            parse(
                "CREATE users REPLICATION MULTI-LEADER TOPOLOGY " + topology + " REGIONS 2 eu us");
    assertThat(create.options().topology()).asString().isEqualToIgnoringCase(topology);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REPLICAS 2 | REGIONS is missing: a multi-leader database has 1 to 15, as in REGIONS 2 eu"
            + " us",
        "REGIONS 0 | REGIONS is a number from 1 to 15, not '0'",
        "REGIONS 16 | REGIONS is a number from 1 to 15, not '16'",
        "REGIONS eu us | REGIONS is a number from 1 to 15, not 'eu'",
        "REGIONS 3 eu us | region 3 of 3 is missing",
        "REGIONS 3 eu us replicas 2 | region 3 of 3 is missing, found REPLICAS",
        "REGIONS 1 eu us | unknown option 'us'",
        "REGIONS 2 eu u/s | a region's name is 1 to 64 letters, digits, '.', '_' or '-', not 'u/s'",
        "REGIONS 2 eu eu | region 'eu' is given twice",
        "REGIONS 2 eu us TOPOLOGY | TOPOLOGY needs a value: ALL-TO-ALL, RING or STAR hub",
        "REGIONS 2 eu us TOPOLOGY RIGN | TOPOLOGY is ALL-TO-ALL, RING or STAR hub, not 'RIGN', did"
            + " you mean RING?",
        "REGIONS 2 eu us TOPOLOGY STAR ap | the hub 'ap' is not one of REGIONS eu, us",
        "REGIONS 2 eu us R 2 | R is an option of LEADERLESS, the database is MULTI-LEADER",
      })
  void mistakesWithAMultiLeaderDatabaseAreNamed(String options, String error) {
    assertThat(parse("CREATE users REPLICATION MULTI-LEADER " + options))
        .isEqualTo(new DatabaseStatement.Invalid("ERR DATABASE CREATE: " + error));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CREATE carts REPLICATION LEADERLESS R 0 | R is a number from 1 to 7, not '0'",
        "CREATE carts REPLICATION LEADERLESS W 8 | W is a number from 1 to 7, not '8'",
        "CREATE carts REPLICATION LEADERLESS SLOPPY MAYBE | SLOPPY is YES or NO, not 'MAYBE'",
        "CREATE carts REPLICATION LEADERLESS CONFLICT LLW | CONFLICT is LWW or SIBLINGS, not"
            + " 'LLW', did you mean LWW?",
        "CREATE carts REPLICATION LEADERLESS FAILOVER SAFE | FAILOVER is an option of SINGLE-LEADER"
            + " or MULTI-LEADER, the database is LEADERLESS",
        "CREATE carts REPLICATION LEADERLESS READS EVENTUAL | READS is an option of SINGLE-LEADER"
            + " or MULTI-LEADER, the database is LEADERLESS; how many replicas its reads ask is"
            + " said with R",
        "CREATE carts CONFLICT LWW | CONFLICT is an option of LEADERLESS or MULTI-LEADER, the"
            + " database is SINGLE-LEADER",
      })
  void mistakesWithALeaderlessDatabaseAreNamed(String words, String error) {
    assertThat(parse(words))
        .isEqualTo(new DatabaseStatement.Invalid("ERR DATABASE CREATE: " + error));
  }

  @Test
  void anAlterDoesNotKnowWhatTheDatabaseIs() {
    DatabaseStatement.Alter alter = (DatabaseStatement.Alter) parse("ALTER carts R 1 COMMIT SYNC");
    assertThat(alter.options().readQuorum()).isEqualTo(1);
  }

  @Test
  void whatIsNotSaidStaysOpen() {
    assertThat(parse("CREATE orders"))
        .isEqualTo(new DatabaseStatement.Create("orders", DatabaseOptions.NONE));
  }

  @Test
  void otherStatementsTakeANameOrNothing() {
    assertThat(parse("DROP orders")).isEqualTo(new DatabaseStatement.Drop("orders"));
    assertThat(parse("INFO 0")).isEqualTo(new DatabaseStatement.Info("0"));
    assertThat(parse("VERIFY orders")).isEqualTo(new DatabaseStatement.Verify("orders"));
    assertThat(parse("LIST")).isEqualTo(new DatabaseStatement.ListAll());
    assertThat(parse("help")).isEqualTo(new DatabaseStatement.Help());
    DatabaseStatement.Alter alter = (DatabaseStatement.Alter) parse("ALTER 3 COMMIT SYNC");
    assertThat(alter.name()).isEqualTo("3");
    assertThat(alter.options().commit()).isEqualTo(CommitRule.SYNC);
  }

  @Test
  void optionsAloneAreReadForDatabase0() {
    DatabaseStatement parsed = DatabaseGrammar.parseOptions(List.of("PARTITIONS", "1"));
    assertThat(((DatabaseStatement.Alter) parsed).options().partitions()).isEqualTo(1);
    assertThat(DatabaseGrammar.parseOptions(List.of("PARTITION", "1")))
        .isEqualTo(
            new DatabaseStatement.Invalid(
                "ERR DATABASE CREATE: unknown option 'PARTITION', did you mean PARTITIONS?"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "CREATE orders REPLCAS 3 | ERR DATABASE CREATE: unknown option 'REPLCAS', did you mean"
            + " REPLICAS?",
        "CREATE orders COMIMT SYNC | ERR DATABASE CREATE: unknown option 'COMIMT', did you mean"
            + " COMMIT?",
        "CREATE orders COLOUR red | ERR DATABASE CREATE: unknown option 'COLOUR'",
        "CREATE orders Q 3 | ERR DATABASE CREATE: unknown option 'Q'",
        "CRATE orders | ERR DATABASE: unknown word 'CRATE', did you mean CREATE?",
        "\"\" | ERR DATABASE: CREATE, ALTER, MOVE, DROP, LIST, INFO, VERIFY or HELP is missing",
        "CREATE | ERR DATABASE CREATE: a name is missing",
        "CREATE 17 | ERR DATABASE CREATE: the name '17' would be taken for a number",
        "CREATE a/b | ERR DATABASE CREATE: a name is 1 to 64 letters, digits, '.', '_' or '-',"
            + " not 'a/b'",
        "CREATE orders REPLICAS | ERR DATABASE CREATE: REPLICAS needs a value",
        "CREATE orders REPLICAS 9 | ERR DATABASE CREATE: REPLICAS is a number from 1 to 7, not"
            + " '9'",
        "CREATE orders PARTITIONS many | ERR DATABASE CREATE: PARTITIONS is a number from 1 to"
            + " 1024, not 'many'",
        "CREATE orders WRITE-TIMEOUT 0 | ERR DATABASE CREATE: WRITE-TIMEOUT is a number from 1 to"
            + " 600000, not '0'",
        "CREATE orders REPLICAS 3 REPLICAS 3 | ERR DATABASE CREATE: REPLICAS is given twice",
        "CREATE orders COMMIT | ERR DATABASE CREATE: COMMIT needs a value: ASYNC, SEMI-SYNC k,"
            + " MAJORITY or SYNC",
        "CREATE orders COMMIT MAJORTY | ERR DATABASE CREATE: COMMIT is ASYNC, SEMI-SYNC k,"
            + " MAJORITY or SYNC, not 'MAJORTY', did you mean MAJORITY?",
        "CREATE orders COMMIT SEMI-SYNC | ERR DATABASE CREATE: COMMIT SEMI-SYNC needs a value",
        "CREATE orders READS BOUNDED soon | ERR DATABASE CREATE: READS BOUNDED is a number from 1"
            + " to 3600000, not 'soon'",
        "CREATE users REPLICATION MULTI-LEADER REGIONS 2 eu | ERR DATABASE CREATE: region 2 of 2"
            + " is missing",
        "CREATE users REPLICATION MULTI-LEADER TOPOLOGY STAR | ERR DATABASE CREATE: the hub of"
            + " STAR is missing",
        "CREATE carts R 2 | ERR DATABASE CREATE: R is an option of LEADERLESS, the database is"
            + " SINGLE-LEADER",
        "CREATE carts REPLICATION LEADERLESS COMMIT SYNC | ERR DATABASE CREATE: COMMIT is an option"
            + " of SINGLE-LEADER or MULTI-LEADER, the database is LEADERLESS",
        "ALTER orders | ERR DATABASE ALTER: an option is missing",
        "ALTER users FORCE REGIONS 1 eu | ERR DATABASE ALTER: FORCE is for REGIONS, and follows them",
        "CREATE users REPLICATION MULTI-LEADER REGIONS 1 eu FORCE | ERR DATABASE CREATE: unknown"
            + " option 'FORCE'",
        "MOVE orders | ERR DATABASE MOVE: FROM is missing",
        "MOVE orders FORM n1 TO n2 | ERR DATABASE MOVE: expected FROM, found 'FORM'",
        "MOVE orders PARTITION x FROM n1 TO n2 | ERR DATABASE MOVE: PARTITION is a number from 0 to"
            + " 1023, not 'x'",
        "MOVE orders FROM n1 TO n2 n3 | ERR DATABASE MOVE: nothing may follow, found 'n3'",
        "LIST orders | ERR DATABASE LIST: nothing may follow, found 'orders'",
      })
  void mistakesAreNamed(String words, String error) {
    assertThat(parse(words)).isEqualTo(new DatabaseStatement.Invalid(error));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "orders TO n2 | SwitchOver[name=orders, partition=null, node=n2]",
        "orders PARTITION 3 to n2 | SwitchOver[name=orders, partition=3, node=n2]",
        "FROM n1 | Drain[node=n1, drained=true]",
        "to n1 | Drain[node=n1, drained=false]",
        "from TO n1 | SwitchOver[name=from, partition=null, node=n1]",
        "HELP | Help[]",
        "\"\" | Invalid[error=ERR SWITCHOVER: a database, FROM or TO is missing]",
        "FROM | Invalid[error=ERR SWITCHOVER: TO is missing]",
        "orders | Invalid[error=ERR SWITCHOVER: TO is missing]",
        "orders TO | Invalid[error=ERR SWITCHOVER: the node after TO is missing]",
        "orders FORM n1 | Invalid[error=ERR SWITCHOVER: expected TO, found 'FORM']",
      })
  void aSwitchoverIsOfADatabaseOrOfANode(String words, String statement) {
    List<String> given = words.isEmpty() ? List.of() : List.of(words.split(" "));
    assertThat(DatabaseGrammar.parseSwitchover(given)).hasToString(statement);
  }

  @Test
  void anErrorStaysOneShortLine() {
    String word = "A\r\n+OK" + "B".repeat(100_000);
    DatabaseStatement parsed = DatabaseGrammar.parse(List.of("CREATE", "orders", word));
    String error = ((DatabaseStatement.Invalid) parsed).error();
    assertThat(error).hasSizeLessThan(200).doesNotContain("\r", "\n");
  }

  @Property
  void anyWordsGetAnAnswer(@ForAll @Size(max = 6) List<String> words) {
    assertThat(DatabaseGrammar.parse(words)).isNotNull();
    List<String> create = new ArrayList<>(List.of("CREATE", "orders"));
    create.addAll(words);
    assertThat(DatabaseGrammar.parse(create)).isNotNull();
  }

  private static DatabaseStatement parse(String words) {
    return DatabaseGrammar.parse(words.isEmpty() ? List.of() : List.of(words.split(" +")));
  }
}
