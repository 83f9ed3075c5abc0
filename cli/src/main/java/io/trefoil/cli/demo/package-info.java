/**
 * The demonstration: a few real nodes on this machine, small clients that remember what was
 * acknowledged, and a view that shows what happens when nodes are killed and paused.
 *
 * <p>Reading order: {@link io.trefoil.cli.demo.Demo} (the whole), {@code DemoNodes} (the
 * processes), {@code Show} (what differs between algorithms), {@code StatusWatch}. {@code
 * SingleLeaderShow} has {@code Writer} with {@code WriterLedger} (what was acknowledged and what
 * was lost), {@code DemoModel} and {@code DemoView} (what is shown). {@code LeaderlessShow} has
 * {@code RegisterClient} with {@code Register} (which reads were stale), {@code HintChanges},
 * {@code LeaderlessModel} and {@code LeaderlessView}. {@code RegionsShow} has {@code DemoRegion}
 * with {@code RegionWriter}, {@code LinkState}, {@code ConflictWatch}, {@code RegionsProof} (what
 * is compared in the end), {@code RegionsModel} and {@code RegionsView}. Models, views, {@code
 * DemoFrame}, {@code DemoScript}, {@code NodeConfig}, {@code StatusChanges}, {@code HintChanges},
 * {@code Register} and {@code WriterLedger} do no input or output.
 */
package io.trefoil.cli.demo;
