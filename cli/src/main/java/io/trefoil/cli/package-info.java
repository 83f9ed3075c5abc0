/**
 * The command line: {@code cli}, {@code status}, {@code database} and {@code demo}. It talks to
 * nodes over the Redis protocol alone and holds none of their code.
 *
 * <p>Reading order: {@link io.trefoil.cli.Reply} and {@link io.trefoil.cli.RespClient} (the
 * protocol), {@link io.trefoil.cli.ClusterStatus} (what a node says of its cluster), {@link
 * io.trefoil.cli.Main} and the commands, then the package {@code demo}.
 */
package io.trefoil.cli;
