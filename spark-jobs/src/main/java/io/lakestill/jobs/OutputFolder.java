package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.ModelRole;
import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * The folder a recipe writes below, on any Hadoop file system.
 *
 * @param root the recipe's {@code output}
 */
public record OutputFolder(Path root) {

  /** The folder with its file system spelled out, so that executors mean the same one. */
  static OutputFolder of(String output, SparkSession spark) {
    Path path = new Path(output);
    try {
      FileSystem files = path.getFileSystem(spark.sessionState().newHadoopConf());
      return new OutputFolder(files.makeQualified(path));
    } catch (IOException e) {
      throw Errors.badRecipe("output '%s' cannot be used: %s".formatted(output, e.getMessage()));
    }
  }

  /** The signal table of a teacher. */
  public Path signals(String teacherId) {
    return new Path(root, "signals/" + teacherId);
  }

  /** What a training leaves: the best epoch's weights and its history. */
  public Path checkpoint(ModelRole role, int seed) {
    return new Path(root, "checkpoints/" + role.written() + "/seed=" + seed);
  }

  /** TensorBoard event files of a training. */
  public Path tensorBoard(ModelRole role, int seed) {
    return new Path(root, "tensorboard/" + role.written() + "/seed=" + seed);
  }

  /**
   * The bundle of a role: {@code teacher/}, {@code student/}, {@code scratch/} for the recipe's
   * first seed, a folder below {@code seeds/} for the others.
   */
  public Path bundle(ModelRole role, int seed, int firstSeed) {
    return seed == firstSeed
        ? new Path(root, role.written())
        : new Path(root, "seeds/seed=" + seed + "/" + role.written());
  }

  public Path scorecard() {
    return new Path(root, "scorecard.json");
  }

  public Path scorecardPage() {
    return new Path(root, "scorecard.html");
  }

  /** The JSON summary of the last run of a command. */
  public Path summary(String command) {
    return new Path(root, command + ".json");
  }
}
