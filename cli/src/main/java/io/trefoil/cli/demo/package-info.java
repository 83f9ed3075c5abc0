/**
 * The demonstration: three real nodes on this machine, a small writer that remembers what was
 * acknowledged, and a view that shows what happens when nodes are killed and paused.
 *
 * <p>Reading order: {@link io.trefoil.cli.demo.Demo} (the whole), {@code Writer} with {@code
 * WriterLedger} (what was acknowledged and what was lost), {@code StatusWatch}, {@code DemoModel}
 * and {@code DemoView} (what is shown). {@code NodeConfig}, {@code DemoModel}, {@code DemoView},
 * {@code StatusChanges} and {@code WriterLedger} do no input or output.
 */
package io.trefoil.cli.demo;
