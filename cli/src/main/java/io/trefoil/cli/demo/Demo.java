package io.trefoil.cli.demo;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.FolderLock;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A few nodes, a {@link Show} on them, and what a user may do to them. {@link #run} starts and
 * stops everything; {@link #press} and {@link #requestStop} may come from any thread while it runs.
 */
final class Demo implements Show.Stage {
  private static final long EVENTS_MILLIS = 100;

  /** The algorithm that is shown. */
  enum Replication {
    SINGLE_LEADER,
    LEADERLESS,
    MULTI_LEADER
  }

  /**
   * @param directory of the data
   * @param fresh whether to start without the data of earlier runs
   * @param firstPort client port of the first node, when free
   * @param regions names of the regions, each with nodes of its own; none unless multi-leader
   * @param script keys that nobody has to press; empty when a user presses them
   * @param startLimit how long the nodes may take until they serve
   */
  record Settings(
      Path directory,
      boolean fresh,
      int firstPort,
      Replication replication,
      List<String> regions,
      Writer.Settings writer,
      List<DemoScript.Step> script,
      Duration startLimit) {
    Settings {
      regions = List.copyOf(regions);
    }

    /** What starts such a demo. */
    private String command() {
      return switch (replication) {
        case SINGLE_LEADER -> "./trefoil demo";
        case LEADERLESS -> "./trefoil demo --replication leaderless";
        case MULTI_LEADER -> "./trefoil demo --regions " + String.join(",", regions);
      };
    }
  }

  private final Settings settings;
  private final Stdio stdio;
  private final NodeProcess.Launch launch;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final long startedNanos = System.nanoTime();
  private final Events events = new Events();
  private volatile boolean showsTries = true;
  private long eventsSaid;
  private DemoNodes nodes;
  private volatile Show show;

  Demo(Settings settings, Stdio stdio, NodeProcess.Launch launch) {
    this.settings = settings;
    this.stdio = stdio;
    this.launch = launch;
  }

  static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "demo");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Runs until the user, a signal or the end of the script ends it.
   *
   * @return the exit code
   * @throws CommandFailed when it cannot start
   */
  int run() throws IOException, InterruptedException {
    try (FolderLock lock = FolderLock.take(settings.directory(), "demo")) {
      for (long pid : lock.endLeftovers()) {
        say("Ended node process " + pid + ", which a killed demo had left.");
      }
      DemoLayout layout = DemoLayout.of(settings.regions());
      nodes = new DemoNodes(settings.directory(), layout, launch, lock, events, this::say);
      if (settings.fresh()) {
        nodes.deleteData();
      }
      nodes.prepare(settings.firstPort());
      show = show();
      try {
        nodes.start();
        if (nodes.awaitReady(show, settings.startLimit(), stopping)) {
          introduce();
          play();
        }
      } finally {
        nodes.stop();
      }
      sayGoodbye();
      return 0;
    }
  }

  private Show show() {
    return switch (settings.replication()) {
      case SINGLE_LEADER -> new SingleLeaderShow(this, settings.writer());
      case LEADERLESS -> new LeaderlessShow(this, settings.writer());
      case MULTI_LEADER -> new RegionsShow(this, settings.writer(), settings.regions());
    };
  }

  /** Makes {@link #run} stop everything and return. */
  void requestStop() {
    stopping.countDown();
  }

  @Override
  public boolean isStopping() {
    return stopping.getCount() == 0;
  }

  private void say(String line) {
    stdio.out().println(line);
    stdio.out().flush();
  }

  private void introduce() {
    say("");
    for (NodeProcess node : nodes.all()) {
      say(
          String.format(
              "  %s   client 127.0.0.1:%d   http 127.0.0.1:%d   pid %d   log %s",
              node.name(), node.ports().client(), node.ports().http(), node.pid(), node.log()));
    }
    say("");
    say("Try, in another terminal:");
    show.tries().forEach(line -> say("  " + line));
    say("");
  }

  private void play() throws IOException, InterruptedException {
    show.begin();
    try {
      boolean screen = stdio.inIsTerminal() && stdio.outIsTerminal();
      if (!settings.script().isEmpty()) {
        playScript();
      } else if (!screen || !DemoScreen.run(this, stdio)) {
        printLines();
      }
    } finally {
      requestStop();
      show.end();
    }
  }

  private void printLines() throws InterruptedException {
    String lastLine = "";
    do {
      nodes.noteDeaths();
      sayEvents();
      String line = show.line();
      if (!line.equals(lastLine)) {
        say(line);
      }
      lastLine = line;
    } while (!stopping.await(1, TimeUnit.SECONDS));
  }

  /** How things stand is said before each key and at the end. */
  private void playScript() throws InterruptedException {
    for (DemoScript.Step step : settings.script()) {
      sayEventsFor(step.waitMillis());
      if (isStopping()) {
        return;
      }
      say(show.line());
      if (step.hasKey()) {
        press(step.key());
      }
    }
  }

  private void sayEventsFor(long millis) throws InterruptedException {
    long untilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    do {
      nodes.noteDeaths();
      sayEvents();
    } while (System.nanoTime() < untilNanos
        && !stopping.await(EVENTS_MILLIS, TimeUnit.MILLISECONDS));
  }

  private void sayEvents() {
    long total = events.total();
    events.since(eventsSaid).forEach(this::say);
    eventsSaid = total;
  }

  /** What to show now. For one thread, the one that shows it. */
  List<String> frame(int width, int height) {
    nodes.noteDeaths();
    return show.frame(width, height);
  }

  /** Does what the key stands for, if anything. */
  void press(int key) {
    switch (key) {
      case 'q' -> requestStop();
      case 't' -> showsTries = !showsTries;
      case 'r' -> {
        showsTries = false;
        nodes.restart();
      }
      default -> showsTries &= !show.press(key);
    }
  }

  private void sayGoodbye() {
    say("");
    show.verdict().forEach(this::say);
    say("The nodes are stopped. Their data is in " + settings.directory());
    String again = settings.command();
    say("Again with this data:  " + again + "         empty:  " + again + " --fresh");
    say("Read next:  README.md");
  }

  @Override
  public DemoNodes nodes() {
    return nodes;
  }

  @Override
  public Events events() {
    return events;
  }

  @Override
  public Path directory() {
    return settings.directory();
  }

  @Override
  public boolean showsTries() {
    return showsTries;
  }

  @Override
  public long upSeconds() {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos);
  }
}
