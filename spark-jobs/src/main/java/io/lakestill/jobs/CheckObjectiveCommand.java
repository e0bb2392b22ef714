package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
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
      "An objective of your own on the class path is checked like a built-in. A file that cannot"
          + " be",
      "read counts as one failure."
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
      List<GoldenCase> cases = List.of();
      try {
        cases = GoldenFile.read(text(file), file.toString());
      } catch (RuntimeException e) { // Whatever a file holds, the others are checked.
        System.out.println("FAIL " + file + " " + reason(e));
        failed++;
      }
      for (GoldenCase golden : cases) {
        boolean sound = isSound(check, golden);
        passed += sound ? 1 : 0;
        failed += sound ? 0 : 1;
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    return failed == 0 ? ExitCode.DONE.code() : ExitCode.INTERNAL.code();
  }

  private static boolean isSound(GoldenCheck check, GoldenCase golden) {
    try {
      GoldenOutcome outcome = check.run(golden);
      System.out.println(outcome.line());
      return outcome.passed();
    } catch (RuntimeException e) { // An objective of the user's own may throw anything.
      System.out.println("FAIL %s %s %s".formatted(golden.objective(), golden.name(), reason(e)));
      return false;
    }
  }

  private static String reason(RuntimeException e) {
    return e instanceof LakestillException ? e.getMessage() : e.toString();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw Errors.badInput("'%s' cannot be read: %s".formatted(file, e), e);
    }
  }
}
