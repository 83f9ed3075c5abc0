package io.trefoil.node;

import io.trefoil.node.LeftKeys.Key;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Asks a partition's leader about one key of a divergence file after the other, some at a time:
 * their values are read in the background, the commands go the way of every client's. Belongs to
 * the data loop's thread.
 */
final class KeyWalk {
  private static final int KEYS_AT_ONCE = 64;
  private static final int BYTES_AT_ONCE = 8 << 20;

  private final DataLoop loop;
  private final Executor background;
  private final DivergenceFolder folder;
  private final String name;
  private final List<Key> keys;
  private final Leader leader;
  private final Step step;
  private final Consumer<IOException> end;
  private int next;
  private int awaited;

  /** Where commands go. */
  interface Leader {
    void ask(Args command, Consumer<Reply> receiver);
  }

  /** What is done for each key. */
  interface Step {
    /**
     * The command for a key; null for none, and then its answer is null.
     *
     * @param content as {@link Key#content} gives it
     */
    Args ask(int number, Key key, List<byte[]> content);

    void answered(int number, Key key, List<byte[]> content, Reply reply);

    /** Whether there is to be more; asked between keys that are asked together. */
    boolean goesOn();
  }

  /**
   * @param keys those of the file
   * @param from number of the first that is asked about
   * @param end gets null when all is done or the step wants no more, else why the file can't be
   *     read
   */
  KeyWalk(
      DataLoop loop,
      Executor background,
      DivergenceFolder folder,
      String name,
      List<Key> keys,
      int from,
      Leader leader,
      Step step,
      Consumer<IOException> end) {
    this.loop = loop;
    this.background = background;
    this.folder = folder;
    this.name = name;
    this.keys = keys;
    this.next = from;
    this.leader = leader;
    this.step = step;
    this.end = end;
  }

  /** The number of the first key that was not asked about. */
  int next() {
    return next;
  }

  void begin() {
    if (next >= keys.size() || !step.goesOn()) {
      end.accept(null);
      return;
    }
    int from = next;
    background.execute(
        () -> {
          List<List<byte[]>> contents = new ArrayList<>();
          try (DivergenceReader reader = new DivergenceReader(folder.open(name))) {
            long bytes = 0;
            for (int i = from;
                i < keys.size() && contents.size() < KEYS_AT_ONCE && bytes < BYTES_AT_ONCE;
                i++) {
              List<byte[]> content = keys.get(i).content(reader);
              contents.add(content);
              bytes += content.stream().mapToLong(word -> word.length).sum();
            }
          } catch (IOException e) {
            loop.execute(() -> end.accept(e));
            return;
          }
          loop.execute(() -> ask(contents));
        });
  }

  private void ask(List<List<byte[]>> contents) {
    int from = next;
    next += contents.size();
    awaited = contents.size();
    for (int i = 0; i < contents.size(); i++) {
      int number = from + i;
      Key key = keys.get(number);
      List<byte[]> content = contents.get(i);
      Args command = step.ask(number, key, content);
      if (command == null) {
        answered(number, content, null);
      } else {
        leader.ask(command, reply -> answered(number, content, reply));
      }
    }
  }

  private void answered(int number, List<byte[]> content, Reply reply) {
    step.answered(number, keys.get(number), content, reply);
    if (--awaited == 0) {
      begin();
    }
  }

  /** As {@link Leader}, with the bytes of a reply. */
  static Delivery read(Consumer<Reply> receiver) {
    return (by, reply) -> receiver.accept(ReplyReader.read(reply));
  }
}
