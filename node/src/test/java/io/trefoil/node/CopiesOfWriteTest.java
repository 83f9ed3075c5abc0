package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.node.CopiesOfWrite.Word;
import io.trefoil.node.WriteStatus.Verdict;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CopiesOfWriteTest {
  private static final NodeId SELF = new NodeId(2);
  private static final int STREAM = Origins.number(new NodeId(1), 4, 1);
  private static final int WITH_GAP = Origins.number(new NodeId(3), 4, 1);
  private static final int OWN_OLD_ONE = Origins.number(SELF, 4, 1);

  @ParameterizedTest
  @CsvSource({
    "HERE,      HERE,    ABSENT,  committed, ''",
    "CONFIRMED, ABSENT,  UNCLEAR, committed, ''",
    "HERE,      ABSENT,  ABSENT,  pending,   1 of 3 replicas are known to have it and W is 2",
    "UNCLEAR,   UNCLEAR, HERE,    pending,   1 of 3 replicas are known to have it and W is 2",
    "ABSENT,    ABSENT,  ABSENT,  unknown,   no replica has it",
    "ABSENT,    UNCLEAR, UNCLEAR, unknown,   no replica is known to have it; 2 can't tell"
  })
  void theCopiesThatAreThereSayWhatBecameOfAWrite(
      Word first, Word second, Word third, String status, String reason) {
    Verdict verdict = CopiesOfWrite.judge(List.of(first, second, third), 2);
    assertThat(verdict).isEqualTo(new Verdict(status, reason));
  }

  @ParameterizedTest
  @CsvSource({"STREAM, 7, HERE", "STREAM, 8, ABSENT", "GAP, 1, UNCLEAR", "OWN, 1, UNCLEAR"})
  void aCopyKnowsHowFarItHasEachStream(String stream, long index, Word word) {
    Origins origins = new Origins();
    origins.hear(STREAM, 7, false);
    origins.hear(WITH_GAP, 7, true);
    int origin = Arrays.asList("STREAM", "GAP").indexOf(stream);
    long number = origin == 0 ? STREAM : origin == 1 ? WITH_GAP : OWN_OLD_ONE;
    assertThat(CopiesOfWrite.heard(origins, new Position(number, index), SELF)).isEqualTo(word);
  }

  @ParameterizedTest
  @CsvSource({"2048", "9", "2147483648", "999999999999999999"})
  void aStreamThatNobodyBeganIsAbsent(long origin) {
    assertThat(CopiesOfWrite.heard(new Origins(), new Position(origin, 1), SELF))
        .isEqualTo(Word.ABSENT);
  }
}
