package io.trefoil.journal;

/**
 * What opening a journal found.
 *
 * @param found false when the folder was empty and a new journal was begun
 * @param unbroken true when everything that was ever written is there: it was closed cleanly, or
 *     only the process died. False when the machine started again without a clean close, so that
 *     what was written and not synced may be lost, and for a new journal, which remembers nothing
 * @param endOffset the offset behind the last record that was appended; everything after it was cut
 * @param records how many records were read
 */
public record RecoveryReport(boolean found, boolean unbroken, long endOffset, long records) {}
