package io.trefoil.node;

import io.trefoil.command.Command;
import io.trefoil.command.Reach;
import io.trefoil.command.Scatter;
import io.trefoil.command.Scattered;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** One command that several partitions answer: all at once, or in turn until one has something. */
final class Scattering {
  private final CommandRunner runner;
  private final Command command;
  private final int protocol;
  private final ReadTerms reads;
  private final Delivery delivery;

  private Scattered scattered;
  private List<PartitionRoute> targets;
  private Reply[] replies;
  private Answer answer;
  private int left;

  Scattering(
      CommandRunner runner, Command command, int protocol, ReadTerms reads, Delivery delivery) {
    this.runner = runner;
    this.command = command;
    this.protocol = protocol;
    this.reads = reads;
    this.delivery = delivery;
  }

  /** Runs it in the partitions of a database that it is about. */
  void over(DatabaseRoute database, Args args) {
    scattered = split(database, args);
    targets = scattered.parts().stream().map(it -> database.partition(it.partition())).toList();
    if (command.scatter() == Scatter.FIRST_FOUND) {
      askNext(0);
    } else {
      askAll();
    }
  }

  /** Runs it in partitions of whatever databases. */
  void everywhere(List<PartitionRoute> partitions, Args args) {
    targets = partitions;
    scattered = Scattered.everywhere(command, args, new int[partitions.size()]);
    askAll();
  }

  private Scattered split(DatabaseRoute database, Args args) {
    if (command.reach() != Reach.KEYS) {
      int[] all = IntStream.range(0, database.partitionCount()).toArray();
      if (command.scatter() == Scatter.FIRST_FOUND) {
        shuffle(all);
      }
      return Scattered.everywhere(command, args, all);
    }
    int[] partitionOfKey = new int[command.keyCount(args)];
    for (int key = 0; key < partitionOfKey.length; key++) {
      partitionOfKey[key] = CommandRunner.partitionOfKey(database, command, args, key);
    }
    return Scattered.byKey(command, args, partitionOfKey);
  }

  private static void shuffle(int[] array) {
    for (int i = array.length - 1; i > 0; i--) {
      int j = ThreadLocalRandom.current().nextInt(i + 1);
      int swapped = array[i];
      array[i] = array[j];
      array[j] = swapped;
    }
  }

  private void ask(int part, Delivery answered) {
    Args args = scattered.parts().get(part).args();
    runner.dispatch(targets.get(part), command, args, protocol, reads, answered);
  }

  // All at once.

  private void askAll() {
    replies = new Reply[scattered.parts().size()];
    left = replies.length;
    if (left == 0) {
      gather(Answer.NONE);
    }
    for (int i = 0; i < replies.length; i++) {
      int part = i;
      ask(part, (by, reply) -> onReply(part, by, reply));
    }
  }

  private void onReply(int part, Answer by, byte[] reply) {
    replies[part] = ReplyReader.read(reply);
    answer = answer == null ? by : answer.with(by);
    if (--left == 0) {
      gather(answer);
    }
  }

  private void gather(Answer by) {
    ReplyWriter gathered = new ReplyWriter();
    gathered.setProtocol(protocol);
    scattered.gather(Arrays.asList(replies), gathered);
    delivery.deliver(by, gathered.toArray());
  }

  // In turn.

  private void askNext(int part) {
    boolean last = part + 1 == targets.size();
    ask(
        part,
        (by, reply) -> {
          if (last || !(ReplyReader.read(reply) instanceof Reply.Nil)) {
            delivery.deliver(by, reply);
          } else {
            askNext(part + 1);
          }
        });
  }
}
