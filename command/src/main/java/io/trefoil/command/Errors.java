package io.trefoil.command;

import io.trefoil.resp.Args;

/** Error texts of Redis 7.0 that several commands share. Clients match them: they are API. */
public final class Errors {
  public static final String SYNTAX = "ERR syntax error";
  public static final String NOT_AN_INTEGER = "ERR value is not an integer or out of range";
  public static final String NOT_A_FLOAT = "ERR value is not a valid float";
  public static final String NO_SUCH_KEY = "ERR no such key";
  public static final String TOO_LONG =
      "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
  public static final String NO_AUTH = "NOAUTH Authentication required.";
  public static final String CROSS_SLOT = "CROSSSLOT Keys in request don't hash to the same slot";

  public static final String NOT_IN_MULTI = "ERR Command not allowed inside a transaction";
  public static final String EXEC_ABORT =
      "EXECABORT Transaction discarded because of previous errors.";
  private static final String ABORTED_BY = "EXECABORT Transaction discarded because of: ";

  /** How much of a client's bytes an error echoes. */
  private static final int MAX_ECHO = 128;

  private Errors() {}

  /** Why a transaction is discarded at its {@code EXEC}. */
  public static String abortedBy(String error) {
    return ABORTED_BY + (error.startsWith("ERR ") ? error.substring(4) : error);
  }

  static String wrongArity(Command command) {
    return "ERR wrong number of arguments for '" + command.name() + "' command";
  }

  static String listensOnly(Command command) {
    return "ERR Can't execute '"
        + command.name()
        + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this"
        + " context";
  }

  static String invalidExpireTime(Command command) {
    return "ERR invalid expire time in '" + command.name() + "' command";
  }

  static String unknownCommand(Args args) {
    StringBuilder text = new StringBuilder("ERR unknown command '");
    text.append(echo(args, 0, MAX_ECHO)).append("', with args beginning with: ");
    int begin = text.length();
    for (int i = 1; i < args.count() && text.length() - begin < MAX_ECHO; i++) {
      String word = echo(args, i, MAX_ECHO - (text.length() - begin));
      text.append('\'').append(word).append("' ");
    }
    return text.toString();
  }

  static String unknownSubcommand(Args args, Command container) {
    return "ERR unknown subcommand '"
        + echo(args, 1, MAX_ECHO)
        + "'. Try "
        + container.upperName()
        + " HELP.";
  }

  /** The beginning of an argument with each byte as one char, up to a zero byte as in C. */
  static String echo(Args args, int index, int max) {
    String word = args.latin1(index);
    int zero = word.indexOf('\0');
    int length = zero < 0 ? word.length() : zero;
    return word.substring(0, Math.min(length, max));
  }
}
