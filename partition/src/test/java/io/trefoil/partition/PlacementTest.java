package io.trefoil.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.partition.Placement.Site;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PlacementTest {
  @Test
  void threeNodesLeadOnePartitionEach() {
    assertThat(Placement.place(sites(List.of(0, 0, 0)), 3, 3, 0))
        .containsExactly(nodes(1, 2, 3), nodes(2, 1, 3), nodes(3, 2, 1));
  }

  @Test
  void aDatabaseOfOnePartitionBeginsWhereItIsTold() {
    assertThat(Placement.place(sites(List.of(0, 0, 0)), 1, 2, 1)).containsExactly(nodes(2, 3));
  }

  @Property
  void replicasAndLeadersAreBalancedWithinOne(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 0, max = 3) Integer> regions,
      @ForAll @IntRange(min = 1, max = 60) int partitions,
      @ForAll @IntRange(min = 1, max = 12) int wishedCopies,
      @ForAll @IntRange(min = 0, max = 100) int start) {
    int copies = Math.min(wishedCopies, regions.size());
    List<Site> sites = sites(regions);
    List<List<NodeId>> placed = Placement.place(sites, partitions, copies, start);

    Map<NodeId, Integer> replicas = zeroes(sites);
    Map<NodeId, Integer> leaders = zeroes(sites);
    for (List<NodeId> partition : placed) {
      assertThat(partition).hasSize(copies).doesNotHaveDuplicates();
      partition.forEach(node -> replicas.merge(node, 1, Integer::sum));
      leaders.merge(partition.get(0), 1, Integer::sum);
    }
    assertThat(placed).hasSize(partitions);
    assertThat(spread(replicas.values())).isLessThanOrEqualTo(1);
    assertThat(spread(leaders.values())).isLessThanOrEqualTo(1);
  }

  @Property
  void theOrderInWhichNodesAreNamedChangesNothing(
      @ForAll @Size(min = 1, max = 9) List<@IntRange(min = 0, max = 3) Integer> regions,
      @ForAll @IntRange(min = 1, max = 20) int partitions) {
    List<Site> sites = sites(regions);
    List<Site> reversed = new ArrayList<>(sites);
    Collections.reverse(reversed);
    assertThat(Placement.place(reversed, partitions, 1, 3))
        .isEqualTo(Placement.place(sites, partitions, 1, 3));
  }

  @Property
  void regionsOfOneSizeShareEachPartitionEvenly(
      @ForAll @IntRange(min = 1, max = 4) int regionCount,
      @ForAll @IntRange(min = 1, max = 4) int nodesPerRegion,
      @ForAll @IntRange(min = 1, max = 40) int partitions,
      @ForAll @IntRange(min = 1, max = 7) int wishedCopies) {
    List<Integer> regions = new ArrayList<>();
    for (int i = 0; i < regionCount * nodesPerRegion; i++) {
      regions.add(i % regionCount);
    }
    int copies = Math.min(wishedCopies, regions.size());
    for (List<NodeId> partition : Placement.place(sites(regions), partitions, copies, 0)) {
      int[] held = new int[regionCount];
      partition.forEach(node -> held[regions.get(node.number() - 1)]++);
      assertThat(spread(Arrays.stream(held).boxed().toList())).isLessThanOrEqualTo(1);
    }
  }

  private static List<Site> sites(List<Integer> regions) {
    List<Site> sites = new ArrayList<>();
    for (int i = 0; i < regions.size(); i++) {
      sites.add(new Site(new NodeId(i + 1), "region" + regions.get(i)));
    }
    return sites;
  }

  private static List<NodeId> nodes(int... numbers) {
    return Arrays.stream(numbers).mapToObj(NodeId::new).toList();
  }

  private static Map<NodeId, Integer> zeroes(List<Site> sites) {
    Map<NodeId, Integer> counts = new TreeMap<>();
    sites.forEach(site -> counts.put(site.node(), 0));
    return counts;
  }

  private static int spread(Collection<Integer> counts) {
    return Collections.max(counts) - Collections.min(counts);
  }
}
