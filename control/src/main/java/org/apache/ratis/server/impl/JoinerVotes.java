package org.apache.ratis.server.impl;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.ProtoUtils;

/**
 * Gives a server that is being added a vote, which Ratis 3.3.0 refuses it until the entry that adds
 * it has come.
 *
 * <p>A leader may be lost after it wrote that entry and before the new servers have it. Whoever has
 * the entry needs a majority of the new servers too, and they say that they are not ready: nobody
 * is elected, for ever. Raft asks a server for its vote whatever its own configuration says
 * (Ongaro, <i>Consensus: Bridging Theory and Practice</i>, 4.1 and 4.3). A server that is being
 * added has been brought up to date before that entry was written, so it can judge a candidate's
 * log.
 *
 * <p>It is in this package because term and vote of a server, and the lock around them, are open to
 * it alone. It can go when Ratis does the same.
 */
public final class JoinerVotes {
  private JoinerVotes() {}

  /** The server, whose members that are being added vote as well. */
  public static RaftServer votingWhileAdded(RaftServer server) {
    return (RaftServer)
        Proxy.newProxyInstance(
            RaftServer.class.getClassLoader(),
            new Class<?>[] {RaftServer.class},
            (proxy, method, arguments) -> {
              try {
                return call(server, method, arguments);
              } catch (ServerNotReadyException notReady) {
                if (method.getName().equals("requestVote")) {
                  return vote(server, (RequestVoteRequestProto) arguments[0], notReady);
                }
                throw notReady;
              }
            });
  }

  private static Object call(RaftServer server, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(server, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static RequestVoteReplyProto vote(
      RaftServer server, RequestVoteRequestProto request, ServerNotReadyException notReady)
      throws IOException {
    RaftServerImpl member =
        (RaftServerImpl)
            server.getDivision(
                ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId()));
    synchronized (member) {
      LifeCycle.State life = member.getInfo().getLifeCycleState();
      if (life == LifeCycle.State.RUNNING) {
        return member.requestVote(request);
      }
      if (life != LifeCycle.State.STARTING || member.getRole().getFollowerState().isPresent()) {
        throw notReady;
      }
      return vote(member, request);
    }
  }

  /** As a running member votes, except that nothing else begins: it holds no election itself. */
  private static RequestVoteReplyProto vote(RaftServerImpl member, RequestVoteRequestProto request)
      throws IOException {
    RaftPeerId candidateId = RaftPeerId.valueOf(request.getServerRequest().getRequestorId());
    LeaderElection.Phase phase =
        request.getPreVote() ? LeaderElection.Phase.PRE_VOTE : LeaderElection.Phase.ELECTION;
    ServerState state = member.getState();
    TermIndex last = lastEntry(state);
    VoteContext context = new VoteContext(member, phase, candidateId);
    RaftPeer candidate = context.recognizeCandidate(request.getCandidateTerm());
    boolean granted =
        context.decideVote(candidate, TermIndex.valueOf(request.getCandidateLastEntry()));
    if (candidate != null && phase == LeaderElection.Phase.ELECTION) {
      boolean newTerm = state.updateCurrentTerm(request.getCandidateTerm());
      if (granted) {
        state.grantVote(candidate.getId());
      }
      if (newTerm || granted) {
        state.persistMetadata();
      }
    }
    return ServerProtoUtils.toRequestVoteReplyProto(
        candidateId,
        member.getMemberId(),
        granted,
        state.getCurrentTerm(),
        false,
        last,
        request.getServerRequest().getCallId());
  }

  private static TermIndex lastEntry(ServerState state) throws ServerNotReadyException {
    try {
      return state.getLastEntry();
    } catch (IllegalStateException logNotOpen) {
      throw new ServerNotReadyException(logNotOpen.getMessage());
    }
  }
}
