package io.trefoil.node.http;

import java.util.Optional;

/**
 * What a node says of itself to those who decide whether to restart it or to send it clients.
 * Called on the HTTP server's thread; must not block.
 */
public interface Readiness {
  /** Why the process should be restarted, or that it is stopping, in one line; empty while well. */
  Optional<String> whyNotHealthy();

  /** Why clients should go elsewhere, in one line; empty when they may come. */
  Optional<String> whyNotReady();
}
