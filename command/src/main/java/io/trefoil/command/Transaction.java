package io.trefoil.command;

import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The commands that a connection has queued since {@code MULTI}. Bounded, so that all of them can
 * be sent to another node as one command.
 */
public final class Transaction {
  public static final int MAX_COMMANDS = 100_000;

  /** Words of all commands, with their keys once more and what else is sent. */
  static final int MAX_WORDS = 900_000;

  /** What a queued command takes beside its bytes, about. */
  private static final int COMMAND_BYTES = 250;

  /** What a word takes beside its bytes: where it is, and how it is sent. */
  private static final int WORD_BYTES = 16;

  private static final int NOWHERE = -1;

  private final List<Queued> queued = new ArrayList<>();
  private int database;
  private int cellsDatabase = NOWHERE;
  private boolean spoiled;
  private boolean writes;
  private int onCells;
  private long words;
  private long bytes;

  /** A command, with words of its own. */
  public record Queued(Command command, Args args) {
    public boolean isOnCells() {
      return command.runs() == Runs.ON_CELLS;
    }
  }

  /**
   * @param database that the connection has selected
   */
  Transaction(int database, WatchedKeys watched) {
    this.database = database;
    this.words = 2L * watched.size();
    this.bytes = watched.bytes();
  }

  /**
   * Why a command is too much, as an error for the client; null when it is not.
   *
   * @param maxBytes that all commands may take
   */
  public String tooMuch(Command command, Args args, long maxBytes) {
    if (queued.size() >= MAX_COMMANDS || words + wordsOf(command, args) > MAX_WORDS) {
      return "ERR a transaction has at most "
          + MAX_COMMANDS
          + " commands, of "
          + MAX_WORDS
          + " words together";
    }
    return bytes + bytesOf(command, args) > maxBytes
        ? "ERR the commands of a transaction are at most " + maxBytes + " bytes together"
        : null;
  }

  private static long wordsOf(Command command, Args args) {
    return args.count() + 2L + command.keyCount(args);
  }

  private static long bytesOf(Command command, Args args) {
    long size = COMMAND_BYTES + WORD_BYTES * wordsOf(command, args);
    for (int i = 0; i < args.count(); i++) {
      size += args.length(i);
    }
    int keys = command.keyCount(args);
    for (int key = 0; key < keys; key++) {
      size += args.length(command.keyIndex(args, key));
    }
    return size;
  }

  /** Queues a command. Its words are copied. */
  public void add(Command command, Args args) {
    words += wordsOf(command, args);
    bytes += bytesOf(command, args);
    Queued added = new Queued(command, args.detached());
    queued.add(added);
    if (added.isOnCells()) {
      onCells++;
      cellsDatabase = database;
      writes |= command.has(Flag.WRITE);
    }
  }

  /** In their order. */
  public List<Queued> queued() {
    return Collections.unmodifiableList(queued);
  }

  public int size() {
    return queued.size();
  }

  /** A command was refused: none will run. */
  public void spoil() {
    spoiled = true;
  }

  public boolean isSpoiled() {
    return spoiled;
  }

  /** The number of the database that is selected where the next command will run. */
  public int database() {
    return database;
  }

  /** A {@code SELECT} was queued. */
  public void select(int number) {
    database = number;
  }

  /** Whether any command runs on cells. */
  public boolean hasCells() {
    return onCells > 0;
  }

  /** Whether any command runs elsewhere than on cells. */
  public boolean hasOthers() {
    return onCells < queued.size();
  }

  /** The database of the commands that run on cells, when there are such. */
  public int cellsDatabase() {
    return cellsDatabase;
  }

  /** Whether a command on cells may write. */
  public boolean writes() {
    return writes;
  }

  /**
   * The version of RESP of each command's reply: a queued {@code HELLO} may choose another one.
   *
   * @param protocol of the connection
   */
  int[] protocols(int protocol, Server server) {
    int[] protocols = new int[queued.size()];
    Session trial = new Session(0, "", "", 0, true);
    trial.setProtocol(protocol);
    for (int i = 0; i < protocols.length; i++) {
      Queued each = queued.get(i);
      if (each.command().name().equals("hello")) {
        ReplyWriter unread = new ReplyWriter();
        new Call(1).onConnection(each.command(), each.args(), trial, server, unread).run();
      }
      protocols[i] = trial.protocol();
    }
    return protocols;
  }
}
