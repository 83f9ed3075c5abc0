/**
 * What every other module may use: ids, positions, stamps, byte strings, hashes, addresses,
 * invariants, and the two ports through which time and chance come in.
 *
 * <p>Reading order: {@link io.trefoil.base.Position}, {@link io.trefoil.base.Stamp}, {@link
 * io.trefoil.base.HybridClock}, then the rest. Nothing here does input or output, and nothing here
 * depends on another module.
 */
package io.trefoil.base;
