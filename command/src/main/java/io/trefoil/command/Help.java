package io.trefoil.command;

import java.util.List;

/** The answer of a container's {@code HELP}. */
final class Help {
  static final String SUMMARY = "Show helpful text about the different subcommands";

  private Help() {}

  /**
   * A handler that answers with a text in Redis's layout.
   *
   * @param lines without head and foot
   */
  static Handler of(String container, String... lines) {
    List<String> text = List.of(lines);
    return call -> {
      call.reply().array(text.size() + 3);
      call.reply().simple(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
      text.forEach(call.reply()::simple);
      call.reply().simple("HELP");
      call.reply().simple("    Prints this help.");
    };
  }
}
