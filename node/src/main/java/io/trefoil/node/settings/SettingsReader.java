package io.trefoil.node.settings;

import io.trefoil.base.HostPort;
import io.trefoil.base.Hosts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ListIterator;
import java.util.Optional;

/**
 * Reads a node's settings from a YAML file and from the command line, where the command line wins.
 */
public final class SettingsReader {
  private static final String FLAG = "--";

  private final GivenSettings given = new GivenSettings();

  private SettingsReader() {}

  /**
   * The settings of a node.
   *
   * @param arguments flags ({@code --client.port 6400} or {@code --client.port=6400}; {@code
   *     --insecure} alone means true), and at most one other word, the file
   * @throws SettingsError with everything that is wrong
   */
  public static NodeSettings read(List<String> arguments) {
    SettingsReader reader = new SettingsReader();
    List<Flag> flags = new ArrayList<>();
    List<String> files = split(arguments, flags);
    if (files.size() == 1) {
      reader.given.beginSource();
      SettingsFile.read(files.get(0), reader.given);
    }
    reader.given.beginSource();
    files.stream().skip(1).forEach(more -> reader.given.problem(more, "a second file of settings"));
    flags.forEach(reader::take);
    return reader.settings();
  }

  /** Every setting with its default and meaning, a line each, for a terminal. */
  public static String help() {
    StringBuilder help = new StringBuilder();
    for (Setting<?> setting : SettingTable.ALL) {
      help.append(
          String.format(
              "  --%-28s %-20s %s%n", setting.path(), setting.shownDefault(), setting.meaning()));
    }
    return help.toString();
  }

  private record Flag(String path, Optional<String> value) {
    String origin() {
      return FLAG + path;
    }
  }

  /** Adds the flags to {@code flags} and returns the other words. */
  private static List<String> split(List<String> arguments, List<Flag> flags) {
    List<String> others = new ArrayList<>();
    ListIterator<String> words = arguments.listIterator();
    while (words.hasNext()) {
      String word = words.next();
      if (word.startsWith(FLAG)) {
        flags.add(flag(word.substring(FLAG.length()), words));
      } else {
        others.add(word);
      }
    }
    return others;
  }

  private static Flag flag(String text, ListIterator<String> following) {
    int equals = text.indexOf('=');
    if (equals >= 0) {
      return new Flag(text.substring(0, equals), Optional.of(text.substring(equals + 1)));
    }
    if (!takesNextWord(text) || !following.hasNext()) {
      return new Flag(text, Optional.empty());
    }
    String value = following.next();
    if (value.startsWith(FLAG)) {
      following.previous();
      return new Flag(text, Optional.empty());
    }
    return new Flag(text, Optional.of(value));
  }

  /** A switch never takes the next word: {@code --insecure n1.yaml} names a file. */
  private static boolean takesNextWord(String path) {
    return SettingTable.find(path).map(s -> s.type() != SettingType.SWITCH).orElse(true);
  }

  private void take(Flag flag) {
    Optional<Setting<?>> known = SettingTable.find(flag.path());
    if (known.isEmpty()) {
      given.unknown(flag.path(), flag.origin());
    } else if (flag.value().isPresent()) {
      given.put(known.get(), flag.value().get(), flag.origin());
    } else if (known.get().type() == SettingType.SWITCH) {
      given.put(known.get(), "true", flag.origin());
    } else {
      given.refuse(known.get(), flag.origin(), "needs a value");
    }
  }

  /** Where something is missing or refused, defaults stand in until all problems are found. */
  private NodeSettings settings() {
    NodeSettings.Client client = client();
    NodeSettings.Peer peer = peer(client.port());
    NodeSettings.Journal journal =
        new NodeSettings.Journal(
            given.value(SettingTable.JOURNAL_SEGMENT),
            given.value(SettingTable.JOURNAL_KEEP),
            given.value(SettingTable.JOURNAL_TAIL));
    int httpPort = port(SettingTable.HTTP_PORT, client.port(), SettingTable.HTTP_PORT_OFFSET);
    boolean insecure = given.value(SettingTable.INSECURE);
    NodeSettings.brokenRules(client, peer, journal, httpPort, insecure).stream()
        .filter(rule -> given.areSound(rule.about()))
        .forEach(rule -> given.problem(given.origin(rule.about().get(0)), rule.text()));
    if (!given.problems().isEmpty()) {
      throw new SettingsError(given.problems());
    }
    return new NodeSettings(
        node(),
        client,
        peer,
        region(peer),
        cluster(),
        memory(),
        journal,
        new NodeSettings.Snapshot(given.value(SettingTable.SNAPSHOT_RATE)),
        new NodeSettings.Repair(
            given.value(SettingTable.REPAIR_PAUSE), given.value(SettingTable.REPAIR_RATE)),
        new NodeSettings.Hints(
            given.value(SettingTable.HINTS_MAX_AGE), given.value(SettingTable.HINTS_RATE)),
        httpPort,
        given.value(SettingTable.EVENT_LOOPS),
        given.value(SettingTable.SCRUB_EVERY),
        given.value(SettingTable.CLOCK_MAX_SKEW),
        given.value(SettingTable.LOG_LEVEL),
        insecure,
        given.value(SettingTable.STOP_ON_STDIN_CLOSE));
  }

