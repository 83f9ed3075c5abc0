package io.trefoil.cli.demo;

import io.trefoil.cli.ScriptedServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Stands in for a node's process: answers what the demo asks, and OK to all else. The
 * lowest-numbered one of three, or of its region's two, that takes connections leads. Nothing is
 * replicated, so a failover loses every write, at another node every read is stale, and no region
 * has another's data: a demo must notice.
 */
public final class StandInNode {
  private static final Map<String, String> VALUES = new ConcurrentHashMap<>();

  /** For one that is away, in each leaderless database. */
  private static final int HINTS = 7;

  /** The others' names begin with it, too. */
  private final String prefix;

  private final int size;
  private final int number;
  private final Path parent;
  private final int firstPort;

  private StandInNode(String prefix, int number, Path parent, int port) {
    this.prefix = prefix;
    this.size = prefix.equals("n") ? 3 : 2;
    this.number = number;
    this.parent = parent;
    this.firstPort = port - number + 1;
  }

  public static void main(String[] arguments) throws IOException {
    Path config = Path.of(arguments[1]);
    String yaml = Files.readString(config);
    int number = Integer.parseInt(first("name: \\S*n(\\d)", yaml));
    int port = Integer.parseInt(first("(?s)client:.*?port: (\\d+)", yaml));
    Path directory = Path.of(first("dir: '(.*)'", yaml));
    Files.writeString(directory.resolve("logs").resolve("node.log"), "first line\nlast line\n");
    if (Files.exists(directory.resolve("fail"))) {
      System.exit(2);
    }
    String prefix = first("name: (\\S*n)\\d", yaml);
    StandInNode node = new StandInNode(prefix, number, directory.getParent(), port);
    ScriptedServer server = new ScriptedServer(port, node::answer);
    if (arguments[2].equals("--stop-on-stdin-close")) {
      while (System.in.read() >= 0) {
        // Only the end matters.
      }
    }
    server.close();
    Files.writeString(directory.resolve("stopped"), "cleanly");
    System.exit(0);
  }

  private static String first(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    if (!matcher.find()) {
      throw new IllegalArgumentException(pattern + " is not in " + text);
    }
    return matcher.group(1);
  }

  private String answer(List<String> words) {
    try {
      switch (words.get(0)) {
        case "STATUS":
          return ScriptedServer.bulk(status());
        case "SET":
          VALUES.put(words.get(1), words.get(2));
          return "+OK\r\n";
        case "GET":
          return value(words.get(1));
        case "INCR":
          return ScriptedServer.number(
              Long.parseLong(VALUES.merge(words.get(1), "1", StandInNode::sum)));
        case "CONFLICTS":
          return ScriptedServer.array(conflict());
        case "DATABASE":
          return database(words);
        case "MGET":
          return "*"
              + (words.size() - 1)
              + "\r\n"
              + words.stream().skip(1).map(this::value).collect(Collectors.joining());
        default:
          return "+OK\r\n";
      }
    } catch (IOException e) {
      return "-ERR " + e.getMessage() + "\r\n";
    }
  }

  private static String sum(String a, String b) {
    return Long.toString(Long.parseLong(a) + Long.parseLong(b));
  }

  private String database(List<String> words) throws IOException {
    if (words.get(1).equals("CREATE")) {
      Files.createFile(created(words.get(2)));
    } else if (words.get(1).equals("VERIFY")) {
      return ScriptedServer.map(
          "result", ScriptedServer.bulk("equal"), "keys_compared", ScriptedServer.number(7));
    }
    return "+OK\r\n";
  }

  private static String conflict() {
    return ScriptedServer.map(
        "when_ms", ScriptedServer.number(1),
        "key", ScriptedServer.bulk("k:cart:1"),
        "rule", ScriptedServer.bulk("latest write"),
        "winner", side("us"),
        "loser", side("eu"));
  }

  private static String side(String region) {
    return ScriptedServer.map(
        "value", ScriptedServer.bulk(region + "-1"), "region", ScriptedServer.bulk(region));
  }

  private String value(String key) {
    String value = VALUES.get(key);
    return value == null ? "$-1\r\n" : ScriptedServer.bulk(value);
  }

  private String status() throws IOException {
    List<String> rows = new ArrayList<>();
    rows.add(database(0, ""));
    for (Quorums each : Quorums.values()) {
      if (Files.exists(created(each.database()))) {
        rows.add(leaderless(each.ordinal() + 1, each.database()));
      }
    }
    if (Files.exists(created(RegionsShow.DATABASE))) {
      rows.add(database(Quorums.values().length + 1, RegionsShow.DATABASE));
    }
    return String.format(
        "{'format':1,'cluster':{'id':'x','controller':'%s','expected_nodes':3},'answered_by':'%s','nodes':[%s],'databases':[%s]}"
            .replace('\'', '"'),
        name(leader()),
        name(number),
        nodes(),
        String.join(",", rows));
  }

  private String nodes() {
    List<String> nodes = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      String state = takesConnections(i) ? "up" : "down";
      nodes.add(String.format("{\"name\":\"%s\",\"state\":\"%s\"}", name(i), state));
    }
    return String.join(",", nodes);
  }

  private String database(int databaseNumber, String name) {
    int leader = leader();
    List<String> replicas = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      String role = i == leader ? "leader" : "follower";
      replicas.add(String.format("{'node':'%s','role':'%s','in_sync':true}", name(i), role));
    }
    return String.format(
            "{'number':%d,'name':'%s','commit':'c','partition_states':[{'epoch':%d,'leader':'%s','state':'serving','regions':[%s],'replicas':[%s]}]}",
            databaseNumber, name, leader, name(leader), link(), String.join(",", replicas))
        .replace('\'', '"');
  }

  /** All nodes know of a database when this is there. */
  private Path created(String database) {
    return parent.resolve(database + ".created");
  }

  private String leaderless(int databaseNumber, String name) {
    List<String> replicas = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      boolean up = takesConnections(i);
      replicas.add(
          String.format(
              "{'node':'%s','role':'replica','state':'%s','in_sync':%s,'hints_entries':%d}",
              name(i), up ? "serving" : "away", up, up ? 0 : HINTS));
    }
    return String.format(
            "{'number':%d,'name':'%s','replication':'leaderless','partition_states':[{'state':'serving','replicas':[%s]}]}",
            databaseNumber, name, String.join(",", replicas))
        .replace('\'', '"');
  }

  private String name(int node) {
    return prefix + node;
  }

  private String link() {
    return size == 3
        ? ""
        : "{'region':'there','state':'streaming','lag_entries':3,'lag_ms':90,'unacknowledged_entries':4}";
  }

  private int leader() {
    for (int i = 1; i < number; i++) {
      if (takesConnections(i)) {
        return i;
      }
    }
    return number;
  }

  private boolean takesConnections(int node) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", firstPort + node - 1), 500);
      return true;
    } catch (IOException e) {
      // It is dead.
      return false;
    }
  }
}
