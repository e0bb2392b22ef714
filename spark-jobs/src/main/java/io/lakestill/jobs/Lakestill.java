package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/**
 * The one main class. Each command ends with one JSON line on standard output and an {@link
 * ExitCode}. In client mode a failure ends the JVM with that code; in cluster mode, where a
 * resource manager takes any {@code System.exit} for a failure, it is thrown.
 */
@Command(
    name = "lakestill",
    description = "Distils a large model into a small one where the data lives.",
    subcommands = {
      QuickstartCommand.class,
      PlanCommand.class,
      RunCommand.class,
      TeachCommand.class,
      TrainCommand.class,
      ExportCommand.class,
      EvaluateCommand.class,
      PromoteCommand.class,
      CatalogueCommand.class,
      LineageCommand.class,
      PredictCommand.class,
      InspectCommand.class,
      CompareCommand.class,
      AuditCommand.class,
      VerifyCommand.class,
      CompactCommand.class,
      GcCommand.class,
      InspectTeacherCommand.class,
      CheckObjectiveCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      HelpCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, or already done",
      "1:a fault of Lakestill or of the machine",
      "2:bad recipe or usage; nothing was run",
      "3:the input breaks its contract",
      "4:the training diverged",
      "5:another run holds the output",
      "6:a gate refused the result",
      "75:a passing fault; try again"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill quickstart",
      "  bin/lakestill run --recipe conf/recipes/fashion-mnist.conf \\",
      "      --set data.train=/lake/train.parquet --set data.test=/lake/test.parquet \\",
      "      --set teacher.onnx=/models/teacher.onnx --output out/fashion",
      "  bin/lakestill predict --bundle out/fashion/student --input /lake/new.parquet --to"
          + " out/scored"
    })
public final class Lakestill implements Runnable {
  private static final String ELSEWHERE = "its standard error says why";

  /** Why the command failed; one process runs one. */
  private static volatile String cause = ELSEWHERE;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  public static void main(String[] args) {
    int code = execute(args);
    if (code == ExitCode.DONE.code()) {
      return;
    }
    if ("cluster".equals(System.getProperty("spark.submit.deployMode"))) {
      throw ended(code);
    }
    System.exit(code);
  }

  /**
   * What a resource manager shows as the reason of a failure, and where {@code bin/lakestill} finds
   * the exit code; a stack would hide both.
   */
  static IllegalStateException ended(int code) {
    IllegalStateException end =
        new IllegalStateException("lakestill ended with exit code %d: %s".formatted(code, cause));
    end.setStackTrace(new StackTraceElement[0]);
    return end;
  }

  /** Runs one command line and gives its exit code. */
  static int execute(String... args) {
    cause = ELSEWHERE;
    Optional<LakestillException> secret = GivenSecrets.refusal(args);
    if (secret.isPresent()) {
      RunSummary summary = new RunSummary(args[0].contains(":") ? "lakestill" : args[0]);
      summary.failed(secret.get());
      return summary.finish();
    }
    return new CommandLine(new Lakestill())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Lakestill::failed)
        .execute(args);
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Name a command.");
  }

  /** Prints the JSON summary that ends a command. */
  static int finish(ObjectNode summary, ExitCode exitCode) {
    System.out.println(Json.line(summary));
    return exitCode.code();
  }

  /** The last line on standard error is the cause: it is what a scheduler's log shows. */
  static int finish(ObjectNode summary, Failure failure) {
    cause = failure.message();
    System.out.println(Json.line(summary));
    System.err.println("lakestill " + summary.path("command").asText() + ": " + failure.message());
    return failure.exitCode().code();
  }

  private static int failed(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    RunSummary summary = new RunSummary(command.getCommandName());
    summary.failed(failure);
    return summary.finish();
  }
}
