package io.lakestill.bigdl;

import io.lakestill.error.LakestillException;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.RowMemory;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.Epoch;
import io.lakestill.train.PackedRow;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.LocalSparkCluster;

/**
 * The driver of {@link TwoExecutorsTest}, in a process of its own: a standalone cluster of two
 * executors with one core each, and a training on it. Its arguments are a folder, into which go
 * states, the memory and, once all is well, the file {@code done}; the epochs; the step at which an
 * executor is killed, 0 for none; and how often the training may go on after that.
 */
final class ClusterTraining {
  private ClusterTraining() {}

  private record Killer(int fatalStep) implements TrainingProgress {
    @Override
    public void step(Step step) {
      if (step.step() == fatalStep) {
        ForkedDriver.killExecutor();
      }
    }

    @Override
    public void epoch(Epoch epoch) {}

    @Override
    public void notice(String message) {
      System.err.println("told: " + message);
    }
  }

  /** Of so many executors with one core each. */
  static SparkConf configuration(int executors) {
    return new SparkConf()
        .setAppName("executors in processes")
        .set("spark.ui.enabled", "false")
        .set("spark.driver.host", "127.0.0.1")
        .set("spark.driver.bindAddress", "127.0.0.1")
        .set("spark.executor.cores", "1")
        .set("spark.cores.max", String.valueOf(executors))
        .set("spark.executor.memory", "1g")
        .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .set("spark.scheduler.minRegisteredResourcesRatio", "1.0")
        .set("spark.shuffle.reduceLocality.enabled", "false")
        .set("spark.speculation", "false");
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int fatalStep = Integer.parseInt(arguments[2]);
    // Executors that die have their rows on the disk.
    RowMemory rows = fatalStep > 0 ? new RowMemory.Size(0) : new RowMemory.Share(0.4);
    TrainSettings settings =
        Blobs.settings(
            Integer.parseInt(arguments[1]),
            16,
            Blobs.adam(0.02),
            Blobs.loop(Integer.parseInt(arguments[3]), rows));
    TrainingProgress progress = new Killer(fatalStep);
    SparkConf configuration = configuration(2).set("spark.task.maxFailures", "1");
    LocalSparkCluster cluster = LocalSparkCluster.apply(2, 1, 1200, configuration);
    configuration.setMaster(cluster.start()[0]);
    int exit = 0;
    try (JavaSparkContext context = new JavaSparkContext(configuration)) {
      Files.writeString(folder.resolve("done"), train(context, folder, settings, progress));
    } catch (Exception e) {
      e.printStackTrace();
      exit = e instanceof LakestillException known ? known.exitCode().code() : 1;
    }
    // Spark leaves threads behind.
    Runtime.getRuntime().halt(exit);
  }

  private static String train(
      JavaSparkContext context, Path folder, TrainSettings settings, TrainingProgress progress) {
    WeightedTerms loss =
        Losses.of(
            "type = cross-entropy, weight = 1",
            "type = crd, weight = 0.2, projection-dim = 4, negatives = 20, temperature = 0.5");
    RowLayout targets = Pictures.targets(loss);
    StudentTrainer trainer =
        new StudentTrainer(
            Pictures.student(), loss, targets, settings, 3, ClusterShape.ofRunningSpark());
    CheckpointFolder checkpoint =
        new CheckpointFolder(
            new org.apache.hadoop.fs.Path(folder.resolve("checkpoint").toUri()),
            new Configuration());
    return trainer.train(
        context.parallelize(List.of(0, 1), 2).flatMap(block -> rows(60 + block, block, targets)),
        context.parallelize(List.of(0, 1), 2).flatMap(block -> rows(20, 2 + block, targets)),
        folder.resolve("events"),
        progress,
        Optional.of(new Resumption(ResumeFolder.in(checkpoint), "the same")),
        (trained, memory) -> summary(trained, memory.store(checkpoint)));
  }

  private static Iterator<PackedRow> rows(int rows, long seed, RowLayout targets) {
    return new Pictures(rows, seed).rows(targets).iterator();
  }

  private static String summary(
      TrainedStudent trained, List<CheckpointManifest.ParameterFile> memory) {
    List<Epoch> epochs = trained.history().epochs();
    return "%d files, crd %f to %f"
        .formatted(
            memory.size(),
            epochs.get(0).trainingTerms().get("crd"),
            epochs.get(epochs.size() - 1).trainingTerms().get("crd"));
  }
}
