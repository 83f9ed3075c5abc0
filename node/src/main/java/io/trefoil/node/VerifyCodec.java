package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.PartitionReport.DifferingKey;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import io.trefoil.storage.BucketDigests;
import io.trefoil.storage.CellList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The bytes of the messages by which replicas are compared: tag, partition, id, fields. */
public final class VerifyCodec {
  private static final int ASK = 1;
  private static final int COMPARING = 2;
  private static final int REPORT = 3;
  private static final int BUSY = 4;
  private static final int UNABLE = 5;
  private static final int READING = 6;
  public static final int DIGESTS = 7;
  private static final int LIST_CELLS = 8;
  private static final int CELLS = 9;
  public static final int DONE = 10;
  private static final int ASK_SUMS = 11;
  private static final int SUMS = 12;
  private static final int ASK_SHOWN = 13;
  public static final int DAMAGED = 14;

  private static final long ALL_HASHES = 1L << 32;
  private static final int MAX_REPLICAS = 1_000;

  /** More than {@link CellList#FULL}, since a list ends between two hashes. */
  private static final int MAX_CELLS = 2 * CellList.FULL;

  private VerifyCodec() {}

  static void encode(ByteSink sink, VerifyMessage message) {
    if (message instanceof VerifyMessage.Ask) {
      begin(sink, ASK, message);
    } else if (message instanceof VerifyMessage.Comparing) {
      begin(sink, COMPARING, message);
    } else if (message instanceof VerifyMessage.Report report) {
      begin(sink, REPORT, message);
      putReport(sink, report.report());
    } else if (message instanceof VerifyMessage.Busy) {
      begin(sink, BUSY, message);
    } else if (message instanceof VerifyMessage.Unable unable) {
      begin(sink, UNABLE, message);
      sink.putText(unable.why());
    } else if (message instanceof VerifyMessage.Damaged damaged) {
      begin(sink, DAMAGED, message);
      sink.putText(damaged.why());
    } else if (message instanceof VerifyMessage.Reading) {
      begin(sink, READING, message);
    } else if (message instanceof VerifyMessage.Digests digests) {
      begin(sink, DIGESTS, message);
      ReplicationCodec.putPosition(sink, digests.position());
      putDigests(sink, digests.digests());
    } else if (message instanceof VerifyMessage.ListCells list) {
      begin(sink, LIST_CELLS, message);
      sink.putVarint(list.fromHash()).putVarint(list.toHash());
    } else if (message instanceof VerifyMessage.Cells cells) {
      begin(sink, CELLS, message);
      sink.putVarint(cells.fromHash());
      putCells(sink, cells.list());
    } else if (message instanceof VerifyMessage.Done) {
      begin(sink, DONE, message);
    } else if (message instanceof VerifyMessage.AskSums ask) {
      begin(sink, ASK_SUMS, message);
      sink.putByte(ask.recount() ? 1 : 0);
    } else if (message instanceof VerifyMessage.AskShown ask) {
      begin(sink, ASK_SHOWN, message);
      sink.putVarint(ask.nowMillis()).putVarint(ask.leaves().size());
      ask.leaves().forEach(sink::putVarint);
    } else if (message instanceof VerifyMessage.Sums sums) {
      begin(sink, SUMS, message);
      sink.putVarint(sums.broken());
      putDigests(sink, sums.sums());
    } else {
      throw new IllegalArgumentException("no format for " + message);
    }
  }

  private static void begin(ByteSink sink, int tag, VerifyMessage message) {
    sink.putByte(tag);
    ReplicationCodec.putPartition(sink, message.partition());
    sink.putVarint(message.id());
  }

  /**
   * Reads a message to the end of {@code source}.
   *
   * @throws MalformedBytesException when it is none
   */
  static VerifyMessage decode(ByteSource source) {
    int tag = source.getByte();
    PartitionId partition = ReplicationCodec.getPartition(source);
    long id = source.getVarint();
    VerifyMessage message =
        switch (tag) {
          case ASK -> new VerifyMessage.Ask(partition, id);
          case COMPARING -> new VerifyMessage.Comparing(partition, id);
          case REPORT -> new VerifyMessage.Report(partition, id, getReport(source));
          case BUSY -> new VerifyMessage.Busy(partition, id);
          case UNABLE -> new VerifyMessage.Unable(partition, id, source.getText());
          case DAMAGED -> new VerifyMessage.Damaged(partition, id, source.getText());
          case READING -> new VerifyMessage.Reading(partition, id);
          case DIGESTS ->
              new VerifyMessage.Digests(
                  partition, id, ReplicationCodec.getPosition(source), getDigests(source));
          case LIST_CELLS -> {
            long from = getHash(source, 0);
            yield new VerifyMessage.ListCells(partition, id, from, getHash(source, from + 1));
          }
          case CELLS -> {
            long from = getHash(source, 0);
            yield new VerifyMessage.Cells(partition, id, from, getCells(source, from));
          }
          case DONE -> new VerifyMessage.Done(partition, id);
          case ASK_SUMS -> new VerifyMessage.AskSums(partition, id, source.getByte() == 1);
          case ASK_SHOWN -> {
            long now = source.getVarint();
            yield new VerifyMessage.AskShown(partition, id, getLeaves(source), now);
          }
          case SUMS ->
              new VerifyMessage.Sums(
                  partition, id, source.getCount(BucketDigests.COUNT), getDigests(source));
          default ->
              throw new MalformedBytesException(
                  "verify message " + tag + " is not known to this version");
        };
    source.expectEnd();
    return message;
  }

