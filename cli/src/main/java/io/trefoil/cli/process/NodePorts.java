package io.trefoil.cli.process;

import java.util.List;

/** The ports of a node; all follow from the client port. */
public record NodePorts(int client) {
  private static final int HTTP = 2_000;
  private static final int PEER = 10_000;
  private static final int CONTROL = 11_000;

  /** The largest client port whose other ports exist. */
  public static final int CLIENT_MAX = 65_535 - CONTROL;

  public int http() {
    return client + HTTP;
  }

  public int peer() {
    return client + PEER;
  }

  public int control() {
    return client + CONTROL;
  }

  public List<Integer> all() {
    return List.of(client, http(), peer(), control());
  }
}
