package io.trefoil.node;

import io.trefoil.base.Clock;
import io.trefoil.command.Server;
import io.trefoil.command.Session;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.settings.NodeSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/** What commands on a connection see of the node. On the data loop. */
final class NodeServer implements Server {
  private final NodeSettings settings;
  private final Clock clock;
  private final Routes routes;
  private final EncodingSettings encodings = new EncodingSettings();
  private InfoPage info;
  private Clients clients;
  private PubSub pubSub;

  NodeServer(NodeSettings settings, Clock clock, Routes routes) {
    this.settings = settings;
    this.clock = clock;
    this.routes = routes;
  }

  void use(Clients newClients, InfoPage newInfo, PubSub newPubSub) {
    clients = newClients;
    info = newInfo;
    pubSub = newPubSub;
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public boolean passwordRequired() {
    return settings.client().password().isPresent();
  }

  @Override
  public boolean authenticate(String user, byte[] password) {
    return user.equals("default")
        && settings.client().password().map(right -> right.matches(password)).orElse(true);
  }

  /** Numbers 0 to 15 always; others, and names, only when there is such a database. */
  @Override
  public OptionalInt database(String numberOrName) {
    for (DatabaseRoute route : routes.databases()) {
      if (route.database().name().equals(numberOrName)) {
        return OptionalInt.of(route.database().number());
      }
    }
    try {
      int number = Integer.parseInt(numberOrName);
      boolean known = number >= 0 && (number < 16 || routes.database(number) != null);
      return known ? OptionalInt.of(number) : OptionalInt.empty();
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }

  @Override
  public String role(Session session) {
    return InfoPage.isMaster(routes.database(session.database())) ? "master" : "replica";
  }

  @Override
  public String info(List<String> sections, Session session) {
    return info.write(sections, session);
  }

  @Override
  public SortedMap<String, String> settings() {
    SortedMap<String, String> shown = encodings.shown();
    shown.put("appendonly", "yes");
    shown.put("appendfsync", "everysec");
    shown.put("bind", settings.client().bind());
    shown.put("cluster-enabled", "no");
    shown.put("cluster-node-timeout", "15000");
    shown.put("cluster-require-full-coverage", "yes");
    shown.put("databases", "16");
    shown.put("maxclients", Integer.toString(settings.client().maxConnections()));
    shown.put("maxmemory", "0");
    shown.put("maxmemory-policy", "noeviction");
    shown.put("notify-keyspace-events", "");
    shown.put("port", Integer.toString(settings.client().port()));
    shown.put("proto-max-bulk-len", Long.toString(settings.client().maxBulkBytes()));
    shown.put("save", "");
    shown.put("tcp-keepalive", "300");
    shown.put("timeout", "0");
    return shown;
  }

  /** Few can be changed while the node runs; its own settings are in its YAML file. */
  @Override
  public Optional<RefusedSetting> changeSettings(Map<String, String> changes) {
    SortedMap<String, String> now = settings();
    for (Map.Entry<String, String> change : changes.entrySet()) {
      Optional<RefusedSetting> refused = refuse(change.getKey(), change.getValue(), now);
      if (refused.isPresent()) {
        return refused;
      }
    }
    changes.forEach(
        (name, value) -> {
          if (encodings.has(name)) {
            encodings.set(name, value);
          }
        });
    return Optional.empty();
  }

  private Optional<RefusedSetting> refuse(String name, String value, Map<String, String> now) {
    if (encodings.has(name)) {
      return encodings.refuse(name, value);
    }
    return value.equals(now.get(name))
        ? Optional.empty()
        : Optional.of(new RefusedSetting(name, "can't be changed while the node runs"));
  }

  @Override
  public void resetStatistics() {
    clients.resetCounts();
  }

  @Override
  public List<Session> sessions() {
    return clients.all().stream().map(ClientConnection::session).toList();
  }

  @Override
  public void close(Session session) {
    ClientConnection connection = clients.find(session);
    if (connection != null) {
      connection.close();
    }
  }

  @Override
  public boolean unblock(Session session, boolean error) {
    ClientConnection connection = clients.find(session);
    return connection != null
        && connection.endWait(error ? ClientWait.End.ERROR : ClientWait.End.TIMEOUT);
  }

  @Override
  public void leaveChannels(Session session) {
    ClientConnection connection = clients.find(session);
    if (connection != null) {
      pubSub.leaveAll(connection);
    }
  }
}
