package io.trefoil.control;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What regions, and databases between them, must keep to, whoever asks for them. */
final class RegionRules {
  private RegionRules() {}

  // Databases.

  /**
   * Why no multi-leader database can have these regions.
   *
   * @param regions null when nothing was said of them
   * @param topology null when nothing was said of it
   */
  static Optional<String> whyNotRegions(List<String> regions, Topology topology) {
    if (regions == null || regions.isEmpty() || regions.size() > Regions.MAX) {
      return Optional.of(
          "REGIONS is missing: a multi-leader database has 1 to "
              + Regions.MAX
              + ", as in REGIONS 2 eu us");
    }
    Set<String> before = new HashSet<>();
    for (String name : regions) {
      Optional<String> bad = Names.whyNotRegion(name);
      if (bad.isPresent()) {
        return bad;
      }
      if (!before.add(name)) {
        return Optional.of("region '" + name + "' is given twice");
      }
    }
    boolean noHub =
        topology != null && !topology.hub().isEmpty() && !before.contains(topology.hub());
    return noHub
        ? Optional.of(
            "the hub "
                + Names.quoted(topology.hub())
                + " is not one of REGIONS "
                + String.join(", ", regions))
        : Optional.empty();
  }

  /** Why no multi-leader database can be created so, whatever is linked. */
  static Optional<String> whyNotBetween(ControlCommand.Create command) {
    if (command.regions() != null) {
      return whyNotHere(command);
    }
    List<String> regions = command.options().regions();
    Optional<String> bad = whyNotRegions(regions, command.options().topology());
    if (bad.isPresent()) {
      return bad;
    }
    if (!regions.contains(command.here())) {
      return Optional.of(
          "this cluster's region "
              + Names.quoted(command.here())
              + " is not one of REGIONS "
              + String.join(", ", regions));
    }
    return command.definition() == 0
        ? Optional.of("a multi-leader database has a definition other than 0")
        : Optional.empty();
  }

  private static Optional<String> whyNotHere(ControlCommand.Create command) {
    boolean defined = command.definition() != 0;
    return defined && command.regions().here().equals(command.here())
        ? Optional.empty()
        : Optional.of(
            "regions of " + command.regions().here() + " are not those of " + command.here());
  }

  /** The regions of a new database, or of one that other regions have already. */
  static Regions of(ControlCommand.Create command) {
    return command.regions() != null
        ? command.regions()
        : command.options().newRegions(command.here());
  }

  /** Which of a database's other regions is not linked. */
  static Optional<String> whyNotLinked(Regions regions, ClusterState state) {
    return regions.others().stream()
        .filter(region -> !state.regions().containsKey(region))
        .findFirst()
        .map(
            region ->
                "region '" + region + "' is not linked here: REGION LINK " + region + " host:port");
  }

  /** Why regions can't be those of a database that has others here. */
  static Optional<String> whyNotNext(Regions next, Database database, ClusterState state) {
    Regions old = database.settings().regions();
    if (!database.settings().isMultiLeader()) {
      return Optional.of("'" + database.title() + "' is single-leader here by now");
    }
    if (!next.here().equals(old.here())) {
      return Optional.of(
          "this is region '"
              + old.here()
              + "', not '"
              + next.here()
              + "': the link that led here has the wrong name or addresses");
    }
    if (!next.canFollow(old)) {
      return Optional.of(
          String.format(
              "the regions of '%s' were changed from here, too: they are %s at version %d, not %d."
                  + " Change them from here",
              database.title(), String.join(", ", old.names()), old.version(), next.version() - 1));
    }
    if (!old.hasHere() && next.hasHere()) {
      return Optional.of(
          "'"
              + database.title()
              + "' still has what it had when it was removed: DATABASE DROP it in region '"
              + old.here()
              + "' first");
    }
    return whyNotLinked(next, state);
  }

  /** Why a multi-leader database can't be single-leader. */
  static Optional<String> whyNotAlone(Database database) {
    Regions regions = database.settings().regions();
    if (regions == null || !regions.hasHere()) {
      return Optional.of(
          "a database keeps its REPLICATION, but for multi-leader ones' last region");
    }
    return regions.others().isEmpty()
        ? Optional.empty()
        : Optional.of(
            "'"
                + database.title()
                + "' is in region "
                + String.join(", ", regions.others())
                + ", too: say REGIONS 1 "
                + regions.here()
                + " first");
  }

  /** Why a single-leader database can't be multi-leader. */
  static Optional<String> whyNotSpanning(
      ControlCommand.Span command, Database database, ClusterState state) {
    DatabaseSettings settings = database.settings();
    Regions regions = command.regions();
    Regions old = settings.regions();
    if (settings.replication() != Replication.SINGLE_LEADER) {
      return Optional.of("a database keeps its REPLICATION, but for single-leader ones");
    }
    if (database.name().isEmpty()) {
      return Optional.of(
          "database " + database.number() + " has no name, by which other regions could know it");
    }
    if (command.definition() == 0) {
      return Optional.of("a multi-leader database has a definition other than 0");
    }
    boolean fits =
        old == null ? regions.numberHere() == 1 : regions.equals(old) || regions.canFollow(old);
    return fits && regions.hasHere()
        ? whyNotLinked(regions, state)
        : Optional.of("its regions are others by now: " + old);
  }

  // Links.

  static Optional<String> whyNotLinked(ControlCommand.LinkRegion command, ClusterState state) {
    String name = command.name();
    Optional<String> bad = Names.whyNotRegion(name);
    if (bad.isPresent()) {
      return bad;
    }
    List<ClusterNode> own = state.nodesIn(name);
    if (!own.isEmpty()) {
      return Optional.of("'" + name + "' is a region of this cluster" + CommandApplier.names(own));
    }
    int addresses = command.addresses().size();
    if (addresses < 1 || addresses > ClusterState.MAX_REGION_ADDRESSES) {
      return Optional.of(
          "a region has 1 to "
              + ClusterState.MAX_REGION_ADDRESSES
              + " addresses, not "
              + addresses);
    }
    boolean full = state.regions().size() >= ClusterState.MAX_REGIONS;
    return full && !state.regions().containsKey(name)
        ? Optional.of(ClusterState.MAX_REGIONS + " regions are linked, the most there are")
        : Optional.empty();
  }

  static Optional<String> whyNotUnlinked(String name, ClusterState state) {
    if (!state.regions().containsKey(name)) {
      return Optional.of("region " + Names.quoted(name) + " is not linked");
    }
    return state.databases().values().stream()
        .filter(each -> each.settings().isMultiLeader())
        .filter(each -> each.settings().regions().names().contains(name))
        .findFirst()
        .map(user -> "database '" + user.title() + "' is in region '" + name + "' as well");
  }
}
