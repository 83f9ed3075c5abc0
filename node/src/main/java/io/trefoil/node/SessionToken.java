package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.command.SeenPositions;
import io.trefoil.control.Database;
import io.trefoil.node.Routes.PartitionRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a session has seen, as one region tells it to another: of databases that span regions it
 * names the region whose log a position is in, and the database by its definition, which all
 * regions know. As in {@code 1;4/0@9:1021,eu:5f3a/2@7:33}.
 *
 * @param here by partitions of this cluster
 * @param elsewhere positions in logs of other regions
 */
record SessionToken(Map<PartitionId, Position> here, List<Elsewhere> elsewhere) {
  private static final String PREFIX = "1;";
  private static final Pattern OF_REGION =
      Pattern.compile("([A-Za-z0-9._-]{1,64}):([0-9a-f]{1,16})/(\\d{1,9})@(\\d{1,18}):(\\d{1,18})");

  /**
   * A position in the log of another region.
   *
   * @param partition in this cluster
   * @param region its number in the database
   */
  record Elsewhere(PartitionId partition, int region, Position position) {}

  /** The token of a session. */
  static String write(SeenPositions seen, Routes routes) {
    return seen.token(partition -> name(partition, routes.partition(partition)));
  }

  private static String name(PartitionId partition, PartitionRoute route) {
    if (route == null || !route.terms().database().settings().isMultiLeader()) {
      return partition.toString();
    }
    Database database = route.terms().database();
    return database.settings().regions().here()
        + ":"
        + Long.toHexString(database.definition())
        + "/"
        + partition.number();
  }

  /**
   * Reads a token.
   *
   * @throws IllegalArgumentException when it is none, or tells of what is not there; the message
   *     says so
   */
  static SessionToken parse(String token, Routes routes) {
    List<String> local = new ArrayList<>();
    List<Elsewhere> elsewhere = new ArrayList<>();
    Map<PartitionId, Position> here = new TreeMap<>();
    boolean is = token.startsWith(PREFIX);
    for (String part : is ? token.substring(PREFIX.length()).split(",", -1) : new String[0]) {
      Matcher match = OF_REGION.matcher(part);
      if (match.matches()) {
        of(match, part, routes, here, elsewhere);
      } else {
        local.add(part);
      }
    }
    // What is left is read, and judged, as a token of this cluster alone.
    here.putAll(SeenPositions.parse(is ? PREFIX + String.join(",", local) : token));
    for (PartitionId partition : here.keySet()) {
      if (routes.partition(partition) == null) {
        throw notThere(partition.toString());
      }
    }
    return new SessionToken(here, elsewhere);
  }

  private static void of(
      Matcher match,
      String part,
      Routes routes,
      Map<PartitionId, Position> here,
      List<Elsewhere> elsewhere) {
    long definition = Long.parseUnsignedLong(match.group(2), 16);
    int number = Integer.parseInt(match.group(3));
    PartitionRoute route = routes.defined(definition, number);
    if (route == null
        || !route.terms().database().settings().regions().names().contains(match.group(1))) {
      throw notThere(part);
    }
    var regions = route.terms().database().settings().regions();
    Position position =
        new Position(Long.parseLong(match.group(4)), Long.parseLong(match.group(5)));
    if (regions.here().equals(match.group(1))) {
      here.put(route.id(), position);
    } else {
      elsewhere.add(new Elsewhere(route.id(), regions.number(match.group(1)), position));
    }
  }

  private static IllegalArgumentException notThere(String partition) {
    return new IllegalArgumentException(
        "the token tells of partition "
            + partition
            + ", which is not there: its database was dropped, or the token is of another"
            + " cluster");
  }
}
