package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class OtherNodesTest {
  private static final NodeId ONE = new NodeId(1);
  private static final NodeId TWO = new NodeId(2);
  private static final NodeId THREE = new NodeId(3);

  /** Questions on their way, by node. */
  private final Map<NodeId, ArrayDeque<Consumer<Reply>>> asked = new HashMap<>();

  private final Set<NodeId> connected = new HashSet<>(List.of(ONE, TWO, THREE));
  private final List<List<Reply>> answers = new ArrayList<>();

  private final OtherNodes others =
      new OtherNodes(
          new OtherNodes.Way() {
            @Override
            public boolean canReach(NodeId node) {
              return connected.contains(node);
            }

            @Override
            public void send(NodeId node, Args args, long deadlineNanos, Consumer<Reply> receiver) {
              asked.computeIfAbsent(node, each -> new ArrayDeque<>()).add(receiver);
            }
          },
          ONE,
          () -> List.of(ONE, TWO, THREE));

  private void ask(String word, long nowNanos) {
    others.ask(Args.of(word), nowNanos, answers::add);
  }

  private void answer(NodeId node, long number) {
    asked.get(node).poll().accept(new Reply.Whole(number));
  }

  private int asked(NodeId node) {
    return asked.getOrDefault(node, new ArrayDeque<>()).size();
  }

  @Test
  void allOthersAreAskedAndTheirAnswersPutTogether() {
    ask("a", 0);
    answer(THREE, 3);
    assertThat(answers).isEmpty();
    answer(TWO, 2);
    assertThat(answers).containsExactly(List.of(new Reply.Whole(3), new Reply.Whole(2)));
    assertThat(asked(ONE)).as("itself").isZero();
  }

  @Test
  void nobodyToAskIsAnAnswerAtOnce() {
    connected.retainAll(Set.of(ONE));
    assertThat(others.any()).isFalse();
    ask("a", 0);
    assertThat(answers).containsExactly(List.of());
  }

  @Test
  void aNodeThatIsLateIsLeftOutAndNotAwaitedUntilItAnswers() {
    ask("a", 0);
    answer(TWO, 2);
    others.tick(OtherNodes.PATIENCE_NANOS - 1);
    assertThat(answers).isEmpty();
    others.tick(OtherNodes.PATIENCE_NANOS);
    assertThat(answers).containsExactly(List.of(new Reply.Whole(2)));
    ask("b", OtherNodes.PATIENCE_NANOS);
    answer(TWO, 2);
    assertThat(answers).hasSize(2);
    assertThat(asked(THREE)).as("it may go on any time").isEqualTo(2);
    answer(THREE, 3);
    assertThat(answers).as("what comes late changes nothing").hasSize(2);
    ask("c", OtherNodes.PATIENCE_NANOS);
    answer(TWO, 2);
    assertThat(answers).as("three is awaited again").hasSize(2);
  }

  @Test
  void manyUnansweredBytesOfANodeThatAnswersMakeOthersWait() {
    ask("x".repeat((int) OtherNodes.MANY_BYTES), 0);
    assertThat(others.areBusy()).isTrue();
    answer(TWO, 2);
    assertThat(others.areBusy()).isTrue();
    others.tick(OtherNodes.PATIENCE_NANOS);
    assertThat(others.areBusy()).as("nobody waits for the silent").isFalse();
  }

  @Test
  void aSilentNodeIsAskedUpToABound() {
    connected.remove(TWO);
    String megabyte = "x".repeat(1 << 20);
    ask(megabyte, 0);
    others.tick(OtherNodes.PATIENCE_NANOS);
    for (int i = 0; i < 100; i++) {
      ask(megabyte, OtherNodes.PATIENCE_NANOS);
    }
    assertThat(asked(THREE)).isEqualTo(32);
    answer(THREE, 3);
    ask("a", OtherNodes.PATIENCE_NANOS);
    assertThat(asked(THREE)).as("it answers again").isEqualTo(32);
  }
}
