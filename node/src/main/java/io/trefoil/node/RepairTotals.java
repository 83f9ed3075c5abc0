package io.trefoil.node;

import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code REPAIR RUN} came to, of a node or of several.
 *
 * @param replicas whose rounds they are
 * @param rounds one for each of them and each other replica
 * @param equal rounds that found nothing to differ
 * @param differed rounds that found something, and merged what was lacking
 * @param failed rounds that did not come to an end
 * @param running rounds that have not ended
 * @param keysMerged keys of which something was lacking
 * @param leavesPulled how often the keys of a leaf were asked for
 * @param bytesSent questions, and answers to others, about
 */
record RepairTotals(
    long replicas,
    long rounds,
    long equal,
    long differed,
    long failed,
    long running,
    long keysMerged,
    long leavesPulled,
    long bytesSent) {
  static final RepairTotals NONE = new RepairTotals(0, 0, 0, 0, 0, 0, 0, 0, 0);

  private static final List<String> NAMES =
      List.of(
          "replicas",
          "rounds",
          "equal",
          "differed",
          "failed",
          "running",
          "keys_merged",
          "leaves_pulled",
          "bytes_sent");

  /** How many fields {@link #writeFields} writes. */
  static final int FIELDS = NAMES.size();

  RepairTotals plus(RepairTotals other) {
    return new RepairTotals(
        replicas + other.replicas,
        rounds + other.rounds,
        equal + other.equal,
        differed + other.differed,
        failed + other.failed,
        running + other.running,
        keysMerged + other.keysMerged,
        leavesPulled + other.leavesPulled,
        bytesSent + other.bytesSent);
  }

  /** Writes names and values, for a map. */
  void writeFields(ReplyWriter reply) {
    List<Long> values =
        List.of(
            replicas,
            rounds,
            equal,
            differed,
            failed,
            running,
            keysMerged,
            leavesPulled,
            bytesSent);
    for (int i = 0; i < FIELDS; i++) {
      reply.bulkText(NAMES.get(i));
      reply.integer(values.get(i));
    }
  }

  /** Reads a map of these; null when the reply is something else. A field that lacks is 0. */
  static RepairTotals read(Reply reply) {
    if (!(reply instanceof Reply.Several map) || map.kind() != Reply.Kind.MAP) {
      return null;
    }
    Map<String, Long> fields = new HashMap<>();
    for (int i = 0; i + 1 < map.items().size(); i += 2) {
      if (map.items().get(i) instanceof Reply.Bulk name
          && map.items().get(i + 1) instanceof Reply.Whole value) {
        fields.put(new String(name.bytes().array(), StandardCharsets.UTF_8), value.value());
      }
    }
    List<Long> values = NAMES.stream().map(name -> fields.getOrDefault(name, 0L)).toList();
    return new RepairTotals(
        values.get(0),
        values.get(1),
        values.get(2),
        values.get(3),
        values.get(4),
        values.get(5),
        values.get(6),
        values.get(7),
        values.get(8));
  }
}
