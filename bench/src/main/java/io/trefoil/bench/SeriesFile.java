package io.trefoil.bench;

import io.trefoil.bench.load.Series;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A file with what each second of each measurement was like, in columns; latency in milliseconds.
 */
final class SeriesFile implements Closeable {
  private static final String HEADER = "side,reads,pipeline,pair,second,ops,p50,p99,p99.9,max";

  private final BufferedWriter out;

  SeriesFile(Path file) throws IOException {
    out = Files.newBufferedWriter(file);
    out.write(HEADER + "\n");
  }

  void add(String side, Measured measured, int pair, Series series) throws IOException {
    for (Series.Second second : series.seconds()) {
      out.write(
          String.format(
              Locale.ROOT,
              "%s,%s,%d,%d,%d,%d,%.3f,%.3f,%.3f,%.3f%n",
              side,
              measured.reads(),
              measured.pipeline(),
              pair,
              second.second(),
              second.answered(),
              second.p50(),
              second.p99(),
              second.p999(),
              second.max()));
    }
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
