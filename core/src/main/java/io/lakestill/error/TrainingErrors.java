package io.lakestill.error;

import java.time.Duration;
import java.util.Optional;

/** What ends a training, or keeps it from beginning. */
public final class TrainingErrors {
  private TrainingErrors() {}

  /**
   * What a loss remembers is not what the step before left behind.
   *
   * @param worker whose memory it is
   * @param step the last step that changed it, 0 before the first
   * @param due the step that was to change it
   */
  public static LakestillException memoryLost(int worker, int step, int due) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("The banks and queues of worker %d are those of step %d where step %d is due: an executor"
                + " was lost or ran out of memory, or a task ran twice, and to go on would be to"
                + " train on another memory without a word. Nothing was kept; start again.")
            .formatted(worker, step, due),
        null);
  }

  /**
   * What a loss remembers was lost after the last step.
   *
   * @param worker whose memory it is
   * @param step the last step that changed it, 0 before the first
   * @param due the training's last step
   */
  public static LakestillException memoryNotThere(int worker, int step, int due) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("the banks and queues of worker %d are those of step %d where step %d is due; its executor"
                + " was lost or ran out of memory")
            .formatted(worker, step, due),
        null);
  }

  /** What a loss remembers went with the executors that had it, after the last step. */
  public static LakestillException memoryGone(Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        "the banks and queues of the loss are gone with the executor that had them",
        cause);
  }

  /**
   * Executors of a training, or what they had, were lost more often than the recipe bears.
   *
   * @param restarts how often it went on from a checkpoint
   * @param kept where the last checkpoint is; empty when there is none
   */
  public static LakestillException executorLost(
      int restarts, Optional<String> kept, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("An executor was lost or ran out of memory during the training, or its exchange with the"
                + " others failed (%s); train.restarts = %d. %s; start again, with more"
                + " --executor-memory if its log tells of memory.")
            .formatted(
                String.valueOf(cause.getMessage()).lines().findFirst().orElse(""),
                restarts,
                kept.map(where -> "The same command goes on from the checkpoint " + where)
                    .orElse("Nothing was kept")),
        cause);
  }

  /**
   * The Spark application ended under its driver: somebody, or the cluster's manager, ended it.
   *
   * @param when such as {@code stage teach ran}
   * @param kept where a training's last checkpoint is; empty when there is none
   */
  public static LakestillException sparkStopped(
      String when, Optional<String> kept, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("Spark was stopped while %s: somebody, or the cluster's manager, ended the application."
                + " What was committed before is as it was, and the same command goes on from %s.")
            .formatted(when, kept.map(where -> "the checkpoint " + where).orElse("there")),
        cause);
  }

  /** The cluster did not start the executors that a run asks for. */
  public static LakestillException executorsMissing(
      String wanted, int present, Duration waited, String key) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("The run needs %s, and %s came within %d s. Either others hold the cluster's cores and"
                + " memory now, and it can be tried again, or no machine has room for an executor:"
                + " ask for fewer or smaller ones (--num-executors or --total-executor-cores,"
                + " --executor-cores, --executor-memory). --conf %s=10min waits longer.")
            .formatted(wanted, present == 0 ? "none" : "only " + present, waited.toSeconds(), key),
        null);
  }

  /** Banks and queues that no executor could hold. */
  public static LakestillException memoryDoesNotFit(long bytes, long limit) {
    return Errors.badRecipe(
        ("The banks and queues of the loss hold %d MiB on each executor, which has %d MiB in all;"
                + " lower projection-dim or queue-size, or give --executor-memory (--driver-memory"
                + " in local mode) more.")
            .formatted(bytes >> 20, limit >> 20));
  }

  /**
   * The loss of a training is no longer a number.
   *
   * @param kept where the last finite checkpoint is; empty when there is none
   */
  public static LakestillException diverged(
      int epoch, int step, double loss, Optional<String> kept) {
    return diverged("the loss is " + loss, epoch, step, kept);
  }

  /** The weights of a training are no longer numbers. */
  public static LakestillException weightsDiverged(int epoch, int step, Optional<String> kept) {
    return diverged("weights are no longer finite", epoch, step, kept);
  }

  private static LakestillException diverged(
      String what, int epoch, int step, Optional<String> kept) {
    return new LakestillException(
        ExitCode.DIVERGED,
        ("The training diverged in epoch %d, step %d: %s. %s; lower train.optimizer.learning-rate"
                + " or a term's weight, or check the scale of the features.")
            .formatted(
                epoch,
                step,
                what,
                kept.map(where -> "The last finite checkpoint is the one " + where)
                    .orElse("Nothing was kept")),
        null);
  }
}
