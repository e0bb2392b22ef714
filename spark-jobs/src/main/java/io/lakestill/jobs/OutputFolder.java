package io.lakestill.jobs;

import io.lakestill.recipe.ModelRole;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * The folder a recipe writes below, on any Hadoop file system.
 *
 * @param root the recipe's {@code output}
 */
public record OutputFolder(Path root) {
  /** Below it lies the signal table of every teacher. */
  static final String SIGNALS = "signals";

  /**
   * The folder with its file system spelled out, so that executors mean the same one.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when it is no path or its file system is
   *     not known, (exit 75) when that does not answer
   */
  static OutputFolder of(String output, SparkSession spark) {
    try {
      Path path = new Path(output);
      FileSystem files = path.getFileSystem(spark.sessionState().newHadoopConf());
      return new OutputFolder(files.makeQualified(path));
    } catch (IOException e) {
      throw StorageFaults.worded("Output '%s' cannot be used".formatted(output), e);
    } catch (RuntimeException e) {
      throw StorageFaults.worded("Output '%s' cannot be used".formatted(output), e);
    }
  }

  /** The signal table of a teacher. */
  public Path signals(String teacherId) {
    return new Path(root, SIGNALS + "/" + teacherId);
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

  /** Where a model leaves what it makes. */
  ModelFolders model(ModelRole role, int seed, int firstSeed) {
    return new ModelFolders(
        checkpoint(role, seed), tensorBoard(role, seed), bundle(role, seed, firstSeed));
  }

  /** The same for one of several teachers, whose bundle is {@code teachers/<id>/}. */
  ModelFolders teacher(String id, int seed) {
    String name = "teachers/" + id;
    return new ModelFolders(
        new Path(root, "checkpoints/" + name + "/seed=" + seed),
        new Path(root, "tensorboard/" + name + "/seed=" + seed),
        new Path(root, name));
  }

  public Path scorecard() {
    return new Path(root, "scorecard.json");
  }

  public Path scorecardPage() {
    return new Path(root, "scorecard.html");
  }

  /**
   * The JSON summary of the last command: {@code run.json} when it ran every stage, whatever it was
   * called by, {@code <command>.json} otherwise. Of some dates it bears their names, as in {@code
   * teach-dt=2026-11-03.json}, since such runs may be many at once.
   */
  Path summary(String command, Set<Stage> stages, DateSelection dates) {
    boolean everything = stages.containsAll(EnumSet.allOf(Stage.class));
    String name = everything ? "run" : command;
    return new Path(root, (dates.isAll() ? name : name + "-" + dates.fileName()) + ".json");
  }

  /** Which tables were found sound, so that a rerun need not read them all over. */
  Path checked() {
    return new Path(root, ".lakestill-checked");
  }
}
