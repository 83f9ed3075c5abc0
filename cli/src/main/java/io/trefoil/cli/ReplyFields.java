package io.trefoil.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The fields of a reply that is a map with texts as keys. */
public final class ReplyFields {
  private final Map<String, Reply> fields = new LinkedHashMap<>();

  private ReplyFields() {}

  /**
   * The fields of what a node answered.
   *
   * @throws CommandFailed when it is an error, or no map
   */
  public static ReplyFields of(Reply reply) {
    Reply bare = reply.bare();
    if (bare instanceof Reply.Failure) {
      throw new CommandFailed(bare.text());
    }
    if (!(bare instanceof Reply.Pairs)) {
      throw new CommandFailed("the node answers something else: " + bare);
    }
    ReplyFields all = new ReplyFields();
    for (Reply.Pair pair : ((Reply.Pairs) bare).values()) {
      all.fields.put(pair.key().text(), pair.value().bare());
    }
    return all;
  }

  Map<String, Reply> all() {
    return fields;
  }

  /** A field; {@link Reply.Nil} when there is none. */
  public Reply get(String name) {
    return fields.getOrDefault(name, new Reply.Nil());
  }

  /** A field as text; empty when it is null. */
  public String text(String name) {
    return get(name).text();
  }

  /** A number; 0 when it is null. */
  public long number(String name) {
    return get(name) instanceof Reply.Int ? ((Reply.Int) get(name)).value() : 0;
  }

  boolean isNull(String name) {
    return get(name) instanceof Reply.Nil;
  }

  /** The elements of a row. */
  public List<Reply> list(String name) {
    return get(name) instanceof Reply.Items ? ((Reply.Items) get(name)).values() : List.of();
  }
}
