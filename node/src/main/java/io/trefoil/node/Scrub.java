package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import io.trefoil.node.PartitionReport.Result;
import io.trefoil.node.Routes.PartitionRoute;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the replicas of each partition from time to time, so that what a disk lost is found
 * while others still have it. One partition at a time, each by its leader; where there is none, by
 * the first of its replicas.
 *
 * <p>A replica that differs, at two looks, from all the others, which are equal and more than half,
 * is damaged: its node is told so and stops. Any other difference is for people to look at.
 *
 * <p>Belongs to the data loop's thread.
 */
final class Scrub {
  private static final Logger LOG = LoggerFactory.getLogger(Scrub.class);
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What could not be compared is due again after this part of the time. */
  private static final int SOONER = 16;

  private final DataLoop loop;
  private final Routes routes;
  private final Verifications verifications;
  private final Function<NodeId, String> nodeName;
  private final long everyNanos;
  private final Map<PartitionId, Long> dueNanos = new HashMap<>();
  private final SortedMap<PartitionId, String> differing = new TreeMap<>();
  private long lookedNanos;
  private boolean underWay;

  Scrub(
      DataLoop loop,
      Routes routes,
      Verifications verifications,
      Function<NodeId, String> nodeName,
      long everyNanos) {
    this.loop = loop;
    this.routes = routes;
    this.verifications = verifications;
    this.nodeName = nodeName;
    this.everyNanos = everyNanos;
    this.lookedNanos = loop.nowNanos();
  }

  /** What differs, as far as this node has compared it, in words. */
  SortedMap<PartitionId, String> differing() {
    return differing;
  }

  void tick() {
    long now = loop.nowNanos();
    if (underWay || now - lookedNanos < LOOK_NANOS) {
      return;
    }
    lookedNanos = now;
    for (PartitionRoute route : routes.partitions()) {
      if (!isScrubbedHere(route)) {
        dueNanos.remove(route.id());
        differing.remove(route.id());
      } else if (dueNanos.computeIfAbsent(route.id(), id -> first(id, now)) - now < 0) {
        compare(route, null);
        return;
      }
    }
  }

  /** Not all at once when a node starts. */
  private long first(PartitionId id, long now) {
    return now + everyNanos / 64 * (1 + Math.floorMod(id.hashCode() * 0x9E37_79B9, 64));
  }

  private boolean isScrubbedHere(PartitionRoute route) {
    if (route.terms().state().replicas().size() < 2) {
      return false;
    }
    return route.isLeaderless()
        ? route.coordinator() != null
            && route.terms().state().replicas().first().equals(loop.self())
        : route.leadsHere();
  }

  /**
   * @param suspect the one that differed from all others a moment ago, or null
   */
  private void compare(PartitionRoute route, NodeId suspect) {
    underWay = true;
    verifications.verify(route, report -> ended(route, report, suspect));
  }

  private void ended(PartitionRoute route, PartitionReport report, NodeId suspect) {
    underWay = false;
    Result result = report.result();
    long sooner = result == Result.INCOMPLETE ? SOONER : 1;
    dueNanos.put(route.id(), loop.nowNanos() + everyNanos / sooner);
    if (result == Result.EQUAL) {
      differing.remove(route.id());
    } else if (result == Result.DIFFERS) {
      NodeId odd = route.isLeaderless() ? null : oddOneOut(report);
      if (odd != null && suspect == null) {
        compare(route, odd);
      } else {
        differs(route, report, odd != null && odd.equals(suspect) ? odd : null);
      }
    }
  }

  private void differs(PartitionRoute route, PartitionReport report, NodeId damaged) {
    String where = "partition " + route.number() + " of '" + route.terms().database().title() + "'";
    String text =
        damaged == null
            ? where + " differs between its replicas: DATABASE VERIFY tells what"
            : where
                + " on "
                + nodeName.apply(damaged)
                + " differs at "
                + report.position()
                + " from what "
                + others(report, damaged)
                + " have alike";
    LOG.error("{}", text);
    differing.put(route.id(), text);
    if (damaged != null) {
      verifications.condemn(damaged, route.id(), text);
    }
  }

  private String others(PartitionReport report, NodeId damaged) {
    return report.replicas().stream()
        .map(ReplicaDigest::node)
        .filter(node -> !node.equals(damaged))
        .map(nodeName)
        .collect(Collectors.joining(" and "));
  }

  /** The only one that differs from the others, which are equal and more than half; or null. */
  static NodeId oddOneOut(PartitionReport report) {
    List<ReplicaDigest> compared =
        report.replicas().stream().filter(each -> each.problem() == null).toList();
    Map<Long, List<ReplicaDigest>> byDigest =
        compared.stream().collect(Collectors.groupingBy(ReplicaDigest::digest));
    boolean isCertain =
        compared.size() == report.replicas().size() && compared.size() > 2 && byDigest.size() == 2;
    if (!isCertain) {
      return null;
    }
    return byDigest.values().stream()
        .filter(each -> each.size() == 1)
        .map(each -> each.get(0).node())
        .findFirst()
        .orElse(null);
  }
}
