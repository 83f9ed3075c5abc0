/**
 * Real node processes under faults, with ordinary clients whose histories are checked.
 *
 * <p>Reading order: {@link io.trefoil.chaos.Chaos} (the whole), {@code FaultPlan} (what goes wrong
 * when, from a seed), {@code Faults} (does it), {@code FaultyNetwork} (between the nodes), {@code
 * Load} (the clients), {@code Verdict} (what the history says), {@code Report} (the page).
 */
package io.trefoil.chaos;
