package io.trefoil.bench;

import io.trefoil.bench.load.KeyChoice;
import io.trefoil.bench.load.Load;
import io.trefoil.bench.load.ValueSizes;
import io.trefoil.bench.load.Workload;
import io.trefoil.bench.server.Deployment;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

/**
 * What is measured, and how.
 *
 * @param at servers that run already; empty when Trefoil is started
 * @param database of those
 * @param isSerializable whether etcd's members answer reads by themselves
 * @param nodeSettings of each node of Trefoil, as lines of its configuration
 * @param reads shares of reads, each of which is measured
 * @param pipelines likewise
 * @param distribution of the keys, in words
 * @param isExponential whether requests come at gaps that are by chance
 * @param warmUp seconds of each share of reads, before all
 * @param series file that is written with figures of each second; null for none
 * @param folder in which that of the data is made
 */
record Settings(
    Deployment deployment,
    List<Peer> versus,
    List<InetSocketAddress> at,
    String database,
    boolean isSerializable,
    List<String> nodeSettings,
    List<Double> reads,
    List<Integer> pipelines,
    long keys,
    KeyChoice choice,
    String distribution,
    ValueSizes sizes,
    Rate rate,
    boolean isExponential,
    int connections,
    int threads,
    int warmUp,
    int seconds,
    int pairs,
    Path series,
    Path folder,
    int port) {

  /** What is measured beside Trefoil. */
  enum Peer {
    REDIS,
    ETCD,
    CASSANDRA,
    /** A database with leaders on the same nodes of Trefoil. */
    SINGLE_LEADER
  }

  /**
   * How many requests come.
   *
   * @param perSecond or 0
   * @param shareOfPeak of the slower side, or 0; both 0 for as many as possible
   */
  record Rate(double perSecond, double shareOfPeak) {}

  Workload workload(double share) {
    return new Workload(share, keys, choice, sizes);
  }

  int pipelineMax() {
    return Collections.max(pipelines);
  }

  Load.Size size() {
    return new Load.Size(connections, threads, pipelineMax(), sizes.most());
  }
}
