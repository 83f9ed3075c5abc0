package io.trefoil.control;

import io.trefoil.base.MalformedBytesException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.AtomicFileOutputStream;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;

/**
 * Runs {@link ClusterState#apply} under Ratis. A snapshot is one file with the encoded state.
 *
 * <p>Ratis calls from one thread at a time.
 */
final class ClusterStateMachine extends BaseStateMachine {
  private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
  private final Consumer<ClusterState> applied;
  private ClusterState state = ClusterState.EMPTY;

  /**
   * A machine without any state yet.
   *
   * @param applied told of each state
   */
  ClusterStateMachine(Consumer<ClusterState> applied) {
    this.applied = applied;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage)
      throws IOException {
    super.initialize(server, group, raftStorage);
    getLifeCycle()
        .startAndTransition(
            () -> {
              storage.init(raftStorage);
              load(storage.getLatestSnapshot());
            },
            IOException.class);
  }

  @Override
  public void pause() {
    // Ratis installs a snapshot only while this says PAUSED; otherwise it gives the member up.
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  @Override
  public void reinitialize() throws IOException {
    load(storage.loadLatestSnapshot());
    if (getLifeCycleState() == LifeCycle.State.PAUSED) {
      getLifeCycle().transition(LifeCycle.State.STARTING);
      getLifeCycle().transition(LifeCycle.State.RUNNING);
    }
  }

  /** Refuses, before it is in the log, what the other members could not read. */
  @Override
  public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
    ByteString content = request.getMessage().getContent();
    TransactionContext.Builder transaction =
        TransactionContext.newBuilder().setStateMachine(this).setClientRequest(request);
    try {
      ControlFormat.decodeCommand(content.toByteArray());
      return transaction.setLogData(content).build();
    } catch (MalformedBytesException malformed) {
      return transaction.build().setException(new IOException(malformed.getMessage()));
    }
  }

  /** Throws when the entry can't be read: going on without it would be another history. */
  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto entry = transaction.getLogEntry();
    byte[] command = entry.getStateMachineLogEntry().getLogData().toByteArray();
    ClusterState.Applied next =
        state.apply(ControlFormat.decodeCommand(command), entry.getIndex(), entry.getTerm());
    updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
    become(next.state());
    return CompletableFuture.completedFuture(
        Message.valueOf(ByteString.copyFrom(ControlFormat.encode(next.outcome()))));
  }

  private void become(ClusterState next) {
    if (next != state) {
      state = next;
      applied.accept(next);
    }
  }

  // Snapshots.

  @Override
  public long takeSnapshot() throws IOException {
    TermIndex last = getLastAppliedTermIndex();
    if (last == null || last.getIndex() <= 0) {
      return RaftLog.INVALID_LOG_INDEX;
    }
    File file = storage.getSnapshotFile(last.getTerm(), last.getIndex());
    try (AtomicFileOutputStream out = new AtomicFileOutputStream(file)) {
      out.write(ControlFormat.encode(state));
    }
    MD5Hash digest = MD5FileUtil.computeAndSaveMd5ForFile(file);
    storage.updateLatestSnapshot(
        new SingleFileSnapshotInfo(new FileInfo(file.toPath(), digest), last));
    return last.getIndex();
  }

  private void load(SingleFileSnapshotInfo snapshot) throws IOException {
    if (snapshot == null) {
      return;
    }
    File file = snapshot.getFile().getPath().toFile();
    MD5Hash digest = snapshot.getFile().getFileDigest();
    if (digest != null) {
      MD5FileUtil.verifySavedMD5(file, digest);
    }
    setLastAppliedTermIndex(snapshot.getTermIndex());
    become(ControlFormat.decodeState(Files.readAllBytes(file.toPath())));
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return storage;
  }

  /** Reads go to {@link ControlPlane#state}; Ratis asks nothing. */
  @Override
  public CompletableFuture<Message> query(Message request) {
    return CompletableFuture.completedFuture(Message.EMPTY);
  }
}
