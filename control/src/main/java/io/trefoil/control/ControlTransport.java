package io.trefoil.control;

import org.apache.ratis.conf.Parameters;
import org.apache.ratis.netty.NettyFactory;
import org.apache.ratis.netty.server.NettyRpcService;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.impl.JoinerVotes;

/**
 * Ratis's Netty transport, in front of a server whose members vote while they are being added.
 * Ratis finds it by the name of this class.
 */
public final class ControlTransport implements RpcType {
  @Override
  public String name() {
    return ControlTransport.class.getName();
  }

  @Override
  public RpcFactory newFactory(Parameters parameters) {
    return new NettyFactory(parameters) {
      @Override
      public NettyRpcService newRaftServerRpc(RaftServer server) {
        return super.newRaftServerRpc(JoinerVotes.votingWhileAdded(server));
      }
    };
  }
}
