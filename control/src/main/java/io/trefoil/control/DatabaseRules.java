package io.trefoil.control;

import java.util.Optional;

/** What a database's settings must keep to, whoever asks for them. */
final class DatabaseRules {
  private static final String UNSUPPORTED = "UNSUPPORTED ";

  private DatabaseRules() {}

  /**
   * Why no database can have these settings. The text begins with an error prefix of its own, or
   * wants {@link #prefixed one}.
   *
   * @param said the options that made the settings what they are
   */
  static Optional<String> whyNot(DatabaseOptions said, DatabaseSettings settings) {
    if (settings.replication() == Replication.MULTI_LEADER) {
      return Optional.of(notThereYet(settings.replication()));
    }
    return DatabaseGrammar.whyNotOf(settings.replication(), said.saidOfSomeAlgorithms())
        .or(() -> outOfRange("REPLICAS", settings.replicas(), DatabaseSettings.MAX_REPLICAS))
        .or(() -> outOfRange("PARTITIONS", settings.partitions(), DatabaseSettings.MAX_PARTITIONS))
        .or(
            () ->
                outOfRange(
                    "WRITE-TIMEOUT",
                    settings.writeTimeoutMillis(),
                    DatabaseSettings.MAX_WRITE_TIMEOUT_MILLIS))
        .or(() -> whyTooFewReplicas(settings));
  }

  /** That this version does not replicate in this way. */
  static String notThereYet(Replication replication) {
    return UNSUPPORTED
        + replication
        + " is not there yet; this version replicates with "
        + DatabaseGrammar.oneOf(
            DatabaseGrammar.OFFERED.stream().map(Replication::toString).toList());
  }

  private static Optional<String> whyTooFewReplicas(DatabaseSettings settings) {
    int replicas = settings.replicas();
    Quorums quorums = settings.quorums();
    return quorums == null
        ? whyTooFew(settings.commit().toString(), settings.copies(), replicas)
        : whyNoQuorum("R", quorums.reads(), replicas)
            .or(() -> whyNoQuorum("W", quorums.writes(), replicas));
  }

  private static Optional<String> whyNoQuorum(String option, int quorum, int replicas) {
    return outOfRange(option, quorum, DatabaseSettings.MAX_REPLICAS)
        .or(() -> whyTooFew(option + " " + quorum, quorum, replicas));
  }

  private static Optional<String> whyTooFew(String rule, int copies, int replicas) {
    return copies <= replicas
        ? Optional.empty()
        : Optional.of(rule + " needs " + copies + " replicas, the database has " + replicas);
  }

  private static Optional<String> outOfRange(String option, int value, int max) {
    return value >= 1 && value <= max
        ? Optional.empty()
        : Optional.of(option + " is 1 to " + max + ", not " + value);
  }

  static String prefixed(String what, String error) {
    return error.startsWith(UNSUPPORTED) ? error : what + error;
  }
}
