package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.transport.PeerConnection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The waits of blocking commands that other nodes sent, until they are answered: those nodes may
 * end them, and so does the end of the connection that a command came by. Owner thread only.
 */
final class ForwardedWaits {
  private final Map<PeerConnection, Map<Long, ClientWait>> waits = new LinkedHashMap<>();

  /** A command came. */
  ClientWait begin(PeerConnection from, long id) {
    ClientWait wait = new ClientWait(from::isOpen);
    waits.computeIfAbsent(from, none -> new LinkedHashMap<>()).put(id, wait);
    return wait;
  }

  /** It was answered, or sent back. */
  void over(PeerConnection from, long id) {
    Map<Long, ClientWait> ofPeer = waits.get(from);
    if (ofPeer != null && ofPeer.remove(id) != null && ofPeer.isEmpty()) {
      waits.remove(from);
    }
  }

  /** The node that sent it wants an end of it; it may be answered already. */
  void end(PeerConnection from, long id, ClientWait.End how) {
    Map<Long, ClientWait> ofPeer = waits.get(from);
    ClientWait wait = ofPeer == null ? null : ofPeer.get(id);
    if (wait != null) {
      wait.end(how);
    }
    if (how == ClientWait.End.GONE) {
      over(from, id);
    }
  }

  /** A node is out of reach: what it sent by a connection that seems to stand ends, too. */
  void lost(NodeId node) {
    for (PeerConnection from : List.copyOf(waits.keySet())) {
      if (from.hello().from() == node.number()) {
        endAll(from, ClientWait.End.LOST);
      }
    }
  }

  /** Ends those that came by connections which broke. */
  void dropBroken() {
    for (PeerConnection from : List.copyOf(waits.keySet())) {
      if (!from.isOpen()) {
        endAll(from, ClientWait.End.GONE);
        waits.remove(from);
      }
    }
  }

  private void endAll(PeerConnection from, ClientWait.End how) {
    List.copyOf(waits.get(from).values()).forEach(wait -> wait.end(how));
  }
}
