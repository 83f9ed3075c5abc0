package io.trefoil.cli;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Commands over one connection, their replies printed as they come. Connects at the first command,
 * and again at the next one after the connection was lost. Not thread-safe.
 */
final class CommandSession implements Closeable {
  /** Commands after which the server goes on sending until the connection ends. */
  private static final Set<String> STREAMING =
      Set.of("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR");

  /**
   * How the session speaks and prints.
   *
   * @param database number or name; null for the server's default
   * @param protocol 2 or 3
   * @param readonly whether the connected node answers from its own copy
   * @param explain whether each answer is followed by where it came from
   */
  record Settings(
      String database, int protocol, boolean readonly, boolean explain, ReplyFormat format) {}

  private final ServerOptions server;
  private final Settings settings;
  private final Stdio stdio;
  private String database;
  private RespClient client;

  CommandSession(ServerOptions server, Settings settings, Stdio stdio) {
    this.server = server;
    this.settings = settings;
    this.stdio = stdio;
    this.database = settings.database();
  }

  /**
   * Sends one command of the product's own, and prints its reply.
   *
   * @param name of the command, before its words
   * @return the exit code
   */
  static int run(String name, List<String> words, boolean json, ServerOptions server, Stdio stdio)
      throws IOException {
    ReplyFormat format = json ? ReplyFormat.JSON : ReplyFormat.RAW;
    Settings settings = new Settings(null, 2, false, false, format);
    try (CommandSession session = new CommandSession(server, settings, stdio)) {
      String[] command = Stream.concat(Stream.of(name), words.stream()).toArray(String[]::new);
      return session.execute(RespClient.words(command)) ? 0 : 1;
    }
  }

  /** Executes a typed line; false when it failed, and the reason was printed. */
  boolean executeLine(String line) throws IOException {
    List<byte[]> words;
    try {
      words = Words.split(line);
    } catch (IllegalArgumentException e) {
      stdio.err().println("trefoil: " + e.getMessage() + ": " + line);
      return false;
    }
    return words.isEmpty() || execute(words);
  }

  /** Executes one command; false when it failed, and the reason was printed. */
  boolean execute(List<byte[]> words) throws IOException {
    String name = new String(words.get(0), StandardCharsets.UTF_8).toUpperCase(Locale.ROOT);
    try {
      connect();
      if (STREAMING.contains(name)) {
        return stream(words);
      }
      Reply reply = client.call(words);
      boolean good = print(reply);
      remember(name, words, good);
      if (settings.explain()) {
        stdio.err().println(Explanation.of(client.call("CONSISTENCY", "LAST")));
      }
      return good;
    } catch (IOException e) {
      close();
      throw new CommandFailed(server.explain(e));
    }
  }

  /** The reply to a command whose reply is not printed. */
  Reply ask(String... words) throws IOException {
    connect();
    return client.call(words);
  }

  /** {@code 127.0.0.1:6379[orders]}: where commands go. */
  String place() {
    String address = server.host + ":" + server.port;
    return database == null || database.equals("0") ? address : address + "[" + database + "]";
  }

  void connect() throws IOException {
    if (client != null) {
      return;
    }
    // No limit on replies: a command may block for as long as it was told to.
    client = server.connect(Duration.ZERO, settings.protocol(), stdio.environment());
    if (database != null) {
      require(client.call("SELECT", database));
    }
    if (settings.readonly()) {
      require(client.call("READONLY"));
    }
  }

  private void require(Reply reply) throws IOException {
    if (reply.bare() instanceof Reply.Failure) {
      close();
      throw new CommandFailed(reply.text());
    }
  }

  /** A connection made later must be in the database that the user selected on this one. */
  private void remember(String name, List<byte[]> words, boolean good) {
    if (good && name.equals("SELECT") && words.size() == 2) {
      database = new String(words.get(1), StandardCharsets.UTF_8);
    }
  }

  private boolean stream(List<byte[]> words) throws IOException {
    client.send(words);
    boolean good = true;
    while (good) {
      good = print(client.receive());
    }
    return false;
  }

  private boolean print(Reply reply) throws IOException {
    if (reply.bare() instanceof Reply.Failure) {
      stdio.out().flush();
      String mark = settings.format() == ReplyFormat.PRETTY ? "(error) " : "";
      stdio.err().println(mark + reply.text());
      return false;
    }
    stdio.out().write(settings.format().format(reply));
    stdio.out().flush();
    return true;
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.close();
      client = null;
    }
  }
}