  private static long getHash(ByteSource source, long least) {
    long hash = source.getVarint();
    if (hash < least || hash > ALL_HASHES) {
      throw new MalformedBytesException("a hash of " + hash + ", at least " + least);
    }
    return hash;
  }

  private static List<Integer> getLeaves(ByteSource source) {
    List<Integer> leaves = new ArrayList<>();
    for (int left = source.getCount(BucketDigests.COUNT); left > 0; left--) {
      leaves.add(source.getCount(BucketDigests.COUNT - 1));
    }
    return leaves;
  }

  private static void putDigests(ByteSink sink, BucketDigests digests) {
    sink.putVarint(digests.keyCount());
    for (int bucket = 0; bucket < BucketDigests.COUNT; bucket++) {
      sink.putLong(digests.sum(bucket));
    }
  }

  private static BucketDigests getDigests(ByteSource source) {
    long keyCount = source.getVarint();
    long[] sums = new long[BucketDigests.COUNT];
    for (int bucket = 0; bucket < sums.length; bucket++) {
      sums[bucket] = source.getLong();
    }
    return new BucketDigests(sums, keyCount);
  }

  private static void putCells(ByteSink sink, CellList list) {
    sink.putVarint(list.endHash()).putVarint(list.cells().size());
    for (CellList.Cell cell : list.cells()) {
      sink.putLong(cell.keyHash()).putLong(cell.digest());
      putKey(sink, cell.shownKey(), cell.keyLength());
    }
  }

  private static CellList getCells(ByteSource source, long from) {
    long end = getHash(source, from + 1);
    int count = source.getCount(MAX_CELLS);
    List<CellList.Cell> cells = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long keyHash = source.getLong();
      long digest = source.getLong();
      int length = source.getCount(Integer.MAX_VALUE);
      cells.add(new CellList.Cell(keyHash, length, Bytes.wrap(source.getBlock()), digest));
    }
    return new CellList(cells, end);
  }

  private static void putKey(ByteSink sink, Bytes shown, int length) {
    sink.putVarint(length).putBlock(shown.array(), 0, shown.length());
  }

  private static void putReport(ByteSink sink, PartitionReport report) {
    putOptionalText(sink, report.problem());
    ReplicationCodec.putPosition(sink, report.position());
    sink.putVarint(report.keyCount()).putVarint(report.replicas().size());
    for (ReplicaDigest replica : report.replicas()) {
      sink.putVarint(replica.node().number());
      putOptionalText(sink, replica.problem());
      sink.putLong(replica.digest());
    }
    sink.putVarint(report.differingBuckets()).putVarint(report.keys().size());
    for (DifferingKey key : report.keys()) {
      putKey(sink, key.shown(), key.length());
      sink.putVarint(key.digests().size());
      for (Map.Entry<NodeId, Long> each : key.digests().entrySet()) {
        sink.putVarint(each.getKey().number()).putLong(each.getValue());
      }
    }
    sink.putByte(report.allKeys() ? 1 : 0);
  }

  private static PartitionReport getReport(ByteSource source) {
    String problem = getOptionalText(source);
    Position position = ReplicationCodec.getPosition(source);
    long keyCount = source.getVarint();
    List<ReplicaDigest> replicas = new ArrayList<>();
    for (int left = source.getCount(MAX_REPLICAS); left > 0; left--) {
      replicas.add(new ReplicaDigest(getNode(source), getOptionalText(source), source.getLong()));
    }
    int differing = source.getCount(BucketDigests.COUNT);
    List<DifferingKey> keys = new ArrayList<>();
    for (int left = source.getCount(PartitionReport.MAX_KEYS); left > 0; left--) {
      keys.add(getDifferingKey(source));
    }
    boolean allKeys = source.getByte() == 1;
    return new PartitionReport(problem, position, keyCount, replicas, differing, keys, allKeys);
  }

  private static DifferingKey getDifferingKey(ByteSource source) {
    int length = source.getCount(Integer.MAX_VALUE);
    Bytes shown = Bytes.wrap(source.getBlock());
    Map<NodeId, Long> digests = new TreeMap<>();
    for (int left = source.getCount(MAX_REPLICAS); left > 0; left--) {
      digests.put(getNode(source), source.getLong());
    }
    return new DifferingKey(shown, length, digests);
  }

  private static NodeId getNode(ByteSource source) {
    int number = source.getCount(Integer.MAX_VALUE);
    if (number == 0) {
      throw new MalformedBytesException("a node has a number from 1");
    }
    return new NodeId(number);
  }

  private static void putOptionalText(ByteSink sink, String text) {
    sink.putByte(text == null ? 0 : 1);
    if (text != null) {
      sink.putText(text);
    }
  }

  private static String getOptionalText(ByteSource source) {
    return source.getByte() == 0 ? null : source.getText();
  }
}
