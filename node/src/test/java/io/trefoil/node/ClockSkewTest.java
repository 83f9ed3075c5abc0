package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.trefoil.base.NodeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ClockSkewTest {
  private static final NodeId N2 = new NodeId(2);
  private static final NodeId N3 = new NodeId(3);

  private final ClockSkew clocks = new ClockSkew(10_000, node -> "node-" + node.number());
  private final Logger logger = (Logger) LoggerFactory.getLogger(ClockSkew.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
  }

  @Test
  void theLargestOfThisMinuteAndTheOneBeforeIsToldOfEachNode() {
    clocks.heard(N2, 1_700, 1_000, 0);
    clocks.heard(N2, 1_200, 1_000, 10);
    clocks.heard(N3, 900, 1_000, 10); // behind, or late
    assertThat(clocks.recent(20)).containsEntry(N2, 700L).containsEntry(N3, 0L);

    clocks.heard(N2, 70_100, 70_000, 60_000);
    assertThat(clocks.recent(61_000)).containsEntry(N2, 700L);
    assertThat(clocks.recent(120_000)).containsEntry(N2, 100L);
    assertThat(clocks.recent(300_000)).containsEntry(N2, 0L);
  }

  @Test
  void aClockThatIsTooFarAheadIsWarnedOfOnceAMinute() {
    clocks.heard(N2, 11_000, 1_000, 0);
    assertThat(log.list).isEmpty();
    clocks.heard(N2, 11_001, 1_000, 0);
    clocks.heard(N2, 20_000, 1_000, 59_999);
    assertThat(log.list)
        .singleElement()
        .extracting(ILoggingEvent::getFormattedMessage)
        .asString()
        .startsWith("the clock of node-2 is 10001 ms ahead of this node's");
    clocks.heard(N3, 20_000, 1_000, 59_999);
    clocks.heard(N2, 20_000, 1_000, 60_000);
    assertThat(log.list).hasSize(3);
  }
}
