package io.lakestill.bigdl;

import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.MixSettings;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.Epoch;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.LocalSparkCluster;

/**
 * The driver of {@link MixedClusterTest}, in a process of its own: a student that learns next to
 * nothing from mixed rows on two executors. Its argument is a folder, into which goes the file
 * {@code done} with the loss of every step.
 */
final class ClusterMixing {
  static final int BATCH = 16;
  static final int SEED = 5;
  static final MixSettings MIX = new MixSettings(MixSettings.Type.MIXUP, 1, 1);
  static final RowLayout TARGETS = Blobs.targets(Blobs.distillation(), 3);
  static final StudentGraph STUDENT =
      new StudentGraph(
          Shape.flat(6),
          List.of(new Linear("linear", Layer.INPUT, 3, true)),
          Map.of(StudentGraph.LOGITS, "linear"));

  private ClusterMixing() {}

  /** So slow that no weight changes: the losses of all steps are those of the first weights. */
  private static TrainSettings settings() {
    LoopSettings plain = Blobs.loop();
    LoopSettings mixed =
        new LoopSettings(
            plain.engine(),
            plain.exchange(),
            plain.accumulate(),
            plain.localSteps(),
            plain.restarts(),
            plain.checkpoint(),
            plain.clip(),
            plain.average(),
            plain.patience(),
            plain.memory(),
            MIX);
    OptimizerSettings still =
        new OptimizerSettings(OptimizerSettings.Type.SGD, 1e-30, 0, 0, RateSchedule.CONSTANT);
    return Blobs.settings(3, BATCH, still, mixed);
  }

  /** A node's rows: 40 to learn from, or 8 others to validate with. */
  static List<PackedRow> rows(int node, int count) {
    return new Blobs(count, 6, 3, 100L * count + node).packed(TARGETS);
  }

  private record Losses(List<Double> steps) implements TrainingProgress {
    @Override
    public void step(Step step) {
      steps.add(step.loss());
    }

    @Override
    public void epoch(Epoch epoch) {}
  }

  private static JavaRDD<PackedRow> table(JavaSparkContext context, int count) {
    return context.parallelize(List.of(0, 1), 2).flatMap(node -> rows(node, count).iterator());
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    SparkConf configuration = ClusterTraining.configuration(2).set("spark.task.maxFailures", "1");
    LocalSparkCluster cluster = LocalSparkCluster.apply(2, 1, 1200, configuration);
    configuration.setMaster(cluster.start()[0]);
    int exit = 0;
    try (JavaSparkContext context = new JavaSparkContext(configuration)) {
      Losses losses = new Losses(new ArrayList<>());
      new StudentTrainer(
              STUDENT,
              Blobs.distillation(),
              TARGETS,
              settings(),
              SEED,
              ClusterShape.ofRunningSpark())
          .train(table(context, 40), table(context, 8), folder.resolve("events"), losses);
      Files.writeString(
          folder.resolve("done"),
          losses.steps().stream().map(String::valueOf).collect(Collectors.joining("\n")));
    } catch (Exception e) {
      e.printStackTrace();
      exit = 1;
    }
    // Spark leaves threads behind.
    Runtime.getRuntime().halt(exit);
  }
}
