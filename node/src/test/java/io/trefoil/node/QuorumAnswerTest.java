package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class QuorumAnswerTest {
  private static final QuorumAnswer ANSWER = new QuorumAnswer(2, 3, 1, 2, true);

  @Test
  void whatAnotherNodeAchievedComesBackWithItsReply() {
    ByteSink sink = new ByteSink();
    QuorumAnswer.put(sink, ANSWER);
    QuorumAnswer.put(sink, null);
    QuorumAnswer.put(sink, new QuorumAnswer(1, 1, 0, 0, false));
    ByteSource source = new ByteSource(Arrays.copyOf(sink.array(), sink.size()));
    assertThat(QuorumAnswer.get(source)).isEqualTo(ANSWER);
    assertThat(QuorumAnswer.get(source)).isNull();
    assertThat(QuorumAnswer.get(source)).isEqualTo(new QuorumAnswer(1, 1, 0, 0, false));
    assertThat(source.remaining()).isZero();
  }

  @Test
  void ofSeveralCoordinatorsTheWorstIsTold() {
    assertThat(ANSWER.with(new QuorumAnswer(2, 3, 3, 0, false)))
        .isEqualTo(new QuorumAnswer(2, 3, 1, 2, true));
    assertThat(new QuorumAnswer(2, 3, 3, 0, false).with(new QuorumAnswer(2, 3, 2, 1, false)))
        .isEqualTo(new QuorumAnswer(2, 3, 2, 1, false));
  }

  @Test
  void whoWroteNothingLacksNoCopies() {
    QuorumAnswer wroteNothing = new QuorumAnswer(2, 3, 0, 0, false);
    assertThat(wroteNothing.with(ANSWER).copies()).isEqualTo(1);
    assertThat(ANSWER.with(wroteNothing).copies()).isEqualTo(1);
    assertThat(wroteNothing.with(wroteNothing).copies()).isZero();
  }

  @Test
  void anAnswerOfTwoCoordinatorsNamesNone() {
    Answer first = Answer.byCoordinator(new NodeId(1), ANSWER);
    assertThat(first.with(Answer.byCoordinator(new NodeId(1), ANSWER))).isEqualTo(first);
    Answer both = first.with(Answer.byCoordinator(new NodeId(2), ANSWER));
    assertThat(both.node()).isNull();
    assertThat(both.quorum()).isEqualTo(ANSWER);
    assertThat(first.with(Answer.byLeader(new NodeId(1), new Position(3, 4))).quorum()).isNull();
    assertThat(first.with(Answer.NONE).quorum()).as("one refused").isNull();
  }
}
