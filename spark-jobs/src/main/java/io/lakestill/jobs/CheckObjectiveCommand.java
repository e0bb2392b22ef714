package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.golden.GoldenCase;
import io.lakestill.objective.golden.GoldenCheck;
import io.lakestill.objective.golden.GoldenFile;
import io.lakestill.objective.golden.GoldenOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code check-objective}. */
@Command(
    name = "check-objective",
    description = {
      "Evaluates objectives on files of reference cases: inputs, expected loss, gradients, state.",
      "An objective of your own on the class path is checked like a built-in."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer =
        "  bin/lakestill check-objective" + " core/src/test/resources/golden/objectives/kd_kl.json")
final class CheckObjectiveCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files of reference cases (JSON).")
  private List<Path> files = new ArrayList<>();

  @Override
  public Integer call() {
    GoldenCheck check = new GoldenCheck(new Objectives());
    long passed = 0;
    long failed = 0;
    for (Path file : files) {
      for (GoldenCase golden : GoldenFile.read(text(file), file.toString())) {
        GoldenOutcome outcome = check.run(golden);
        System.out.println(outcome.line());
        passed += outcome.passed() ? 1 : 0;
        failed += outcome.passed() ? 0 : 1;
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    return failed == 0 ? ExitCode.DONE.code() : ExitCode.INTERNAL.code();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw Errors.badInput("'%s' cannot be read: %s".formatted(file, e), e);
    }
  }
}
