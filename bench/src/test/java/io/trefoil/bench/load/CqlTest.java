package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.bench.load.Cql.Consistency;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CqlTest {
  private static final byte ERROR = 0;
  private static final byte RESULT = 8;
  private static final int VOID = 1;
  private static final int ROWS = 2;

  private final Cql cql = new Cql("bench", 4, Consistency.ONE, Consistency.QUORUM);

  private static byte[] frame(int stream, byte operation, int... body) {
    ByteBuffer frame = ByteBuffer.allocate(9 + body.length * Integer.BYTES);
    frame.put((byte) 0x84).put((byte) 0).putShort((short) stream).put(operation);
    frame.putInt(body.length * Integer.BYTES);
    for (int word : body) {
      frame.putInt(word);
    }
    return frame.array();
  }

  private static byte[] error(int stream, String text) {
    ByteBuffer frame = ByteBuffer.allocate(9 + 6 + text.length());
    frame.put((byte) 0x84).put((byte) 0).putShort((short) stream).put(ERROR);
    frame.putInt(6 + text.length()).putInt(0x1100).putShort((short) text.length());
    return frame.put(text.getBytes(StandardCharsets.US_ASCII)).array();
  }

  private static byte[] rows(int stream, int rows) {
    return frame(stream, RESULT, ROWS, /* flags= */ 4, /* columns= */ 1, rows);
  }

  @Test
  void theStreamSaysWhoseReplyItIsWhereverFramesAreSplit() throws IOException {
    byte[] all =
        ByteBuffer.allocate(200)
            .put(rows(3, 1))
            .put(frame(1, RESULT, VOID))
            .put(rows(0, 0))
            .put(error(2, "timed out"))
            .array();
    int size = rows(3, 1).length * 2 + frame(1, RESULT, VOID).length + 15 + "timed out".length();
    byte[] replies = Arrays.copyOf(all, size);
    for (int part = 0; part <= replies.length; part++) {
      assertThat(Received.of(cql, replies, part))
          .as("split at %d", part)
          .containsExactly("3 GOOD", "1 GOOD", "0 MISSING", "2 ERROR error 0x1100: timed out");
    }
  }

  @Test
  void whatIsNoFrameOfOursEndsTheMeasurement() {
    assertThatThrownBy(() -> Received.of(cql, frame(4, RESULT, VOID), 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("stream 4");
    byte[] endless = frame(0, RESULT, VOID);
    endless[5] = (byte) 0xff;
    assertThatThrownBy(() -> Received.of(cql, endless, 0))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("a frame of -");
  }

  @ParameterizedTest
  @CsvSource({"1,ONE", "2,QUORUM", "3,ALL"})
  void soManyOfThreeReplicasHaveAName(int replicas, Consistency consistency) {
    assertThat(Consistency.of(replicas)).isEqualTo(consistency);
  }
}
