package io.trefoil.node;

import io.trefoil.base.Hash64;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.node.Divergences.Opened;
import io.trefoil.node.LeftKeys.Change;
import io.trefoil.node.LeftKeys.Key;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Compares keys of a divergence file with what the database holds now: one page of {@code DIVERGED
 * DIFF}. A page has a digest of what it found, that of several is their sum: it says what somebody
 * has seen, so that a replay writes over nothing else.
 */
final class DivergenceDiff implements KeyWalk.Step {
  /** Of a longer value its beginning is given; its length is always. */
  private static final int MAX_VALUE_BYTES = 1 << 20;

  /** Of a key, so many fields that differ are shown, as the leader tells no more values. */
  private static final int MAX_FIELDS = 100;

  private static final int MAX_FIELD_BYTES = 1 << 10;

  /** Where the answer to a preview has the string that the key would hold. */
  private static final int MERGED = 7;

  private final Opened opened;
  private final int maxCount;
  private final ReplyWriter[] entries;
  private final int protocol;
  private final Stamps stamps;
  private int first = -1;
  private int count;
  private long bytes;

  DivergenceDiff(Opened opened, int maxCount, int protocol) {
    this.opened = opened;
    this.maxCount = maxCount;
    this.protocol = protocol;
    this.entries = new ReplyWriter[opened.keys().size()];
    this.stamps = new Stamps(opened);
  }

  /**
   * What {@code DIVERGED COMPARE} and {@code APPLY} get, or in their places {@code PREVIEW} and
   * {@code MERGE}; null for what they don't know.
   */
  static Args command(
      String name, Opened opened, Key key, List<byte[]> content, String limitOrMode) {
    if (key.change() == Change.UNKNOWN) {
      return null;
    }
    List<byte[]> words = new ArrayList<>();
    words.add(utf8("DIVERGED"));
    if (key.change() == Change.MERGE) {
      return merging(name.equals("COMPARE"), key, content, limitOrMode);
    }
    words.add(utf8(name));
    words.add(key.key().array());
    words.add(utf8(key.change().name()));
    words.add(utf8(Long.toString(key.expireAtMillis())));
    words.add(utf8(Long.toString(opened.file().commonStamp())));
    words.add(utf8(limitOrMode));
    words.addAll(content);
    return Args.of(words.toArray(byte[][]::new));
  }

