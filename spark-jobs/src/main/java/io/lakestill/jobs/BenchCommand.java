package io.lakestill.jobs;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code bench}: measurements anyone can repeat. */
@Command(
    name = "bench",
    description = "Measures a stage on this machine.",
    subcommands = {BenchStudentCommand.class, BenchTeachCommand.class},
    synopsisSubcommandLabel = "STAGE",
    mixinStandardHelpOptions = true)
final class BenchCommand implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Name a stage: student or teach.");
  }
}
