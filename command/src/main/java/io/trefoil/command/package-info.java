/**
 * The command table: every command's name, shape, documentation, meaning on each algorithm, and
 * what runs it.
 *
 * <p>Reading order: {@link io.trefoil.command.Command} is a row, {@link
 * io.trefoil.command.CommandTable} all of them, {@link io.trefoil.command.Call} what a handler
 * gets; then one class per family, such as {@link io.trefoil.command.StringCommands}. {@link
 * io.trefoil.command.Scattered} splits a command over partitions and gathers the replies.
 *
 * <p>Handlers read and write cells through {@link io.trefoil.cell.Cells} and never know which
 * algorithm carries them. Replies and error texts are those of Redis 7.0, compared byte by byte
 * with a real one in the tests.
 */
package io.trefoil.command;
