package io.trefoil.node;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/** A loop that is a thread of Netty's, which has sockets, too. */
record NettyLoop(EventLoop loop) implements Loop {
  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  @Override
  public void schedule(long delayMillis, Runnable task) {
    loop.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void every(long firstMillis, long periodMillis, Runnable task) {
    loop.scheduleAtFixedRate(task, firstMillis, periodMillis, TimeUnit.MILLISECONDS);
  }

  @Override
  public boolean isStopping() {
    return loop.isShuttingDown();
  }
}
