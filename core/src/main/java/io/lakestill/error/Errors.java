package io.lakestill.error;

import java.util.List;

/**
 * The one place where errors for people are worded: what happened, where, and what to do.
 *
 * <p>Each method returns the exception so that the caller can write {@code throw Errors.x(...)}.
 */
public final class Errors {
  private Errors() {}

  /** The recipe or the command line is wrong; {@code message} lists every problem found. */
  public static LakestillException badRecipe(String message) {
    return new LakestillException(ExitCode.BAD_RECIPE, message, null);
  }

  /**
   * @param path as it was given
   * @param places where it was looked for
   */
  public static LakestillException noRecipe(String path, List<String> places, Throwable cause) {
    return new LakestillException(
        ExitCode.BAD_RECIPE,
        "No recipe at '%s' (looked for %s); give --recipe the path of a HOCON file."
            .formatted(path, String.join(" and ", places)),
        cause);
  }

  /** A file or folder that exists or could, but not for this user or not at this place. */
  public static LakestillException noAccess(String what, Throwable cause) {
    return new LakestillException(
        ExitCode.BAD_RECIPE,
        "%s: %s; correct the path, or give this user the rights it needs there."
            .formatted(what, cause.getMessage() == null ? cause : cause.getMessage()),
        cause);
  }

  /** A file system that does not answer. */
  public static LakestillException unreachable(String what, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        "%s: %s; check the address and the network, and try again."
            .formatted(what, cause.getMessage() == null ? cause : cause.getMessage()),
        cause);
  }

  /**
   * Another run works in the output folder.
   *
   * @param holder which run, where, since when
   */
  public static LakestillException held(String output, String holder) {
    return new LakestillException(
        ExitCode.HELD,
        "Output '%s' is held by %s; wait for it to end, or give another --output."
            .formatted(output, holder),
        null);
  }

  /** The input breaks its contract; the caller words all three parts. */
  public static LakestillException badInput(String message) {
    return new LakestillException(ExitCode.BAD_INPUT, message, null);
  }

  public static LakestillException badInput(String message, Throwable cause) {
    return new LakestillException(ExitCode.BAD_INPUT, message, cause);
  }

  /** Two passes over a table saw different rows; another start may meet it at rest. */
  public static LakestillException tableChanged(String path) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        "Table '%s' changed while it was read; nothing of it was kept. Start again."
            .formatted(path),
        null);
  }

  /** A number that is not finite; a student's own means that its training diverged. */
  public static LakestillException notFinite(String input, int row, double value) {
    boolean student = input.startsWith("student.");
    return new LakestillException(
        student ? ExitCode.DIVERGED : ExitCode.BAD_INPUT,
        "'%s' is %s in row %d of the batch; %s."
            .formatted(
                input,
                value,
                row,
                student
                    ? "the training diverged: lower the learning rate or a term's weight"
                    : "check that input, and write the signals again if a teacher made it"),
        null);
  }

  /** A label outside the label space. */
  public static LakestillException badLabel(int row, int label, int classes) {
    return badInput(
        "Label %d in row %d of the batch is not one of the %d classes (0 to %d); check data.label and data.classes."
            .formatted(label, row, classes, classes - 1));
  }

  /** The executors' memory is too small for the packed training rows. */
  public static LakestillException rowsDoNotFit(int missing, int partitions, long rows) {
    return badRecipe(
        ("%d of %d blocks of packed rows (%d rows) do not fit into the executors' storage memory;"
                + " give --executor-memory (--driver-memory in local mode) more, or use more"
                + " executors.")
            .formatted(missing, partitions, rows));
  }

  /** The loss of a training is no longer a number. */
  public static LakestillException diverged(int epoch, int step, double loss) {
    return new LakestillException(
        ExitCode.DIVERGED,
        ("The training diverged in epoch %d, step %d: the loss is %s. Nothing was kept; lower"
                + " train.optimizer.learning-rate or a term's weight, or check the scale of the"
                + " features.")
            .formatted(epoch, step, loss),
        null);
  }

  /** The result was measured and kept, but gates of the recipe do not hold. */
  public static LakestillException gatesRefused(List<String> failed) {
    return new LakestillException(
        ExitCode.GATE_REFUSED,
        "%d gate%s of the recipe refused the result; the scorecard says by how much:%n  - %s"
            .formatted(failed.size(), failed.size() == 1 ? "" : "s", String.join("\n  - ", failed)),
        null);
  }

  /** The exported model computes other logits than the engine that trained it. */
  public static LakestillException exportDisagrees(
      String model, int row, int classIndex, float trained, float exported, double tolerance) {
    return new LakestillException(
        ExitCode.INTERNAL,
        ("The exported model '%s' disagrees with the model that was trained: in row %d logit %d is"
                + " %s instead of %s, more than the tolerance of %s apart. Nothing was exported;"
                + " report it with the recipe, or raise export.tolerance if the logits are large.")
            .formatted(model, row, classIndex, exported, trained, tolerance),
        null);
  }
}
