package io.trefoil.cli;

import io.trefoil.cli.demo.DemoCommand;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Option;

/** The command line's entry. Exit codes: 0 done, 1 failed, 2 bad usage. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.exit(execute(Stdio.ofProcess(), arguments));
  }

  /** Runs one command line and returns its exit code. */
  static int execute(Stdio stdio, String... arguments) {
    return execute(
        stdio,
        List.of(
            new CliCommand(stdio),
            new StatusCommand(stdio),
            new DatabaseCommand(stdio),
            new SwitchoverCommand(stdio),
            new RegionCommand(stdio),
            new DivergedCommand(stdio),
            new ConflictsCommand(stdio),
            new RepairCommand(stdio),
            new TailCommand(stdio),
            new DemoCommand(stdio)),
        arguments);
  }

  /**
   * Runs one command line with other commands than this module's.
   *
   * @param commands as picocli has them, each with a name
   * @return the exit code
   */
  public static int execute(Stdio stdio, List<?> commands, String... arguments) {
    int code = commandLine(stdio, commands).execute(arguments);
    stdio.out().flush();
    return code;
  }

  private static CommandLine commandLine(Stdio stdio, List<?> commands) {
    CommandLine line = new CommandLine(new Root());
    commands.forEach(line::addSubcommand);
    for (CommandLine command : line.getSubcommands().values()) {
      command.addMixin("help", new Help());
    }
    if (line.getSubcommands().get("cli") != null) {
      // What follows the first word is the server's: `set greeting -p` sets it to "-p".
      line.getSubcommands().get("cli").setStopAtPositional(true);
    }
    line.setExpandAtFiles(false);
    line.setOut(new PrintWriter(stdio.out(), true));
    line.setErr(new PrintWriter(stdio.err(), true));
    line.setParameterExceptionHandler(badUsage());
    line.setExecutionExceptionHandler(failure());
    return line;
  }

  private static IParameterExceptionHandler badUsage() {
    return (e, arguments) -> {
      CommandLine command = e.getCommandLine();
      command.getErr().println("trefoil: " + e.getMessage());
      command
          .getErr()
          .println("'" + command.getCommandSpec().qualifiedName() + " --help' explains it.");
      return CommandLine.ExitCode.USAGE;
    };
  }

  private static IExecutionExceptionHandler failure() {
    return (e, command, parsed) -> {
      if (!(e instanceof CommandFailed)) {
        throw e;
      }
      command.getErr().println("trefoil: " + e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    };
  }

  @Command(name = "trefoil")
  private static final class Root {
    // The launcher prints the help and the version; without a command there is nothing to do here.
    @Option(names = "--help", usageHelp = true, description = "Show this and stop.")
    boolean help;
  }

  /** Not the usual -h, which is the host here as in redis-cli. */
  private static final class Help {
    @Option(names = "--help", usageHelp = true, description = "Show this and stop.")
    boolean help;
  }
}
