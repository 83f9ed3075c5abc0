package io.trefoil.cli.demo;

import io.trefoil.cli.Stdio;
import java.io.IOException;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.NonBlockingReader;

/** The live view on a terminal: draws the frame a few times a second and obeys keys. */
final class DemoScreen {
  private static final String ENTER = "\u001b[?1049h\u001b[?25l\u001b[2J";
  private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String END_OF_LINE = "\u001b[K";
  private static final String BOLD = "\u001b[1m";
  private static final String ALARM = "\u001b[1;31m";
  private static final String REVERSE = "\u001b[7m";
  private static final String PLAIN = "\u001b[0m";
  private static final long REDRAW_MILLIS = 250;

  private final Demo demo;
  private final Terminal terminal;
  private final boolean colour;

  private DemoScreen(Demo demo, Terminal terminal, boolean colour) {
    this.demo = demo;
    this.terminal = terminal;
    this.colour = colour;
  }

  /** Shows the demo until it is stopped; false, at once, when the terminal cannot show it. */
  static boolean run(Demo demo, Stdio stdio) throws IOException {
    if (stdio.environment().getOrDefault("TERM", "dumb").equals("dumb")) {
      return false;
    }
    // Signals are the demo's: the terminal must not put back Java's handlers, which end everything.
    try (Terminal terminal =
        TerminalBuilder.builder().system(true).dumb(false).nativeSignals(false).build()) {
      Attributes before = terminal.enterRawMode();
      try {
        new DemoScreen(demo, terminal, stdio.colour()).loop();
      } finally {
        terminal.writer().print(PLAIN + LEAVE);
        terminal.flush();
        terminal.setAttributes(before);
      }
      return true;
    } catch (IllegalStateException e) {
      // JLine finds no way to steer this terminal.
      return false;
    }
  }

  private void loop() throws IOException {
    terminal.writer().print(ENTER);
    while (!demo.isStopping()) {
      draw();
      int key = terminal.reader().read(REDRAW_MILLIS);
      if (key != NonBlockingReader.READ_EXPIRED) {
        obey(key);
      }
    }
  }

  private void obey(int key) {
    switch (key) {
      // Ctrl-C and Ctrl-D where the terminal sends them as keys; the end of the input.
      case 3, 4, NonBlockingReader.EOF -> demo.requestStop();
      default -> demo.press(key);
    }
  }

  private void draw() {
    Size size = terminal.getSize();
    int width = size.getColumns() > 0 ? size.getColumns() : 80;
    int height = size.getRows() > 0 ? size.getRows() : 24;
    List<String> frame = demo.frame(width, height);
    StringBuilder out = new StringBuilder(HOME);
    for (int i = 0; i < frame.size(); i++) {
      boolean last = i == frame.size() - 1;
      out.append(style(frame.get(i), i == 0, last)).append(END_OF_LINE);
      // No line break after the last line: it would scroll the frame.
      out.append(last ? "" : "\r\n");
    }
    terminal.writer().print(out);
    terminal.flush();
  }

  private String style(String line, boolean first, boolean last) {
    if (!colour) {
      return line;
    } else if (first) {
      return BOLD + line + PLAIN;
    } else if (last) {
      return REVERSE + line + PLAIN;
    }
    boolean alarm = line.contains(" dead ") || line.endsWith("are LOST");
    return alarm ? ALARM + line + PLAIN : line;
  }
}
