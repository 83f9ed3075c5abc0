package io.trefoil.base;

/**
 * State that the design says can't be. Never caught to go on: the replica that threw it is done.
 */
public final class InvariantViolation extends RuntimeException {
  public InvariantViolation(String message) {
    super(message);
  }
}
