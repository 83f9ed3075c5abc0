package io.trefoil.node;

import io.trefoil.base.Clock;
import io.trefoil.base.NodeId;
import io.trefoil.control.Consensus;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalReplay;
import io.trefoil.journal.JournalThreads;
import io.trefoil.journal.Syncing;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageException;
import io.trefoil.transport.PeerListener;
import io.trefoil.transport.Peers;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Everything that a {@link NodeCore} has of the world: time, threads, files, sockets, consensus.
 * {@link Node} has the real ones; a simulator replaces them, and nothing else.
 */
public interface NodePorts {
  Clock clock();

  /** Owns lease and membership. Commands never run here. */
  Loop controlLoop();

  /** Owns partitions and clients. */
  Loop dataLoop();

  /** Reads journal and snapshots. */
  Executor background();

  /** Reads the snapshots that are compared: one task after the other. */
  Executor verifying();

  /** A random number that no other process draws. */
  long draw();

  /**
   * The way to other nodes.
   *
   * @param listener gets what comes in, on the lanes' loops
   */
  Peers peers(PeerListener listener);

  /**
   * @throws StorageException when what is there can't be used
   */
  Storage openStorage(Consumer<StorageException> onFailure);

  /**
   * Opens the journal of a disk and replays it.
   *
   * @throws RuntimeException those of {@link Journal#open}
   */
  Journal openJournal(long diskId, JournalReplay replay);

  /** Begins to sync and to prepare segments in the background. */
  Syncing startSyncing(Journal journal, JournalThreads.Listener listener);

  /** Starts a voter's part in the consensus. */
  Consensus openConsensus(NodeId self, long clusterId, boolean founder) throws IOException;

  /** Stores durably whose disk this is. */
  void store(NodeIdentity identity) throws IOException;

  /** How much room the disk had when it was looked at last, a second ago or so; never waits. */
  long freeDiskBytes();

  /** Where this node keeps what left the history. */
  DivergenceFolder divergences();

  /** Where this node keeps the conflicts of multi-leader databases. */
  ConflictFolder conflicts();

  /** The node serves: clients may connect from now on. */
  void openToClients() throws IOException;

  /** Nothing goes on: the node stops, as what happened can't be or can't be gone on from. */
  void failed(String what, Throwable cause);

  /** A client asks the node to stop. */
  void shutdown();
}
