package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.cli.Reply;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What the clients of a run ask for, and what the replies say of it. Thread-safe. */
interface Work {
  /**
   * A command.
   *
   * @param calls what it is to each key of the history; of a command on fields, each may be one
   */
  record Ask(List<String> words, Map<String, Call> calls) {
    static Ask of(String key, Call call, String... words) {
      return new Ask(List.of(words), Map.of(key, call));
    }
  }

  /**
   * What a client asks next.
   *
   * @param value that nobody else writes
   * @param millis since the run began: keys are used for a while
   */
  Ask next(Random random, String value, long millis);

  /** The same of a client that reads from its node's own copy. */
  Ask nextRead(Random random, long millis);

  /** What a reply that is no error says of one of the keys; null for nothing. */
  String result(Ask ask, String key, Reply reply);
}
