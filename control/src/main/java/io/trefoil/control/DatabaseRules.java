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
   * @param title of the database
   * @param said the options that made the settings what they are
   */
  static Optional<String> whyNot(String title, DatabaseOptions said, DatabaseSettings settings) {
    return DatabaseGrammar.whyNotOf(settings.replication(), said.said())
        .or(() -> outOfRange("REPLICAS", settings.replicas(), DatabaseSettings.MAX_REPLICAS))
        .or(() -> outOfRange("PARTITIONS", settings.partitions(), DatabaseSettings.MAX_PARTITIONS))
        .or(
            () ->
                outOfRange(
                    "WRITE-TIMEOUT",
                    settings.writeTimeoutMillis(),
                    DatabaseSettings.MAX_WRITE_TIMEOUT_MILLIS))
        .or(() -> whyTooFewReplicas(settings))
        .or(() -> whyNotRead(title, settings));
  }

  private static Optional<String> whyNotRead(String title, DatabaseSettings settings) {
    return settings.isMultiLeader() && settings.reads().equals(Reads.LINEARIZABLE)
        ? Optional.of(
            UNSUPPORTED
                + "LINEARIZABLE reads need one order of all writes; database '"
                + title
                + "' is multi-leader: SESSION, BOUNDED ms or EVENTUAL")
        : Optional.empty();
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
