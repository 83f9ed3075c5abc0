package io.trefoil.control;

import io.trefoil.base.HostPort;
import java.util.List;

/** What somebody asked for with the words after {@code REGION}. */
public sealed interface RegionStatement {
  record Link(String name, List<HostPort> addresses) implements RegionStatement {
    public Link {
      addresses = List.copyOf(addresses);
    }
  }

  record Unlink(String name) implements RegionStatement {}

  record ListAll() implements RegionStatement {}

  record Help() implements RegionStatement {}

  /**
   * Words that ask for nothing.
   *
   * @param error for the client: an error prefix, then a sentence
   */
  record Invalid(String error) implements RegionStatement {}
}
