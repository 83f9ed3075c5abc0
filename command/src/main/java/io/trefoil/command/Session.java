package io.trefoil.command;

/**
 * The state of one connection. Changed only by the thread that serves it; other threads may read it
 * for {@code CLIENT LIST} and then see values that are a little old, which is all that command
 * promises.
 */
public final class Session {
  /** In the place of a number of replicas: more than half of them. */
  public static final int MAJORITY = -1;

  /** In the place of a number of replicas. */
  public static final int ALL = -2;

  /** Which replies are sent. */
  private enum ReplyMode {
    ON,
    OFF,
    SKIP_NEXT,
    SKIP
  }

  private final long id;
  private final String address;
  private final String localAddress;
  private final long createdMillis;
  private boolean authenticated;

  private String name = "";
  private String libraryName = "";
  private String libraryVersion = "";
  private int protocol = 2;
  private int database;
  private Consistency consistency = Consistency.DATABASE_DEFAULT;
  private int boundMillis;
  private int reads;
  private int writes;
  private boolean attributes;
  private final SeenPositions seen = new SeenPositions();
  private final WatchedKeys watched = new WatchedKeys();
  private Transaction transaction;
  private ReplyMode replyMode = ReplyMode.ON;
  private int channels;
  private int patterns;
  private int shardChannels;
  private boolean noEvict;
  private boolean noTouch;
  private boolean closing;
  private boolean waiting;
  private String lastCommand = "NULL";
  private long lastCommandMillis;

  /**
   * @param id unique on the node, growing
   * @param address of the client, {@code host:port}
   * @param localAddress of the server, {@code host:port}
   * @param nowMillis when the connection was accepted
   * @param authenticated true where no password is asked for
   */
  public Session(
      long id, String address, String localAddress, long nowMillis, boolean authenticated) {
    this.id = id;
    this.address = address;
    this.localAddress = localAddress;
    this.createdMillis = nowMillis;
    this.lastCommandMillis = nowMillis;
    this.authenticated = authenticated;
  }

  public long id() {
    return id;
  }

  public String address() {
    return address;
  }

  public String localAddress() {
    return localAddress;
  }

  /** Empty when the client gave none. */
  public String name() {
    return name;
  }

  /** Sets the name if it is one: visible ASCII without spaces; empty removes it. */
  boolean setName(String newName) {
    if (!isVisible(newName)) {
      return false;
    }
    name = newName;
    return true;
  }

  static boolean isVisible(String text) {
    return text.chars().allMatch(c -> c >= '!' && c <= '~');
  }

  public String libraryName() {
    return libraryName;
  }

  public String libraryVersion() {
    return libraryVersion;
  }

  void setLibraryName(String newName) {
    libraryName = newName;
  }

  void setLibraryVersion(String newVersion) {
    libraryVersion = newVersion;
  }

  /** The version of RESP that the client reads: 2 or 3. */
  public int protocol() {
    return protocol;
  }

  void setProtocol(int newProtocol) {
    protocol = newProtocol;
  }

  /** The number of the selected database. */
  public int database() {
    return database;
  }

  void setDatabase(int number) {
    database = number;
  }

  public boolean authenticated() {
    return authenticated;
  }

  void setAuthenticated(boolean nowAuthenticated) {
    authenticated = nowAuthenticated;
  }

  /** What its reads promise. */
  public Consistency consistency() {
    return consistency;
  }

  /** How old its reads may be when they are {@link Consistency#BOUNDED}. */
  public int boundMillis() {
    return boundMillis;
  }

  /** Has its reads promise something else from now on. */
  public void setConsistency(Consistency newConsistency) {
    consistency = newConsistency;
  }

  /** Has its reads be at most so old. */
  public void setBounded(int millis) {
    consistency = Consistency.BOUNDED;
    boundMillis = millis;
  }

  /** So many replicas a read asks when it is {@link Consistency#QUORUM}; 0 when not said. */
  public int reads() {
    return reads;
  }

  /** So many copies a write waits for when it is {@link Consistency#QUORUM}; 0 when not said. */
  public int writes() {
    return writes;
  }

  /**
   * Has its reads and writes of leaderless databases ask for so many replicas.
   *
   * @param newReads from 1, or {@link #MAJORITY} or {@link #ALL}
   * @param newWrites likewise
   */
  public void setQuorum(int newReads, int newWrites) {
    consistency = Consistency.QUORUM;
    reads = newReads;
    writes = newWrites;
  }

  /** Whether replies in RESP3 say who answered, and from what. */
  public boolean attributes() {
    return attributes && protocol == 3;
  }

