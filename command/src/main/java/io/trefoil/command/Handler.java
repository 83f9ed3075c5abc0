package io.trefoil.command;

/**
 * Runs one command and writes exactly one reply (or none, when the command says so). Keeps nothing
 * between calls: one handler serves all threads.
 */
@FunctionalInterface
public interface Handler {
  void run(Call call);
}
