package io.trefoil.control;

import java.util.Optional;

/** What a database's settings must keep to, whoever asks for them. */
final class DatabaseRules {
  private static final String UNSUPPORTED = "UNSUPPORTED ";

  private DatabaseRules() {}

  /**
   * Why no database can have these settings. The text begins with an error prefix of its own, or
   * wants {@link #prefixed one}.
   */
  static Optional<String> whyNot(DatabaseSettings settings) {
    if (settings.replication() != Replication.SINGLE_LEADER) {
      return Optional.of(
          UNSUPPORTED
              + settings.replication()
              + " is not there yet; this version replicates with SINGLE-LEADER");
    }
    Optional<String> range =
        outOfRange("REPLICAS", settings.replicas(), DatabaseSettings.MAX_REPLICAS)
            .or(
                () ->
                    outOfRange(
                        "PARTITIONS", settings.partitions(), DatabaseSettings.MAX_PARTITIONS))
            .or(
                () ->
                    outOfRange(
                        "WRITE-TIMEOUT",
                        settings.writeTimeoutMillis(),
                        DatabaseSettings.MAX_WRITE_TIMEOUT_MILLIS));
    if (range.isPresent()) {
      return range;
    }
    int copies = settings.commit().copies(settings.replicas());
    return copies <= settings.replicas()
        ? Optional.empty()
        : Optional.of(
            settings.commit()
                + " needs "
                + copies
                + " replicas, the database has "
                + settings.replicas());
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
