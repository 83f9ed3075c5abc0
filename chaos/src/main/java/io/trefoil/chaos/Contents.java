package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.FieldsModel;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** What a node's own copies hold, by the keys of the history. */
final class Contents {
  private static final int KEYS_AT_ONCE = 500;

  private final RespClient client;
  private final boolean eachField;
  private final Map<String, String> contents = new HashMap<>();

  /**
   * @param client of the node
   * @param eachField whether every field is a key of the history, and not of growing hashes only
   */
  Contents(RespClient client, boolean eachField) {
    this.client = client;
    this.eachField = eachField;
  }

  /** Asks for everything. */
  Map<String, String> read(int database) throws IOException {
    client.call("SELECT", Integer.toString(database));
    client.call("READONLY");
    List<String> keys = items(client.call("KEYS", "*")).stream().map(Reply::text).toList();
    for (String key : keys) {
      if (Keys.hasAnyFields(key)) {
        readFields(key);
      }
    }
    readStrings(keys.stream().filter(key -> !Keys.hasAnyFields(key)).toList());
    return contents;
  }

  private void readFields(String key) throws IOException {
    SortedMap<String, String> fields =
        Keys.fields(key, items(client.call(FieldCalls.command(Keys.isSet(key), key, Call.get()))));
    if (!eachField && !key.startsWith(Keys.GROWING)) {
      contents.put(key, FieldsModel.text(fields));
      return;
    }
    fields.forEach(
        (field, value) ->
            contents.put(Keys.ofField(key, field), value.isEmpty() ? QuorumWork.THERE : value));
  }

  private void readStrings(List<String> keys) throws IOException {
    for (int from = 0; from < keys.size(); from += KEYS_AT_ONCE) {
      List<String> words = new ArrayList<>(List.of("MGET"));
      words.addAll(keys.subList(from, Math.min(from + KEYS_AT_ONCE, keys.size())));
      List<Reply> values = items(client.call(words.toArray(String[]::new)));
      for (int i = 0; i < values.size(); i++) {
        contents.put(words.get(i + 1), values.get(i).text());
      }
    }
  }

  /**
   * @throws CommandFailed when it is something else
   */
  static List<Reply> items(Reply reply) {
    if (reply.bare() instanceof Reply.Items items) {
      return items.values();
    }
    throw new CommandFailed("no row of replies but " + reply.bare().text());
  }
}
