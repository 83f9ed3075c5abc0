/**
 * Checkers: whether a history of what clients asked and were told keeps a promise. Pure, and the
 * same for simulated and for real clusters.
 */
package io.trefoil.check;
