package io.trefoil.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** A status as a node would answer it. */
public final class SampleStatus {
  private SampleStatus() {}

  /** Its JSON, on one line. */
  public static String json() {
    try (InputStream in = SampleStatus.class.getResourceAsStream("status.json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\n", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static ClusterStatus parsed() {
    return ClusterStatus.parse(json());
  }
}
