package io.trefoil.control;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What regions, and databases between them, must keep to, whoever asks for them. */
final class RegionRules {
  /** What a multi-leader database has the same in all of its regions. */
  private static final List<String> SAME_IN_ALL = List.of("REGIONS", "TOPOLOGY", "CONFLICT");

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

  /** Which of a new database's other regions is not linked. */
  static Optional<String> whyNotLinked(ControlCommand.Create command, ClusterState state) {
    return command.options().regions().stream()
        .filter(region -> !region.equals(command.here()) && !state.regions().containsKey(region))
        .findFirst()
        .map(
            region ->
                "region '" + region + "' is not linked here: REGION LINK " + region + " host:port");
  }

  /** Why a multi-leader database can't be altered so here alone. */
  static Optional<String> whyNotAltered(DatabaseOptions options) {
    return options.saidOfSomeAlgorithms().stream()
        .filter(SAME_IN_ALL::contains)
        .findFirst()
        .map(option -> option + " of a multi-leader database can't be changed yet");
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
