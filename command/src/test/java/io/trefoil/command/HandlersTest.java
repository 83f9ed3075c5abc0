package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import org.junit.jupiter.api.Test;

/** What a real Redis can't be asked: time that stands still, logins, our own extensions. */
class HandlersTest {
  private final OnePartition server = new OnePartition();

  @Test
  void timeLeftIsRoundedToTheNearestSecond() {
    server.run("SET", "k", "v", "PX", "1499");
    assertThat(server.run("PTTL", "k")).isEqualTo(":1499\r\n");
    assertThat(server.run("TTL", "k")).isEqualTo(":1\r\n");
    server.run("PEXPIRE", "k", "1500");
    assertThat(server.run("TTL", "k")).isEqualTo(":2\r\n");
    server.run("GETEX", "k", "EX", "7");
    assertThat(server.run("PTTL", "k")).isEqualTo(":7000\r\n");
    server.run("PSETEX", "k", "5", "w");
    assertThat(server.run("PEXPIRETIME", "k")).isEqualTo(":1000000000005\r\n");
  }

  @Test
  void aKeyIsGoneAtTheMillisecondItExpires() {
    server.run("SET", "k", "v", "PX", "10");
    server.cells.setNowMillis(server.nowMillis + 9);
    assertThat(server.run("GET", "k")).isEqualTo("$1\r\nv\r\n");
    server.cells.setNowMillis(server.nowMillis + 10);
    assertThat(server.run("GET", "k")).isEqualTo("$-1\r\n");
    assertThat(server.run("INCR", "k")).isEqualTo(":1\r\n");
    assertThat(server.run("TTL", "k")).isEqualTo(":-1\r\n");
  }

  @Test
  void greaterAndLessCompareWithTheCurrentExpiry() {
    server.run("SET", "k", "v", "EX", "100");
    assertThat(server.run("EXPIRE", "k", "100", "GT")).isEqualTo(":0\r\n");
    assertThat(server.run("EXPIRE", "k", "101", "GT")).isEqualTo(":1\r\n");
    assertThat(server.run("EXPIRE", "k", "101", "LT")).isEqualTo(":0\r\n");
    assertThat(server.run("EXPIRE", "k", "50", "LT")).isEqualTo(":1\r\n");
    assertThat(server.run("TTL", "k")).isEqualTo(":50\r\n");
  }

