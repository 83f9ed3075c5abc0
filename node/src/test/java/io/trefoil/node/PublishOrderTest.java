package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PublishOrderTest {
  private final PublishOrder order = new PublishOrder();

  @Test
  void whatComesTooLateIsNotDelivered() {
    assertThat(order.admits(1, 1, 5)).isTrue();
    assertThat(order.admits(1, 1, 7)).isTrue();
    assertThat(order.admits(1, 1, 6)).as("of a connection that broke").isFalse();
    assertThat(order.admits(1, 1, 7)).isFalse();
    assertThat(order.admits(1, 1, 8)).isTrue();
  }

  @Test
  void nodesAreApart() {
    assertThat(order.admits(1, 1, 5)).isTrue();
    assertThat(order.admits(2, 1, 1)).isTrue();
  }

  @Test
  void aProcessThatWasStartedAgainBeginsAnew() {
    assertThat(order.admits(1, 1, 5)).isTrue();
    assertThat(order.admits(1, 2, 1)).isTrue();
    assertThat(order.admits(1, 1, 6)).isFalse();
  }
}
