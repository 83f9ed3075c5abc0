package io.trefoil.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.bench.load.Tally;
import io.trefoil.bench.server.Servers;
import java.io.PrintStream;
import java.util.List;

/** For programs: one object at the end, with every measurement. Latency is in milliseconds. */
final class JsonReport implements Report {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintStream out;
  private final ObjectNode root = JSON.createObjectNode();
  private final ArrayNode measurements = JSON.createArrayNode();
  private List<Servers> sides = List.of();

  JsonReport(Settings settings, PrintStream out) {
    this.out = out;
    root.put("machine", Machine.describe());
    root.put("keys", settings.keys());
    root.put("distribution", settings.distribution());
    root.put("value_bytes_least", settings.sizes().least());
    root.put("value_bytes_most", settings.sizes().most());
    root.put("connections", settings.connections());
    root.put("threads", settings.threads());
    root.put("seconds", settings.seconds());
    root.put("exponential_gaps", settings.isExponential());
  }

  @Override
  public void begin(List<Servers> given) {
    sides = given;
    ArrayNode all = root.putArray("sides");
    for (Servers side : sides) {
      all.addObject()
          .put("name", side.name())
          .put("setup", side.setup())
          .put("acknowledged", side.promise());
    }
    root.set("measurements", measurements);
  }

  @Override
  public void add(Measured measured) {
    ObjectNode node = measurements.addObject();
    node.put("reads", measured.reads());
    node.put("pipeline", measured.pipeline());
    node.put("rate", measured.rate());
    ArrayNode all = node.putArray("sides");
    int last = sides.size() - 1;
    for (int i = 0; i <= last; i++) {
      List<Sample> samples = measured.samples().get(i);
      ObjectNode side = all.addObject().put("name", sides.get(i).name());
      ObjectNode medians = side.putObject("medians");
      for (Sample.Figure figure : Sample.Figure.values()) {
        put(medians, figure.title, Medians.of(samples, figure));
      }
      ArrayNode pairs = side.putArray("pairs");
      samples.forEach(sample -> add(pairs, sample));
      if (i < last) {
        addRatios(side.putObject("ratios"), measured.samples().get(last), samples);
      }
    }
  }

  private static void add(ArrayNode pairs, Sample sample) {
    ObjectNode pair = pairs.addObject();
    for (Sample.Figure figure : Sample.Figure.values()) {
      put(pair, figure.title, figure.of.applyAsDouble(sample));
    }
    Tally tally = sample.tally();
    pair.put("good", tally.good()).put("errors", tally.errors()).put("missing", tally.missing());
    pair.put("never_sent", tally.unsent()).put("backlog_max", tally.backlogMax());
    ArrayNode texts = pair.putArray("error_texts");
    tally.errorTexts().forEach(texts::add);
  }

  /** What the last side is of this one. */
  private static void addRatios(ObjectNode ratios, List<Sample> last, List<Sample> samples) {
    for (Sample.Figure figure :
        List.of(Sample.Figure.RATE, Sample.Figure.P50, Sample.Figure.P99, Sample.Figure.P999)) {
      Medians.Ratio ratio = Medians.ratio(last, samples, figure);
      ObjectNode node = ratios.putObject(figure.title);
      put(node, "median", ratio.median());
      put(node, "least", ratio.least());
      put(node, "most", ratio.most());
    }
  }

  /** JSON has no word for what is not a number. */
  private static void put(ObjectNode node, String name, double number) {
    if (Double.isFinite(number)) {
      node.put(name, number);
    } else {
      node.putNull(name);
    }
  }

  @Override
  public void end() {
    out.println(root.toPrettyString());
  }
}