  private static Args merging(boolean previews, Key key, List<byte[]> content, String limit) {
    List<byte[]> words = new ArrayList<>();
    words.add(utf8("DIVERGED"));
    words.add(utf8(previews ? "PREVIEW" : "MERGE"));
    words.add(key.key().array());
    if (previews) {
      words.add(utf8(limit));
    }
    words.addAll(content);
    return Args.of(words.toArray(byte[][]::new));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(Reply reply) {
    return reply instanceof Reply.Bulk bulk
        ? new String(bulk.bytes().array(), StandardCharsets.UTF_8)
        : "";
  }

  /** Only notes which version each key has. */
  static final class Stamps implements KeyWalk.Step {
    private final Opened opened;
    private final long[] stamps;
    private long digest;
    private String error;

    Stamps(Opened opened) {
      this.opened = opened;
      this.stamps = new long[opened.keys().size()];
    }

    @Override
    public Args ask(int number, Key key, List<byte[]> content) {
      return command("COMPARE", opened, key, content, "0");
    }

    @Override
    public void answered(int number, Key key, List<byte[]> content, Reply reply) {
      if (reply instanceof Reply.Failure failure) {
        error = failure.text();
        return;
      }
      if (reply instanceof Reply.Several now && now.items().size() > 1) {
        stamps[number] = ((Reply.Whole) now.items().get(1)).value();
      }
      digest += Hash64.combine(Hash64.of(key.key().array()), stamps[number]);
    }

    @Override
    public boolean goesOn() {
      return error == null;
    }

    /** Why the keys can't be compared, or null. */
    String error() {
      return error;
    }

    /** The stamp of a key's version; 0 when it is not there. */
    long of(int number) {
      return stamps[number];
    }

    String digest() {
      return String.format("%016x", digest);
    }
  }

  @Override
  public Args ask(int number, Key key, List<byte[]> content) {
    if (first < 0) {
      first = number;
    }
    return command("COMPARE", opened, key, content, Integer.toString(MAX_VALUE_BYTES));
  }

  @Override
  public void answered(int number, Key key, List<byte[]> content, Reply reply) {
    stamps.answered(number, key, content, reply);
    if (stamps.error() == null) {
      entries[number] = new ReplyWriter();
      entries[number].setProtocol(protocol);
      entry(key, content, reply, entries[number]);
      count++;
      bytes += entries[number].size();
    }
  }

  @Override
  public boolean goesOn() {
    return stamps.goesOn() && count < maxCount && bytes < Divergences.MAX_PAGE_BYTES;
  }

  /** Why the keys can't be compared, or null. */
  String error() {
    return stamps.error();
  }

  private static void entry(Key key, List<byte[]> content, Reply reply, ReplyWriter out) {
    List<Reply> now = reply instanceof Reply.Several several ? several.items() : List.of();
    byte[] value = fileValue(key, content, now);
    out.map(14);
    out.bulkText("key");
    out.bulk(key.key().array());
    Divergences.text(out, "state", now.isEmpty() ? "unknown" : text(now.get(0)));
    Divergences.text(out, "position", key.position().toString());
    Divergences.text(out, "change", key.change().name().toLowerCase(Locale.ROOT));
    type(key, out);
    out.bulkText("file_value");
    value(value, MAX_VALUE_BYTES, out);
    Divergences.number(out, "file_bytes", value == null ? 0 : value.length);
    expiry(out, "file_expire_at_ms", key.expireAtMillis());
    boolean there = now.size() > 1;
    Divergences.text(out, "now_type", there ? text(now.get(2)) : "none");
    out.bulkText("now_value");
    boolean string = there && text(now.get(2)).equals(CellType.STRING.redisName());
    value(string ? ((Reply.Bulk) now.get(5)).bytes().array() : null, MAX_VALUE_BYTES, out);
    Divergences.number(out, "now_bytes", there ? ((Reply.Whole) now.get(4)).value() : 0);
    expiry(out, "now_expire_at_ms", there ? ((Reply.Whole) now.get(3)).value() : Cells.NEVER);
    fields(FieldDiff.of(key.change(), content, now), out);
  }

  /** The string that the key would hold then; null when it would hold none. */
  private static byte[] fileValue(Key key, List<byte[]> content, List<Reply> now) {
    return switch (key.change()) {
      case PUT -> content.get(0);
      case MERGE -> now.get(MERGED) instanceof Reply.Bulk bulk ? bulk.bytes().toArray() : null;
      case REMOVE, EXPIRE, FIELDS, REPLACE, UNKNOWN -> null;
    };
  }

  private static void type(Key key, ReplyWriter out) {
    out.bulkText("file_type");
    if (key.merges() != null && !key.merges().type().isEmpty()) {
      out.bulkText(key.merges().type());
    } else if (key.fields() != null) {
      out.bulkText(key.fields().type().redisName());
    } else if (key.change() == Change.PUT) {
      out.bulkText(CellType.STRING.redisName());
    } else {
      out.nil();
    }
  }

  private static void fields(List<FieldDiff> different, ReplyWriter out) {
    int shown = Math.min(different.size(), MAX_FIELDS);
    out.bulkText("fields");
    out.array(shown);
    for (FieldDiff field : different.subList(0, shown)) {
      out.map(5);
      out.bulkText("field");
      out.bulk(field.name());
      Divergences.text(out, "state", field.state());
      Divergences.text(out, "change", field.dropped() ? "drop" : "set");
      out.bulkText("file_value");
      value(field.dropped() ? null : field.file(), MAX_FIELD_BYTES, out);
      out.bulkText("now_value");
      value(field.now(), MAX_FIELD_BYTES, out);
    }
    Divergences.number(out, "fields_left_off", different.size() - shown);
  }

  private static void value(byte[] value, int maxBytes, ReplyWriter out) {
    if (value == null) {
      out.nil();
    } else {
      out.bulk(value, 0, Math.min(value.length, maxBytes));
    }
  }

  private static void expiry(ReplyWriter out, String name, long expireAtMillis) {
    out.bulkText(name);
    if (expireAtMillis == Cells.NEVER || expireAtMillis == LeftKeys.EXPIRY_AS_IT_IS) {
      out.nil();
    } else {
      out.integer(expireAtMillis);
    }
  }

  /**
   * Writes the reply.
   *
   * @param next number of the first key that is not in it
   */
  void write(String id, String database, int next, ReplyWriter reply) {
    reply.map(7);
    Divergences.text(reply, "id", id);
    Divergences.text(reply, "database", database);
    reply.bulkText("clear");
    if (opened.cleared() == null) {
      reply.nil();
    } else {
      reply.bulkText(opened.cleared().toString());
    }
    Divergences.number(reply, "keys", opened.keys().size());
    reply.bulkText("compared");
    reply.array(count);
    for (int i = Math.max(first, 0); i < next && count > 0; i++) {
      reply.raw(entries[i].toArray());
    }
    Divergences.text(reply, "digest", stamps.digest());
    Divergences.next(reply, next < opened.keys().size() ? next : -1);
  }
}
