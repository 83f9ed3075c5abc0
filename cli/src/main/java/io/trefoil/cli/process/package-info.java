/** Node processes on this machine: their ports, their folder, how they are started and ended. */
package io.trefoil.cli.process;
