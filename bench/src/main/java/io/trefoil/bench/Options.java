package io.trefoil.bench;

import io.trefoil.bench.load.KeyChoice;
import io.trefoil.bench.load.ValueSizes;
import io.trefoil.bench.load.Zipf;
import io.trefoil.bench.server.Deployment;
import io.trefoil.bench.server.Deployment.Algorithm;
import io.trefoil.cli.process.NodePorts;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the words of options, and says what is wrong with those that it can't take. */
final class Options {
  static final int PORT_MAX = NodePorts.CLIENT_MAX - 100;

  private static final int VALUE_MAX = 1 << 20;
  private static final int PIPELINE_MAX = 1_024;
  private static final double RATE_MAX = 10_000_000;
  private static final double THETA = 0.99;

  /** Of buffers, in bytes. */
  private static final long MEMORY_MAX = 768L << 20;

  /** What a connection takes beside its requests, about. */
  private static final long CONNECTION_BYTES = 80 * 1_024;

  private static final int FRAME_BYTES = 512;

  private static final Pattern SIZES = Pattern.compile("(\\d{1,7})(?:-(\\d{1,7}))?");
  private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d+)?)%");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,8}(?:\\.\\d+)?");
  private static final Pattern ADDRESS = Pattern.compile("(\\S+):(\\d{1,5})");
  private static final Pattern SETTING = Pattern.compile("--([a-z0-9-]+(?:\\.[a-z0-9-]+)+)");

  private final Function<String, RuntimeException> badUsage;

  /**
   * @param badUsage makes what is thrown of what is wrong
   */
  Options(Function<String, RuntimeException> badUsage) {
    this.badUsage = badUsage;
  }

  void requireRange(String option, long value, long min, long max) {
    if (value < min || value > max) {
      String range = min == max ? "must be " + min : "must be from " + min + " to " + max;
      throw badUsage.apply(option + " " + range + ", not " + value);
    }
  }

  /** Which of the words it is, from 0 on. */
  int choice(String option, String given, String... words) {
    int which = Arrays.asList(words).indexOf(given);
    if (which < 0) {
      throw badUsage.apply(
          option + " must be " + String.join(" or ", words) + ", not '" + given + "'");
    }
    return which;
  }

  List<Settings.Peer> peers(List<String> words) {
    List<Settings.Peer> peers = new ArrayList<>();
    for (String word : words) {
      if (word.equals("none") && words.size() == 1) {
        return List.of();
      }
      Settings.Peer peer =
          Arrays.stream(Settings.Peer.values())
              .filter(it -> name(it).equals(word))
              .findFirst()
              .orElseThrow(() -> unknownPeer(word));
      if (peers.contains(peer)) {
        throw badUsage.apply("--versus: " + word + " is given twice");
      }
      peers.add(peer);
    }
    return peers;
  }

  private RuntimeException unknownPeer(String word) {
    return badUsage.apply(
        "--versus must be redis, etcd, cassandra, single-leader or none, not '" + word + "'");
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  Algorithm algorithm(String word, List<Settings.Peer> peers) {
    boolean isBesideLeader = peers.contains(Settings.Peer.SINGLE_LEADER);
    if (word == null) {
      boolean isLeaderless = isBesideLeader || peers.contains(Settings.Peer.CASSANDRA);
      return isLeaderless ? Algorithm.LEADERLESS : Algorithm.SINGLE_LEADER;
    }
    Algorithm family =
        Algorithm.values()[
            choice("--algorithm", word, "single-leader", "multi-leader", "leaderless")];
    if (family == Algorithm.MULTI_LEADER && !peers.isEmpty()) {
      throw badUsage.apply("--algorithm multi-leader has no peer here: --versus none");
    }
    if (family == Algorithm.SINGLE_LEADER && isBesideLeader) {
      throw badUsage.apply("--versus single-leader needs --algorithm leaderless");
    }
    return family;
  }

  int nodes(Integer given, Algorithm family, List<Settings.Peer> peers) {
    if (family == Algorithm.MULTI_LEADER) {
      requireRange(
          "--nodes of multi-leader (two regions of one node)", given == null ? 2 : given, 2, 2);
      return 2;
    }
    boolean isCassandra = peers.contains(Settings.Peer.CASSANDRA);
    boolean isThree =
        family == Algorithm.LEADERLESS || isCassandra || peers.contains(Settings.Peer.ETCD);
    int count = given == null ? isThree ? 3 : 1 : given;
    if (count != 1 && count != 3) {
      throw badUsage.apply("--nodes must be 1 or 3, not " + count);
    }
    if (isCassandra && count != 3) {
      throw badUsage.apply("--nodes beside Cassandra must be 3, not " + count);
    }
    return count;
  }

  Deployment.Commit commit(String word) {
    String given = word == null ? "majority" : word;
    return Deployment.Commit.values()[
        choice("--commit", given, "async", "semi-sync", "majority", "sync")];
  }

  List<InetSocketAddress> addresses(List<String> words) {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String word : words == null ? List.<String>of() : words) {
      Matcher address = ADDRESS.matcher(word);
      if (!address.matches() || Integer.parseInt(address.group(2)) > 65_535) {
        throw badUsage.apply("--at must be host:port, not '" + word + "'");
      }
      InetSocketAddress found =
          new InetSocketAddress(address.group(1), Integer.parseInt(address.group(2)));
      if (found.isUnresolved()) {
        throw badUsage.apply("--at: nobody knows the host '" + address.group(1) + "'");
      }
      addresses.add(found);
    }
    return addresses;
  }

  /** {@code --memory.table 64mb} as the line {@code memory.table: 64mb} of a configuration. */
  List<String> nodeSettings(String words) {
    List<String> lines = new ArrayList<>();
    List<String> given = words(words);
    for (int i = 0; i < given.size(); i += 2) {
      Matcher setting = SETTING.matcher(given.get(i));
      if (!setting.matches() || i + 1 == given.size()) {
        throw badUsage.apply(
            "--node-options must be pairs such as '--memory.table 64mb', not '" + words + "'");
      }
      lines.add(setting.group(1) + ": " + given.get(i + 1));
    }
    return lines;
  }

  List<Double> shares(String words) {
    List<Double> shares = new ArrayList<>();
    for (String word : words(words)) {
      if (!NUMBER.matcher(word).matches() || Double.parseDouble(word) > 1) {
        throw badUsage.apply("--reads must be shares from 0 to 1, not '" + word + "'");
      }
      shares.add(Double.parseDouble(word));
    }
    return notEmpty("--reads", shares);
  }

  List<Integer> pipelines(String words) {
    List<Integer> pipelines = new ArrayList<>();
    for (String word : words(words)) {
      int count = word.matches("\\d{1,6}") ? Integer.parseInt(word) : 0;
      if (count < 1 || count > PIPELINE_MAX) {
        throw badUsage.apply(
            "--pipeline must be numbers from 1 to " + PIPELINE_MAX + ", not '" + word + "'");
      }
      pipelines.add(count);
    }
    return notEmpty("--pipeline", pipelines);
  }

  private static List<String> words(String words) {
    return Arrays.stream(words.split("[\\s,]+")).filter(word -> !word.isEmpty()).toList();
  }

  private <T> List<T> notEmpty(String option, List<T> values) {
    if (values.isEmpty()) {
      throw badUsage.apply(option + " needs a value");
    }
    return values;
  }

  ValueSizes sizes(String word) {
    Matcher sizes = SIZES.matcher(word);
    int least = sizes.matches() ? Integer.parseInt(sizes.group(1)) : 0;
    int most = least > 0 && sizes.group(2) != null ? Integer.parseInt(sizes.group(2)) : least;
    if (least < 1 || most < least || most > VALUE_MAX) {
      throw badUsage.apply(
          "--value must be bytes, or from-to, from 1 to " + VALUE_MAX + ", not '" + word + "'");
    }
    return new ValueSizes(least, most);
  }

  KeyChoice keyChoice(String word, long keys) {
    if (word.equals("uniform")) {
      return KeyChoice.uniform(keys);
    }
    String[] parts = word.split(":", 2);
    String theta = parts.length == 1 ? Double.toString(THETA) : parts[1];
    boolean isGood = parts[0].equals("zipf") && NUMBER.matcher(theta).matches();
    double skew = isGood ? Double.parseDouble(theta) : 0;
    if (skew <= 0 || skew >= 1) {
      throw badUsage.apply(
          "--distribution must be uniform, zipf or zipf:<theta> with a theta above 0 and below 1,"
              + " not '"
              + word
              + "'");
    }
    return new Zipf(keys, skew);
  }

  Settings.Rate rate(String word) {
    Matcher percent = PERCENT.matcher(word);
    double share = percent.matches() ? Double.parseDouble(percent.group(1)) / 100 : 0;
    double number = NUMBER.matcher(word).matches() ? Double.parseDouble(word) : 0;
    if (!word.equals("max") && !(share > 0 && share <= 1) && !(number >= 1 && number <= RATE_MAX)) {
      throw badUsage.apply(
          "--rate must be max, requests a second such as 5000, or a share of the peak such as 50%,"
              + " not '"
              + word
              + "'");
    }
    return new Settings.Rate(number, share);
  }

  /** Buffers have room for all that may be in flight. */
  void requireMemory(Settings settings) {
    long each = (settings.pipelineMax() + 2L) * (settings.sizes().most() + FRAME_BYTES);
    long sides = settings.versus().size() + 1L;
    long bytes = sides * settings.connections() * (each + CONNECTION_BYTES);
    if (bytes > MEMORY_MAX) {
      throw badUsage.apply(
          String.format(
              Locale.ROOT,
              "--connections, --pipeline and --value together need %,d MB of buffers, %,d MB are the most",
              bytes >> 20,
              MEMORY_MAX >> 20));
    }
  }
}
