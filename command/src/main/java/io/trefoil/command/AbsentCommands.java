package io.trefoil.command;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The commands of Redis 7.0 that are not here, with the reason. A container of which any
 * sub-command is here is in the command table, and only what it lacks is listed.
 */
public final class AbsentCommands {
  private static final String CLUSTER =
      "asking cluster|addslots cluster|addslotsrange cluster|bumpepoch"
          + " cluster|count-failure-reports cluster|countkeysinslot cluster|delslots"
          + " cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget"
          + " cluster|getkeysinslot cluster|help cluster|links cluster|meet cluster|replicas"
          + " cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch"
          + " cluster|setslot cluster|slaves";

  private static final Map<String, List<String>> BY_REASON = new LinkedHashMap<>();

  static {
    add("the data type is not there yet: HyperLogLog", "pfadd pfcount pfdebug pfmerge pfselftest");
    add(
        "the data type is not there yet: geo",
        "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember"
            + " georadiusbymember_ro geosearch geosearchstore");
    add(
        "the data type is not there yet: streams",
        "xack xadd xautoclaim xclaim xdel xgroup xgroup|create xgroup|createconsumer"
            + " xgroup|delconsumer xgroup|destroy xgroup|help xgroup|setid xinfo xinfo|consumers"
            + " xinfo|groups xinfo|help xinfo|stream xlen xpending xrange xread xreadgroup"
            + " xrevrange xsetid xtrim");
    add(
        "there are no scripts: [transactions](transactions.md) run several commands at once",
        "eval eval_ro evalsha evalsha_ro fcall fcall_ro function|delete function|dump"
            + " function|kill function|load function|restore function|stats script script|debug script|exists script|flush"
            + " script|help script|kill script|load");
    add(
        "another database is other partitions, perhaps on other nodes, and perhaps replicated in"
            + " another way",
        "move swapdb");
    add(
        "a value's bytes are Redis's own format; snapshots and region links carry cells",
        "dump migrate restore restore-asking");
    add(
        "replicas are the cluster's business: `DATABASE`, `SWITCHOVER` and `REGION` say who"
            + " replicates what and who leads",
        "failover psync replconf replicaof slaveof sync");
    add("no port speaks the cluster protocol", CLUSTER);
    add(
        "the journal has all that was acknowledged; `BGSAVE` has storage made durable",
        "bgrewriteaof save");
    add(
        "there is one user, `default`",
        "acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|load acl|log acl|save"
            + " acl|setuser acl|users");
    add("there is no client side caching", "client|caching client|trackinginfo");
    add(
        "it would stop a node's clients, which others rely on: `SWITCHOVER` moves leaders away",
        "client|pause client|unpause");
    add("settings are in the node's file", "config|rewrite");
    add(
        "it looks into Redis's own memory, or tells what is not recorded here: `INFO`, `STATUS`"
            + " and the [metrics](operations/metrics.md) tell how a node is",
        "debug latency|doctor latency|graph latency|histogram latency|history latency|reset"
            + " memory|doctor memory|malloc-stats memory|purge memory|stats monitor");
    add("there are no modules", "module|load module|loadex module|unload");
    add(
        "`COMMAND GETKEYS` tells the keys; what is done with them only key specifications say",
        "command|getkeysandflags");
    add("it draws a picture", "lolwut");
  }

  private AbsentCommands() {}

  private static void add(String reason, String names) {
    BY_REASON.put(reason, List.of(names.split(" ")));
  }

  /** Their names, as {@link Command#name}, by the reason; in the order of the documentation. */
  public static Map<String, List<String>> byReason() {
    return Collections.unmodifiableMap(BY_REASON);
  }
}