  private NodeSettings.Node node() {
    String name = given.value(SettingTable.NODE_NAME);
    return new NodeSettings.Node(
        name,
        given.value(SettingTable.NODE_REGION),
        given.find(SettingTable.DATA_DIR).orElseGet(() -> Path.of("data", name)),
        given.value(SettingTable.DATA_RESERVE));
  }

  private NodeSettings.Client client() {
    String bind = given.value(SettingTable.CLIENT_BIND);
    return new NodeSettings.Client(
        bind,
        given.value(SettingTable.CLIENT_PORT),
        advertise(SettingTable.CLIENT_ADVERTISE, SettingTable.CLIENT_BIND, bind),
        password(),
        given.value(SettingTable.CLIENT_MAX_CONNECTIONS),
        given.value(SettingTable.CLIENT_MAX_BULK));
  }

  private NodeSettings.Peer peer(int clientPort) {
    String bind = given.value(SettingTable.PEER_BIND);
    return new NodeSettings.Peer(
        bind,
        port(SettingTable.PEER_PORT, clientPort, SettingTable.PEER_PORT_OFFSET),
        port(SettingTable.CONTROL_PORT, clientPort, SettingTable.CONTROL_PORT_OFFSET),
        advertise(SettingTable.PEER_ADVERTISE, SettingTable.PEER_BIND, bind),
        given.find(SettingTable.PEER_SOCKET_BUFFER));
  }

  private NodeSettings.Region region(NodeSettings.Peer peer) {
    return new NodeSettings.Region(
        given
            .find(SettingTable.REGION_ADVERTISE)
            .orElseGet(() -> new HostPort(peer.advertise(), peer.port())),
        given.value(SettingTable.REGION_RATE));
  }

  private NodeSettings.Cluster cluster() {
    return new NodeSettings.Cluster(
        given.find(SettingTable.CLUSTER_JOIN).orElse(List.of()),
        given.value(SettingTable.CLUSTER_EXPECT),
        given.value(SettingTable.CLUSTER_LEASE),
        given.value(SettingTable.CLUSTER_DATABASE0_PARTITIONS));
  }

  private NodeSettings.Memory memory() {
    return new NodeSettings.Memory(
        given.value(SettingTable.MEMORY_TABLE), given.value(SettingTable.MEMORY_BLOCK_CACHE));
  }

  private int port(Setting<Integer> setting, int clientPort, int offset) {
    Optional<Integer> own = given.find(setting);
    if (own.isPresent()) {
      return own.get();
    }
    if (setting.type().allowed().test(clientPort + offset)) {
      return clientPort + offset;
    }
    refuseMissing(setting, "client.port " + clientPort + " + " + offset + " is beyond 65535");
    return offset;
  }

  private String advertise(Setting<String> setting, Setting<String> bindSetting, String bind) {
    Optional<String> own = given.find(setting);
    if (own.isPresent() || !Hosts.isWildcard(bind)) {
      return own.orElse(bind);
    }
    refuseMissing(setting, "nobody can dial " + bindSetting.path() + " " + bind);
    return "127.0.0.1";
  }

  private void refuseMissing(Setting<?> setting, String reason) {
    if (given.areSound(List.of(setting))) { // else it was given, and refused for what it is
      given.refuse(setting, setting.path(), "needed, because " + reason);
    }
  }

  private Optional<Password> password() {
    Optional<Path> file = given.find(SettingTable.CLIENT_PASSWORD_FILE);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Password.read(file.get()));
    } catch (IOException e) {
      given.refuse(
          SettingTable.CLIENT_PASSWORD_FILE,
          given.origin(SettingTable.CLIENT_PASSWORD_FILE),
          GivenSettings.quoted(file.get().toString()) + " holds no password: " + e.getMessage());
      return Optional.empty();
    }
  }
}
