package io.trefoil.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Position;
import io.trefoil.control.Database;
import io.trefoil.control.Regions;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What one {@code TAIL} answers with: consecutive entries of a partition as JSON lines, and where
 * to go on. An entry is there with all its lines, but for one that is too large: of that there is a
 * line that says so.
 */
final class TailPage {
  /** No entry is added to a page that has so many bytes of lines. */
  static final int FULL_BYTES = 4 << 20;

  /** Of an entry that is larger, no more is told than that. */
  static final int MAX_ENTRY_BYTES = 16 << 20;

  /** Of an entry that has more bytes of lines, likewise. */
  static final int MAX_LINES_BYTES = 32 << 20;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final EntryLines changes;
  private final Supplier<ObjectNode> begun;
  private final int region;
  private final List<byte[]> lines = new ArrayList<>();
  private Position next;
  private long bytes;
  private int count;

  /** Of the entry that is added, with its bytes; no more when these are too many. */
  private final List<byte[]> entryLines = new ArrayList<>();

  private long entryBytes;

  /**
   * @param from after which entry it begins
   */
  TailPage(Database database, int partition, Position from) {
    Regions regions = database.settings().regions();
    region = regions == null ? 0 : regions.numberHere();
    next = from;
    begun =
        () -> JSON.createObjectNode().put("database", database.title()).put("partition", partition);
    changes =
        new EntryLines(
            begun, number -> regions.isNumber(number) ? regions.name(number) : "", this::line);
  }

  /**
   * Adds entries, each the next one of the partition, until there are {@code most} or it is full.
   *
   * @return whether it takes more
   */
  boolean add(EntryBatch batch, int most) {
    ByteSource body = new ByteSource(batch.body().array());
    for (int i = 0; i < batch.count() && takesMore(most); i++) {
      int length = body.getBlockLength();
      Position position = new Position(batch.epoch(), batch.firstIndex() + i);
      add(position, new ByteSource(body.array(), body.skip(length), length));
    }
    return takesMore(most);
  }

  private boolean takesMore(int most) {
    return count < most && bytes < FULL_BYTES;
  }

  private void add(Position position, ByteSource entry) {
    int size = entry.remaining();
    entryLines.clear();
    entryBytes = size > MAX_ENTRY_BYTES ? MAX_LINES_BYTES + 1 : 0;
    if (size <= MAX_ENTRY_BYTES) {
      changes.add(position, region, entry);
    }
    if (entryBytes > MAX_LINES_BYTES) {
      entryLines.clear();
      entryBytes = 0;
      line(
          begun
              .get()
              .put("position", position.toString())
              .put("change", "omitted")
              .put("bytes", size));
    }
    lines.addAll(entryLines);
    bytes += entryBytes;
    next = position;
    count++;
  }

  private void line(ObjectNode change) {
    if (entryBytes <= MAX_LINES_BYTES) {
      change.remove(EntryLines.MERGE);
      byte[] line = encoded(change);
      entryBytes += line.length;
      entryLines.add(line);
    }
  }

  private static byte[] encoded(ObjectNode change) {
    try {
      return JSON.writeValueAsBytes(change);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts and numbers are no JSON", e);
    }
  }

  List<byte[]> lines() {
    return lines;
  }

  /** The entry that it ends with, after which the next one begins. */
  Position next() {
    return next;
  }
}
