/**
 * A disk in memory that can crash, tear, flip bits, fail and fill up, the same way each time for a
 * seed: for tests and for the simulator.
 */
package io.trefoil.journal.memory;
