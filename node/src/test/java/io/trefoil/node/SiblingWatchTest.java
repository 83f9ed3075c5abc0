package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SiblingWatchTest {
  private static final long MINUTE_NANOS = 60_000_000_000L;

  private final Logger logger = (Logger) LoggerFactory.getLogger(SiblingWatch.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private boolean keepsSiblings = true;
  private long nowNanos;
  private final SiblingWatch watch =
      new SiblingWatch(() -> "database=carts partition=3", () -> keepsSiblings, () -> nowNanos);

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
  }

  private void merged(String key, int before, int now) {
    watch.merged(key.getBytes(StandardCharsets.ISO_8859_1), before, now);
  }

  @Test
  void aKeyIsCountedWhenItComesToHaveSiblings() {
    merged("k", 0, 1);
    merged("k", 1, 2);
    merged("k", 2, 3);
    merged("other", 0, 2);
    assertThat(watch.conflicts()).isEqualTo(2);
    keepsSiblings = false;
    merged("third", 0, 2);
    assertThat(watch.conflicts()).isEqualTo(2);
    assertThat(watch.atLimit()).isZero();
  }

  @Test
  void keysWithTooManySiblingsAreWarnedOfOnceAMinute() {
    merged("a\nb\u00e4", 15, 16);
    nowNanos += MINUTE_NANOS - 1;
    merged("other", 3, 17);
    merged("other", 17, 18);
    assertThat(watch.atLimit()).isEqualTo(2);
    assertThat(log.list)
        .singleElement()
        .extracting(ILoggingEvent::getFormattedMessage)
        .isEqualTo(
            "database=carts partition=3 key='a?b?' has 16 siblings and is written by RESOLVE only;"
                + " keys with so many so far: 1");
    nowNanos += 1;
    merged("third", 15, 16);
    assertThat(log.list).hasSize(2);
  }

  @Test
  void aLongKeyIsShortened() {
    assertThat(SiblingWatch.shown(new byte[100])).isEqualTo("'" + "?".repeat(64) + "...'");
    assertThat(SiblingWatch.shown("x".repeat(64).getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo("'" + "x".repeat(64) + "'");
  }
}
