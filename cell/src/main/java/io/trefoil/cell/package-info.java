/**
 * The one idea: a database is a set of cells, and replication is a way to get cells to replicas.
 *
 * <p>{@link io.trefoil.cell.Cells} is what a command sees; {@link io.trefoil.cell.EntryWriter} and
 * {@link io.trefoil.cell.EntryReader} are how the cells that a command changed travel: through the
 * journal, to the followers, into storage. Replication carries entries without looking inside.
 */
package io.trefoil.cell;
