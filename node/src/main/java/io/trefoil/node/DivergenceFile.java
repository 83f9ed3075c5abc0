package io.trefoil.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Position;
import io.trefoil.cell.EntryReader;
import io.trefoil.replication.kernel.EntryBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * What may have been acknowledged and is not in the history any more, kept for people and for
 * replay: one file of JSON lines for each time a replica diverged, written whole and synced before
 * anything is cut.
 *
 * <pre>
 * {"format":2,"partition":"1/0","database":"orders","node":"n1","new_epoch":12,"first":"9:991",
 *  "last":"9:1000","epochs":"9@991","written_ms":1790000000000,"common_stamp":113999}
 * {"position":"9:991","stamp":114032,"change":"put","type":"string","key":"a","value":"1"}
 * {"position":"9:992","stamp":114033,"change":"field","type":"hash","key":"h","field":"f","value":"1"}
 * {"position":"9:992","stamp":114033,"change":"head","type":"hash","key":"h","fields":1}
 * </pre>
 *
 * A field is set by {@code field} and removed by {@code drop}; {@code head} says how many fields
 * the key had then, and when it would expire. Format 1 had no fields, and neither database, epochs,
 * time nor common stamp.
 *
 * <p>Of a multi-leader database each line also has the change itself, by which it is merged again;
 * what is beside it is for people. {@code total} is all that the leader of that epoch had added by
 * then, {@code fields} says of which type a key's fields are from then on:
 *
 * <pre>
 * {"position":"9:991","stamp":114032,"change":"put","type":"string","key":"a","value":"1","merge_base64":"..."}
 * {"position":"9:992","stamp":114033,"change":"add","type":"string","key":"visits","total":7,"merge_base64":"..."}
 * {"position":"9:993","stamp":114034,"change":"fields","type":"set","key":"s","merge_base64":"..."}
 * </pre>
 *
 * What came from other regions is not there: it is pulled from them again.
 *
 * <p>Keys, fields and values that are not UTF-8 are given as {@code key_base64} and so on.
 */
final class DivergenceFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StringBuilder lines = new StringBuilder();
  private final EntryLines changes =
      new EntryLines(JSON::createObjectNode, number -> "", this::line);

  private DivergenceFile() {}

  /**
   * Writes the file, or leaves it when it is there: a replica that was stopped in between finds the
   * same entries again.
   *
   * @param header the first line
   * @throws IOException when it can't be made durable; nothing may then be cut
   */
  static void write(Path file, ObjectNode header, LeftHistory left) throws IOException {
    if (!Files.exists(file)) {
      DivergenceFile content = new DivergenceFile();
      content.line(header);
      left.batches().forEach(content::add);
      content.write(file.getParent(), file);
    }
  }

  private void add(EntryBatch batch) {
    ByteSource body = new ByteSource(batch.body().array());
    for (int i = 0; i < batch.count(); i++) {
      int length = body.getBlockLength();
      int start = body.skip(length);
      if (!EntryReader.isForeign(new ByteSource(body.array(), start, length))) {
        Position position = new Position(batch.epoch(), batch.firstIndex() + i);
        changes.add(position, 0, new ByteSource(body.array(), start, length));
      }
    }
  }

  private void line(ObjectNode json) {
    lines.append(json).append('\n');
  }

  private void write(Path folder, Path file) throws IOException {
    Files.createDirectories(folder);
    Path fresh = folder.resolve(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    syncNames(folder);
  }

  /** Makes durable which files there are. */
  static void syncNames(Path folder) throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
  }
}
