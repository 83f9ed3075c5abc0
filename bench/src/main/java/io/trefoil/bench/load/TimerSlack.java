package io.trefoil.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How late Linux wakes a thread that sleeps: 50 µs unless it is asked not to. */
final class TimerSlack {
  private TimerSlack() {}

  /** Has this thread woken as exactly as it can be. Where that can't be said, nothing changes. */
  static void none() {
    try {
      // A link to <process>/task/<thread>; the file is in the thread's own folder.
      Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
      Files.writeString(Path.of("/proc").resolve(thread).resolve("timerslack_ns"), "1");
    } catch (IOException notLinux) {
      // It sleeps longer then.
    }
  }
}