  @Test
  void aPasswordIsAskedForUntilItIsGiven() {
    server.password = "secret";
    server.connect();
    assertThat(server.run("GET", "k")).isEqualTo("-NOAUTH Authentication required.\r\n");
    assertThat(server.run("HELLO", "3")).startsWith("-NOAUTH HELLO must be called");
    assertThat(server.run("FOO")).startsWith("-ERR unknown command 'FOO'");
    assertThat(server.run("AUTH", "wrong"))
        .isEqualTo("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    assertThat(server.run("AUTH", "other", "secret")).startsWith("-WRONGPASS ");
    assertThat(server.run("AUTH", "secret")).isEqualTo("+OK\r\n");
    assertThat(server.run("GET", "k")).isEqualTo("$-1\r\n");
    assertThat(server.run("RESET")).isEqualTo("+RESET\r\n");
    assertThat(server.run("GET", "k")).isEqualTo("-NOAUTH Authentication required.\r\n");
    assertThat(server.run("HELLO", "3", "AUTH", "default", "secret")).startsWith("%7\r\n");
    assertThat(server.run("GET", "k")).isEqualTo("_\r\n");
    assertThat(server.run("ACL", "LIST")).contains("user default on ~*");
  }

  @Test
  void aFailedHelloChangesNothingOfTheProtocol() {
    assertThat(server.run("HELLO", "3", "FOO"))
        .isEqualTo("-ERR Syntax error in HELLO option 'FOO'\r\n");
    assertThat(server.run("GET", "k")).isEqualTo("$-1\r\n");
    assertThat(server.session.protocol()).isEqualTo(2);
  }

  @Test
  void databasesAreSelectedByNumberOrName() {
    assertThat(server.run("SELECT", "orders")).isEqualTo("+OK\r\n");
    assertThat(server.session.database()).isEqualTo(7);
    assertThat(server.run("SELECT", "nosuch"))
        .isEqualTo("-ERR value is not an integer or out of range\r\n");
    assertThat(server.session.database()).isEqualTo(7);
    server.run("RESET");
    assertThat(server.session.database()).isZero();
  }

  @Test
  void readonlyAndReadwriteSetWhatReadsPromise() {
    assertThat(server.run("READONLY")).isEqualTo("+OK\r\n");
    assertThat(server.session.consistency()).isEqualTo(Consistency.EVENTUAL);
    assertThat(server.run("READWRITE")).isEqualTo("+OK\r\n");
    assertThat(server.session.consistency()).isEqualTo(Consistency.DATABASE_DEFAULT);
  }

  @Test
  void clientsTellTheirLibraryAndAreListed() {
    assertThat(server.run("CLIENT", "SETINFO", "LIB-NAME", "redis-py")).isEqualTo("+OK\r\n");
    assertThat(server.run("CLIENT", "SETINFO", "lib-ver", "7.1")).isEqualTo("+OK\r\n");
    assertThat(server.run("CLIENT", "SETINFO", "lib-name", "a b"))
        .isEqualTo("-ERR lib-name cannot contain spaces, newlines or special characters.\r\n");
    assertThat(server.run("CLIENT", "SETINFO", "FOO", "x"))
        .isEqualTo("-ERR Unrecognized option 'FOO'\r\n");
    server.run("CLIENT", "SETNAME", "bob");
    server.run("CLIENT", "NO-TOUCH", "ON");
    server.nowMillis += 5000;
    assertThat(server.run("CLIENT", "INFO"))
        .contains("id=1 addr=127.0.0.1:50 laddr=127.0.0.1:6379 fd=-1 name=bob age=5 idle=0 flags=T")
        .contains("cmd=client|info user=default redir=-1 resp=2 lib-name=redis-py lib-ver=7.1\n");
    server.connect();
    assertThat(server.run("CLIENT", "LIST")).contains("id=1 ").contains("id=2 ");
    assertThat(server.run("CLIENT", "LIST", "ID", "2")).contains("id=2 ").doesNotContain("id=1 ");
    assertThat(server.run("CLIENT", "LIST", "TYPE", "replica")).isEqualTo("$0\r\n\r\n");
  }

  @Test
  void killingSparesTheCallerUnlessItNamesItself() {
    Session first = server.session;
    server.connect();
    assertThat(server.run("CLIENT", "KILL", "TYPE", "normal")).isEqualTo(":1\r\n");
    assertThat(server.closed).containsExactly(first);
    assertThat(server.session.closing()).isFalse();
    assertThat(server.run("CLIENT", "KILL", "ID", "2", "SKIPME", "no")).isEqualTo(":1\r\n");
    assertThat(server.session.closing()).isTrue();
  }

  @Test
  void settingsAreFoundByPatternAndChangedTogether() {
    server.settings.put("maxmemory", "0");
    server.settings.put("maxmemory-policy", "noeviction");
    server.settings.put("port", "6379");
    assertThat(server.run("CONFIG", "GET", "MAXMEM*", "port", "maxmemory"))
        .isEqualTo(
            "*6\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"
                + "$4\r\nport\r\n$4\r\n6379\r\n");
    assertThat(server.run("CONFIG", "SET", "maxmemory", "5", "port", "1"))
        .isEqualTo(
            "-ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable"
                + " config\r\n");
    assertThat(server.run("CONFIG", "SET", "maxmemory", "5", "MaxMemory", "6"))
        .isEqualTo(
            "-ERR CONFIG SET failed (possibly related to argument 'MaxMemory') - duplicate"
                + " parameter\r\n");
    assertThat(server.settings).containsEntry("maxmemory", "0");
    assertThat(server.run("CONFIG", "SET", "MAXMEMORY", "5")).isEqualTo("+OK\r\n");
    assertThat(server.settings).containsEntry("maxmemory", "5");
    server.run("CONFIG", "RESETSTAT");
    assertThat(server.statisticsResets).isEqualTo(1);
  }

  @Test
  void theServersClockAndFiguresAreAnswered() {
    server.nowMillis = 1_700_000_000_123L;
    assertThat(server.run("TIME")).isEqualTo("*2\r\n$10\r\n1700000000\r\n$6\r\n123000\r\n");
    assertThat(server.run("INFO", "server", "memory")).contains("sections:[server, memory]");
    server.run("HELLO", "3");
    assertThat(server.run("INFO")).startsWith("=").contains("txt:# Server");
  }

  @Test
  void aCommandWhoseCellsAreOnDiskEndsAndCanBeRunAgain() {
    server.run("SET", "k", "7");
    for (String[] words :
        new String[][] {{"GET", "k"}, {"INCR", "k"}, {"APPEND", "k", "0"}, {"MGET", "k", "k"}}) {
      Args args = Args.of(words);
      Command command = server.table.find(args);
      ReplyWriter reply = new ReplyWriter();
      Call call = new Call(1000).onCells(command, args, server.cells, 0, 1, reply);
      server.cells.writeOut();
      assertThatThrownBy(call::run).isInstanceOf(CellsNotInMemory.class);
      reply.clear();
      call.run();
      assertThat(ReplyReader.read(reply.toArray())).isNotInstanceOf(Reply.Failure.class);
    }
    assertThat(server.run("GET", "k")).isEqualTo("$2\r\n80\r\n");
  }

  @Test
  void whatIsNotTrackedIsSaid() {
    server.run("SET", "k", "7");
    assertThat(server.run("OBJECT", "IDLETIME", "k"))
        .isEqualTo("-ERR idle time is not tracked\r\n");
    assertThat(server.run("OBJECT", "REFCOUNT", "k")).isEqualTo(":1\r\n");
    assertThat(server.run("MEMORY", "USAGE", "k")).isEqualTo(":66\r\n");
    assertThat(server.run("CLIENT", "TRACKING", "ON"))
        .isEqualTo("-ERR client side caching is not supported\r\n");
    assertThat(server.run("COPY", "k", "l", "DB", "1")).startsWith("-UNSUPPORTED COPY ");
  }

  @Test
  void helpIsThereForEveryContainer() {
    for (Command command : server.table.all()) {
      if (command.name().endsWith("|help")) {
        String container = command.upperName().split(" ")[0];
        assertThat(server.run(container, "HELP"))
            .contains("+" + container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
            .endsWith("+HELP\r\n+    Prints this help.\r\n");
      }
    }
  }

  @Test
  void theTableDescribesItself() {
    assertThat(server.run("COMMAND", "COUNT"))
        .isEqualTo(":" + server.table.commands().size() + "\r\n");
    assertThat(server.run("COMMAND")).startsWith("*" + server.table.commands().size() + "\r\n");
    assertThat(server.run("COMMAND", "LIST")).startsWith("*" + server.table.all().size() + "\r\n");
    assertThat(server.run("COMMAND", "DOCS", "get"))
        .startsWith("*2\r\n$3\r\nget\r\n*8\r\n$7\r\nsummary\r\n$22\r\nGet the value of a key\r\n");
    assertThat(server.run("COMMAND", "DOCS"))
        .startsWith("*" + 2 * server.table.commands().size() + "\r\n");
  }
}
