/**
 * An event loop's one append-only log: the entries of all partition copies in shared segments, one
 * write a turn, one sync for all that wait.
 *
 * <p>Reading order: {@link io.trefoil.journal.Journal} for the promise, {@code RecordFormat} for
 * the bytes, {@code Recovery} for how a torn tail is told from damage, {@code CopyLog} for how
 * entries are found again, {@link io.trefoil.journal.JournalThreads} for who syncs. Disks are
 * reached through {@link io.trefoil.journal.JournalDisk} alone.
 *
 * @see "Alagappan et al. 2018, Protocol-Aware Recovery for Consensus-Based Storage (FAST '18)"
 */
package io.trefoil.journal;
