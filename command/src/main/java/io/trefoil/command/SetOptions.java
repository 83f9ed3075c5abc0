package io.trefoil.command;

import io.trefoil.resp.Args;

/**
 * The options of {@code SET} and {@code GETEX}. A handler of either parses them into an object on
 * the stack; which options exclude each other is as in Redis.
 */
final class SetOptions {
  /** How the argument that follows says when the key expires. */
  private enum Expiry {
    NONE(false, false),
    EX(true, true),
    PX(false, true),
    EXAT(true, false),
    PXAT(false, false);

    final boolean inSeconds;
    final boolean relative;

    Expiry(boolean inSeconds, boolean relative) {
      this.inSeconds = inSeconds;
      this.relative = relative;
    }
  }

  private Expiry expiry = Expiry.NONE;
  private int expiryArgument;
  private long expireAtMillis;
  boolean ifAbsent;
  boolean ifPresent;
  boolean get;
  boolean keepExpiry;
  boolean persist;

  /** Reads the options from word {@code first} on; false when they are not in Redis's syntax. */
  boolean parse(Args args, int first, boolean ofSet) {
    for (int i = first; i < args.count(); i++) {
      if (ofSet ? setOption(args, i) : getOption(args, i)) {
        continue;
      }
      Expiry named = expiry(args, i);
      boolean free = expiry == Expiry.NONE || expiry == named;
      if (named == Expiry.NONE || !free || keepExpiry || persist || i + 1 == args.count()) {
        return false;
      }
      expiry = named;
      expiryArgument = ++i;
    }
    return true;
  }

  private boolean setOption(Args args, int i) {
    if (args.isWord(i, "NX") && !ifPresent) {
      ifAbsent = true;
    } else if (args.isWord(i, "XX") && !ifAbsent) {
      ifPresent = true;
    } else if (args.isWord(i, "GET")) {
      get = true;
    } else if (args.isWord(i, "KEEPTTL") && expiry == Expiry.NONE) {
      keepExpiry = true;
    } else {
      return false;
    }
    return true;
  }

  private boolean getOption(Args args, int i) {
    if (!args.isWord(i, "PERSIST") || expiry != Expiry.NONE) {
      return false;
    }
    persist = true;
    return true;
  }

  private static Expiry expiry(Args args, int i) {
    if (args.isWord(i, "EX")) {
      return Expiry.EX;
    }
    if (args.isWord(i, "PX")) {
      return Expiry.PX;
    }
    if (args.isWord(i, "EXAT")) {
      return Expiry.EXAT;
    }
    return args.isWord(i, "PXAT") ? Expiry.PXAT : Expiry.NONE;
  }

  boolean hasExpiry() {
    return expiry != Expiry.NONE;
  }

  /** Whether the expiry is a point in time, which may have passed already. */
  boolean hasAbsoluteExpiry() {
    return hasExpiry() && !expiry.relative;
  }

  /** The expiry in milliseconds since 1970, once {@link #readExpiry} has read it. */
  long expireAtMillis() {
    return expireAtMillis;
  }

  /** Reads when the key expires, if told; false when the reply is an error. */
  boolean readExpiry(Call call) {
    if (!hasExpiry()) {
      return true;
    }
    return readExpiry(call, expiryArgument, expiry.inSeconds, expiry.relative);
  }

  boolean readExpiry(Call call, int argument, boolean inSeconds, boolean relative) {
    if (!call.parseLong(argument)) {
      return false;
    }
    long millis = call.args().parsed();
    boolean tooLarge = inSeconds && millis > Long.MAX_VALUE / 1000;
    if (millis > 0 && !tooLarge) {
      millis *= inSeconds ? 1000 : 1;
      // The sum may overflow to a negative number.
      millis += relative ? call.cells().nowMillis() : 0;
      if (millis > 0) {
        expireAtMillis = millis;
        return true;
      }
    }
    call.reply().error(Errors.invalidExpireTime(call.command()));
    return false;
  }
}
