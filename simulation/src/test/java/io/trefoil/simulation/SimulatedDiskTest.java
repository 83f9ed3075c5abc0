package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatedDiskTest {
  private static SimulatedDisk.Entries entry(long epoch, long index, long commit) {
    return new SimulatedDisk.Entries(
        new EntryBatch(epoch, index, 1, 0, 1, Operation.OPENING), commit);
  }

  @Test
  void aKilledProcessLeavesAllThatWasWritten() {
    SimulatedDisk disk = new SimulatedDisk();
    disk.write(entry(1, 1, 0));
    disk.write(entry(1, 2, 1));
    SimulatedDisk.Contents contents = disk.recover();
    assertThat(contents.lastIndex).isEqualTo(2);
    assertThat(contents.commitIndex).isEqualTo(1);
    assertThat(disk.isSynced()).isTrue();
  }

  @Test
  void aMachineWithoutPowerLeavesWhatWasSyncedAndPerhapsMore() {
    SimulatedDisk disk = new SimulatedDisk();
    disk.write(entry(1, 1, 0));
    disk.syncUpTo(1);
    disk.write(entry(1, 2, 0));
    disk.write(entry(1, 3, 0));
    assertThat(disk.unsynced()).isEqualTo(2);
    disk.losePower(1);
    assertThat(disk.recover().lastIndex).isEqualTo(2);
  }

  @Test
  void recoveryReplaysCutsInOrder() {
    SimulatedDisk disk = new SimulatedDisk();
    List.of(1, 2, 3).forEach(index -> disk.write(entry(1, index, 0)));
    disk.write(new SimulatedDisk.Cut(2));
    disk.write(entry(4, 2, 0));
    SimulatedDisk.Contents contents = disk.recover();
    assertThat(contents.epochs).hasToString("1@1 4@2");
    assertThat(contents.log.keySet()).containsExactly(1L, 2L);
  }

  @Test
  void theCopyDoesNotCountFromASnapshotUntilItIsTold() {
    SimulatedDisk disk = new SimulatedDisk();
    SimulatedDisk.Contents empty = disk.recover();
    disk.write(
        new SimulatedDisk.Start(
            new SimulatedDisk.Snapshot(1, Position.ZERO, empty.epochs, 0, new Registers())));
    assertThat(disk.recover().counts).isFalse();
    disk.write(new SimulatedDisk.Counts(true));
    assertThat(disk.recover().counts).isTrue();
  }
}
