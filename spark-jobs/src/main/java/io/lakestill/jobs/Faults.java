package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Collects what must be corrected before a run, so that a person sees all of it at once. */
final class Faults {
  private final List<LakestillException> found = new ArrayList<>();

  /** Runs a check; a bad recipe (exit 2) or bad input (exit 3) is kept, all else is thrown. */
  <T> Optional<T> gather(Supplier<T> check) {
    try {
      return Optional.of(check.get());
    } catch (LakestillException e) {
      if (e.exitCode() != ExitCode.BAD_RECIPE && e.exitCode() != ExitCode.BAD_INPUT) {
        throw e;
      }
      if (found.stream().noneMatch(fault -> fault.getMessage().equals(e.getMessage()))) {
        found.add(e);
      }
      return Optional.empty();
    }
  }

  /** The same for a check that gives nothing. */
  void gather(Runnable check) {
    gather(
        () -> {
          check.run();
          return true;
        });
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  /**
   * @throws LakestillException (exit 2) when the recipe or the cluster is among the faults, (exit
   *     3) when only the input is
   */
  void throwIfAny() {
    if (found.size() == 1) {
      throw found.get(0);
    }
    if (found.size() > 1) {
      String message =
          "%d faults; nothing was run:%n  - %s"
              .formatted(
                  found.size(),
                  String.join(
                      "\n  - ", found.stream().map(LakestillException::getMessage).toList()));
      throw found.stream().anyMatch(fault -> fault.exitCode() == ExitCode.BAD_RECIPE)
          ? Errors.badRecipe(message)
          : Errors.badInput(message);
    }
  }
}
