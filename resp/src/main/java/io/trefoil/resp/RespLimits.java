package io.trefoil.resp;

import io.trefoil.base.Invariants;

/**
 * What a connection may make the server hold for one command.
 *
 * @param maxBulkBytes size of one argument, and so of one string value
 * @param maxCommandBytes size of a whole command with its framing
 */
public record RespLimits(int maxBulkBytes, int maxCommandBytes) {
  /** As in Redis: arguments of a command, here also bounded for those who have logged in. */
  public static final int MAX_ARGS = 1024 * 1024;

  /** As in Redis: bytes of an inline command, or of a line that announces a count. */
  public static final int MAX_LINE_BYTES = 64 * 1024;

  /** As in Redis: arguments of a command before the client has logged in. */
  public static final int MAX_ARGS_UNAUTHENTICATED = 10;

  /** As in Redis: bytes of an argument before the client has logged in. */
  public static final int MAX_BULK_UNAUTHENTICATED = 16 * 1024;

  /** 64 MiB for an argument, 128 MiB for a command. */
  public static final RespLimits DEFAULT = new RespLimits(64 << 20, 128 << 20);

  public RespLimits {
    Invariants.check(maxBulkBytes > 0, "an argument needs room", maxBulkBytes, 0);
    Invariants.check(
        maxCommandBytes >= MAX_LINE_BYTES && maxCommandBytes <= 1 << 30,
        "the bound of a command is 64 KiB to 1 GiB",
        maxCommandBytes,
        0);
  }
}
