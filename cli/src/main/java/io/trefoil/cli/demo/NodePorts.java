package io.trefoil.cli.demo;

import java.util.List;

/** The ports of a node; all follow from the client port. */
record NodePorts(int client) {
  private static final int HTTP = 2_000;
  private static final int PEER = 10_000;
  private static final int CONTROL = 11_000;

  /** The largest client port whose other ports exist. */
  static final int CLIENT_MAX = 65_535 - CONTROL;

  int http() {
    return client + HTTP;
  }

  int peer() {
    return client + PEER;
  }

  int control() {
    return client + CONTROL;
  }

  List<Integer> all() {
    return List.of(client, http(), peer(), control());
  }
}
