package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.Reply;
import org.junit.jupiter.api.Test;

class RegisterTest {
  private final Register register = new Register(5);

  private void write(WriterLedger.Outcome outcome) {
    register.wrote(register.next(), outcome);
  }

  private void read(long before, String value) {
    register.read(before, Reply.BulkString.of(value));
  }

  @Test
  void aReadIsStaleWhenItShowsLessThanWasAcknowledgedBefore() {
    write(WriterLedger.Outcome.ACKNOWLEDGED);
    write(WriterLedger.Outcome.ACKNOWLEDGED);
    write(WriterLedger.Outcome.ACKNOWLEDGED);
    read(register.acknowledged(), register.value(3));
    // What was acknowledged only meanwhile need not show, and may.
    read(2, "2....");
    read(2, "3....");
    assertThat(register.counts().stale()).isZero();

    read(3, "2....");
    register.read(3, new Reply.Nil());
    read(3, "");
    read(3, "not the writer's");
    assertThat(register.counts()).isEqualTo(new Register.Counts(3, 0, 0, 7, 4, 3));
  }

  @Test
  void whatIsNotAcknowledgedNeedNotShow() {
    write(WriterLedger.Outcome.ACKNOWLEDGED);
    write(WriterLedger.Outcome.REFUSED);
    write(WriterLedger.Outcome.UNCERTAIN);
    assertThat(register.acknowledged()).isEqualTo(1);
    read(register.acknowledged(), "1....");
    assertThat(register.counts()).isEqualTo(new Register.Counts(1, 1, 1, 1, 0, 0));
  }

  @Test
  void aRefusedReadIsNoStaleOne() {
    write(WriterLedger.Outcome.ACKNOWLEDGED);
    register.read(1, new Reply.Failure("NOREPLICAS R 2 needs 2 of 3 replicas"));
    assertThat(register.counts()).isEqualTo(new Register.Counts(1, 1, 0, 0, 0, 0));
  }
}
