package io.lakestill.error;

import java.util.List;
import java.util.stream.Stream;

/**
 * Where errors for people are worded, with {@link TrainingErrors} and {@link RowErrors}: what
 * happened, where, and what to do.
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
        "%s: %s; check the address, the network and the room there is, and try again."
            .formatted(what, cause.getMessage() == null ? cause : cause.getMessage()),
        cause);
  }

  /** A file system that answers, but not as it should: full, or with a fault of its own. */
  public static LakestillException storage(String what, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("%s: %s; check that the file system answers and has room, and start again. What was"
                + " committed before is as it was.")
            .formatted(what, cause.getMessage() == null ? cause : cause.getMessage()),
        cause);
  }

  /**
   * Spark could not keep what it computes in between.
   *
   * @param what failed
   * @param folder where it keeps that
   * @param reason what the disk said
   */
  public static LakestillException scratchDisk(
      String what, String folder, String reason, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("%s: Spark cannot write to its scratch folder %s: %s; make room there, or name a larger"
                + " disk with --conf spark.local.dir=FOLDER (SPARK_LOCAL_DIRS of standalone workers,"
                + " yarn.nodemanager.local-dirs on YARN), and start again. What was committed before"
                + " is as it was.")
            .formatted(what, folder, reason),
        cause);
  }

  /**
   * The last step of a commit failed, and may have happened all the same.
   *
   * @param table the signal table
   * @param version the one that was to become current
   * @param pointer the file that names the current version
   */
  public static LakestillException commitUnknown(
      String table, int version, String pointer, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("It is not known whether version %d of signal table '%s' became the current one: '%s'"
                + " could not be replaced (%s). Readers see that version or the one before, whole."
                + " Check that the file system answers and has room, and start again: a run that"
                + " finds the work done does nothing.")
            .formatted(
                version, table, pointer, cause.getMessage() == null ? cause : cause.getMessage()),
        cause);
  }

  /**
   * Another run works on it.
   *
   * @param what an output folder, a date of a signal table
   * @param holder which run, where, since when
   * @param otherwise what to do instead of waiting, with a comma before it; or nothing
   */
  public static LakestillException held(String what, String holder, String otherwise) {
    return new LakestillException(
        ExitCode.HELD,
        "%s is held by %s; wait for it to end%s.".formatted(what, holder, otherwise),
        null);
  }

  /**
   * This run had it, and has it no more.
   *
   * @param what an output folder, a date of a signal table
   * @param why in the past tense, after its name
   */
  public static LakestillException leaseLost(String what, String why) {
    return new LakestillException(
        ExitCode.HELD,
        "%s %s; this run has changed nothing there since. Start again.".formatted(what, why),
        null);
  }

  /**
   * This process was told to end before it had it.
   *
   * @param what an output folder, a date of a signal table
   */
  public static LakestillException ending(String what) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        "%s was not taken, since this process was told to end. Start again.".formatted(what),
        null);
  }

  /** Another run was quicker, and another start finds what it did; the caller words all parts. */
  public static LakestillException overtaken(String message) {
    return new LakestillException(ExitCode.TRY_AGAIN, message, null);
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

  /** The first slices of a table were made at the same time, each with projectors of its own. */
  public static LakestillException otherProjectors(String table, int version) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("Another run has meanwhile committed version %d of signal table '%s' with projectors of"
                + " its own, and one table has one projector for each signal; nothing of this run was"
                + " kept. Start again: it will use those.")
            .formatted(version, table),
        null);
  }

  /**
   * A number that is not finite; one of the student or of a head that learns with it means that the
   * training diverged.
   */
  public static LakestillException notFinite(String input, int row, double value) {
    boolean student =
        Stream.of("student.", "weight.", "bias.").anyMatch(prefix -> input.startsWith(prefix));
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

  /** A condition of a term ({@code where}) that is neither true nor false. */
  public static LakestillException badCondition(String expression, int row, double value) {
    return badInput(
        ("where = \"%s\" is %s in row %d of the batch; one of its columns is null or not a number"
                + " there: write the condition so that it is true or false for every row.")
            .formatted(expression, value, row));
  }

  /** A row's weight in a term that is no weight. */
  public static LakestillException badRowWeight(String expression, int row, double value) {
    return badInput(
        ("The row weight \"%s\" is %s in row %d of the batch; a weight must be a number of at least"
                + " 0: write the expression so that it is one for every row.")
            .formatted(expression, value, row));
  }

  /** A label outside the label space. */
  public static LakestillException badLabel(int row, int label, int classes) {
    return badInput(
        "Label %d in row %d of the batch is not one of the %d classes (0 to %d); check data.label and data.classes."
            .formatted(label, row, classes, classes - 1));
  }

  /**
   * An objective whose inputs a training from tables does not have.
   *
   * @param inputs which of them
   * @param why they are missing and what to do
   */
  public static LakestillException notTrainable(String objective, String inputs, String why) {
    return badRecipe("%s needs %s: %s.".formatted(objective, inputs, why));
  }

  /** Executors died again and again. */
  public static LakestillException stopped(String what, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("%s was stopped: %s. What was committed before is as it was. Start again; if the"
                + " logs of the executors tell of memory, with more --executor-memory.")
            .formatted(what, String.valueOf(cause.getMessage()).lines().findFirst().orElse("")),
        cause);
  }

  /**
   * A task that ran out of memory.
   *
   * @param what its stage, and what it read where that is known
   */
  public static LakestillException outOfMemory(String what, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("%s ran out of memory. What was committed before is as it was. Start again with more"
                + " --executor-memory (--driver-memory in local mode) or fewer cores for each"
                + " executor; if a file is named, look for a row of many megabytes in it.")
            .formatted(what),
        cause);
  }

  /** The result was measured and kept, but gates of the recipe do not hold. */
  public static LakestillException gatesRefused(List<String> failed) {
    return new LakestillException(
        ExitCode.GATE_REFUSED,
        "%d gate%s of the recipe refused the result; the scorecard says by how much:%n  - %s"
            .formatted(failed.size(), failed.size() == 1 ? "" : "s", String.join("\n  - ", failed)),
        null);
  }

  /** Examples that a pass was to teach are in none of its files. */
  public static LakestillException lostRows(
      String teacher, long lost, long checked, String examples) {
    return new LakestillException(
        ExitCode.INTERNAL,
        ("The pass of teacher '%s' lost rows: of %d examples that were looked for in its files, %d"
                + " are neither among the signals nor in quarantine, such as %s. The signal table is"
                + " as it was. Was the table of examples changed meanwhile? Then run teach again; else"
                + " report it.")
            .formatted(teacher, checked, lost, examples),
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