  public void setAttributes(boolean on) {
    attributes = on;
  }

  /** What it has written and, while its reads are {@link Consistency#SESSION}, read. */
  public SeenPositions seen() {
    return seen;
  }

  /** The keys that {@code WATCH} named. */
  public WatchedKeys watched() {
    return watched;
  }

  /** Whether it watches keys. */
  public boolean isWatching() {
    return !watched.isEmpty();
  }

  /** Whether commands are queued, since {@code MULTI}. */
  public boolean queues() {
    return transaction != null;
  }

  /** What is queued; null outside of a transaction. */
  public Transaction transaction() {
    return transaction;
  }

  void beginTransaction() {
    transaction = new Transaction(database, watched);
  }

  /** Forgets what is queued, and what is watched. */
  public void endTransaction() {
    transaction = null;
    watched.clear();
  }

  void replyOn() {
    replyMode = ReplyMode.ON;
  }

  void replyOff() {
    replyMode = ReplyMode.OFF;
  }

  void replySkip() {
    if (replyMode != ReplyMode.OFF) {
      replyMode = ReplyMode.SKIP_NEXT;
    }
  }

  /** Notes to how much the connection is subscribed. */
  public void setSubscriptions(int newChannels, int newPatterns, int newShardChannels) {
    channels = newChannels;
    patterns = newPatterns;
    shardChannels = newShardChannels;
  }

  /** Whether the connection is subscribed to anything. */
  boolean isSubscribed() {
    return channels + patterns + shardChannels > 0;
  }

  /**
   * Whether the client can't tell replies from what is published, so that it may run little but
   * what changes its subscriptions.
   */
  boolean listensOnly() {
    return protocol == 2 && isSubscribed();
  }

  void setNoEvict(boolean on) {
    noEvict = on;
  }

  void setNoTouch(boolean on) {
    noTouch = on;
  }

  /** Whether the connection is to be closed once its replies are sent. */
  public boolean closing() {
    return closing;
  }

  public void closeAfterReplies() {
    closing = true;
  }

  /** Notes whether its command waits for something that is not there. */
  public void setWaiting(boolean nowWaiting) {
    waiting = nowWaiting;
  }

  public boolean isWaiting() {
    return waiting;
  }

  /** Notes a command that begins. */
  public void commandBegins(Command command, long nowMillis) {
    lastCommand = command.name();
    lastCommandMillis = nowMillis;
  }

  /**
   * Notes that the command is done.
   *
   * @return whether its reply is sent; if not, what it wrote is to be dropped
   */
  public boolean commandEnds() {
    boolean sent = replyMode == ReplyMode.ON || replyMode == ReplyMode.SKIP_NEXT;
    if (replyMode == ReplyMode.SKIP_NEXT) {
      replyMode = ReplyMode.SKIP;
    } else if (replyMode == ReplyMode.SKIP) {
      replyMode = ReplyMode.ON;
    }
    return sent;
  }

  /** Back to how a new connection is, as {@code RESET} does. */
  void reset(boolean passwordRequired) {
    name = "";
    protocol = 2;
    database = 0;
    authenticated = !passwordRequired;
    consistency = Consistency.DATABASE_DEFAULT;
    attributes = false;
    seen.clear();
    endTransaction();
    replyMode = ReplyMode.ON;
    noEvict = false;
    noTouch = false;
  }

  /** The line of {@code CLIENT LIST}. Sizes of buffers are not told here and are 0. */
  public String describe(long nowMillis) {
    return String.format(
        "id=%d addr=%s laddr=%s fd=-1 name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d"
            + " multi=%d qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0"
            + " tot-mem=0 events=r cmd=%s user=%s redir=-1 resp=%d lib-name=%s lib-ver=%s",
        id,
        address,
        localAddress,
        name,
        Math.max(nowMillis - createdMillis, 0) / 1000,
        Math.max(nowMillis - lastCommandMillis, 0) / 1000,
        flags(),
        database,
        channels,
        patterns,
        shardChannels,
        transaction == null ? -1 : transaction.size(),
        lastCommand,
        "default",
        protocol,
        libraryName,
        libraryVersion);
  }

  private String flags() {
    StringBuilder flags = new StringBuilder();
    flags.append(isSubscribed() ? "P" : "");
    flags.append(queues() ? "x" : "");
    flags.append(waiting ? "b" : "");
    flags.append(closing ? "c" : "");
    flags.append(consistency == Consistency.EVENTUAL ? "r" : "");
    flags.append(noEvict ? "e" : "");
    flags.append(noTouch ? "T" : "");
    return flags.length() == 0 ? "N" : flags.toString();
  }
}
