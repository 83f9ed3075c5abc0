/**
 * Cells that several nodes write: what each origin wrote last and what removers had seen of it, so
 * that replicas come to hold the same whatever the order in which they hear of it.
 *
 * <p>Merging is taking the larger, origin by origin: commutative, associative, idempotent. {@link
 * io.trefoil.cell.merge.Versions} is a cell; {@link io.trefoil.cell.merge.MergedKey} what a key has
 * beside its fields; {@link io.trefoil.cell.merge.SeenStamps} how far somebody has seen each
 * origin. A <em>change</em> is a part of such a state, as it travels; merging it is applying it.
 *
 * <p>Sources: Almeida, Shoker and Baquero 2018, Delta State Replicated Data Types; Preguiça et al.
 * 2010, Dotted Version Vectors; Bieniusa et al. 2012, An Optimized Conflict-free Replicated Set.
 */
package io.trefoil.cell.merge;
