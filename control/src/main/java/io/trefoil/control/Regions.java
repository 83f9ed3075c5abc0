package io.trefoil.control;

import io.trefoil.base.Invariants;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How a multi-leader database replicates between its regions, each of which is a cluster of its
 * own.
 *
 * @param here this cluster's region, one of {@code places}
 * @param version grows by one with each change of what follows, and is then the same in all regions
 * @param places all regions that it ever had, 1 to {@link #MAX}: a region's number in the database
 *     is its place, counted from 1, and is never another one's, since cells say by it who wrote
 *     them. A region that comes again gets a place of its own
 * @param removed numbers of those that are no longer regions of the database
 * @param conflict what a read shows of writes that knew nothing of each other
 */
public record Regions(
    String here,
    int version,
    List<String> places,
    SortedSet<Integer> removed,
    Topology topology,
    Conflict conflict) {
  /** The most regions that a database can have had. */
  public static final int MAX = 15;

  public Regions {
    places = List.copyOf(places);
    removed = Collections.unmodifiableSortedSet(new TreeSet<>(removed));
    Invariants.check(version > 0, "versions count from 1", version, 0);
    Invariants.check(
        !places.isEmpty() && places.size() <= MAX, "regions out of range", places.size(), MAX);
    Invariants.check(
        removed.isEmpty() || removed.first() >= 1 && removed.last() <= places.size(),
        "only what has a place is removed");
    Invariants.check(places.contains(here), "this cluster is in one of the regions");
    List<String> names = present(places, removed);
    Invariants.check(!names.isEmpty(), "a database has a region");
    Invariants.check(new HashSet<>(names).size() == names.size(), "a region is there once");
    Invariants.check(
        topology.hub().isEmpty() || names.contains(topology.hub()),
        "the hub of a star is one of its regions");
  }

  /**
   * Those of a new database.
   *
   * @param names in the order given at creation, which is the same in all regions
   */
  public static Regions first(
      String here, List<String> names, Topology topology, Conflict conflict) {
    return new Regions(here, 1, names, Collections.emptySortedSet(), topology, conflict);
  }

  private static List<String> present(List<String> places, SortedSet<Integer> removed) {
    List<String> names = new ArrayList<>();
    for (int number = 1; number <= places.size(); number++) {
      if (!removed.contains(number)) {
        names.add(places.get(number - 1));
      }
    }
    return names;
  }

  /** The regions that it has, in the order of their numbers. */
  public List<String> names() {
    return present(places, removed);
  }

  /** Whether the region here is one of {@link #names}, and not one that was removed. */
  public boolean hasHere() {
    return !removed.contains(numberHere());
  }

  /**
   * The number of a region, from 1; of one that was removed, the last that it had.
   *
   * @param name one of {@link #places}
   */
  public int number(String name) {
    for (int number = 1; number <= places.size(); number++) {
      if (places.get(number - 1).equals(name) && !removed.contains(number)) {
        return number;
      }
    }
    int place = places.lastIndexOf(name);
    Invariants.check(place >= 0, "a region that the database does not have");
    return place + 1;
  }

  public int numberHere() {
    return number(here);
  }

  /** Whether a region has, or had, this number. */
  public boolean isNumber(int number) {
    return number >= 1 && number <= places.size();
  }

  /** The region that has, or had, a number. */
  public String name(int number) {
    Invariants.check(isNumber(number), "no region has this number", number, places.size());
    return places.get(number - 1);
  }

  /** The numbers of {@link #names}. */
  public SortedSet<Integer> numbers() {
    SortedSet<Integer> numbers = new TreeSet<>();
    names().forEach(name -> numbers.add(number(name)));
    return numbers;
  }

  /** All that it has but the one here, in their order. */
  public List<String> others() {
    return names().stream().filter(name -> !name.equals(here)).toList();
  }

  /** The same as it is in another of its regions, or in one that it had. */
  public Regions at(String region) {
    return new Regions(region, version, places, removed, topology, conflict);
  }

  /**
   * The next version of them, or the same when nothing is another.
   *
   * @param wanted names of all that it is to have. New ones come last, whatever their order is here
   */
  public Regions changed(List<String> wanted, Topology newTopology, Conflict newConflict) {
    List<String> all = new ArrayList<>(places);
    SortedSet<Integer> gone = new TreeSet<>(removed);
    for (String name : names()) {
      if (!wanted.contains(name)) {
        gone.add(number(name));
      }
    }
    wanted.stream().filter(name -> !names().contains(name)).forEach(all::add);
    boolean same =
        all.equals(places)
            && gone.equals(removed)
            && newTopology.equals(topology)
            && newConflict == conflict;
    return same ? this : new Regions(here, version + 1, all, gone, newTopology, newConflict);
  }

  /**
   * Whether this can follow another version: where both have a place it is the same region's,
   * unless it is removed by now, having been agreed on in some regions only.
   */
  public boolean canFollow(Regions older) {
    if (version <= older.version || places.size() < older.places.size()) {
      return false;
    }
    for (int number = 1; number <= older.places.size(); number++) {
      if (!removed.contains(number) && !name(number).equals(older.name(number))) {
        return false;
      }
    }
    return true;
  }
}
