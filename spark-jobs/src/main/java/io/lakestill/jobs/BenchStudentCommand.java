package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.StudentTrainer;
import io.lakestill.bigdl.TrainedStudent;
import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.report.Machine;
import io.lakestill.train.RowLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench student}. */
@Command(
    name = "student",
    description = {
      "Times the training of a student over made-up rows with the outputs of a teacher; the last"
          + " line is JSON.",
      "The optimizer is Adam. The first epoch warms up and is not counted, nor are validations."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill bench student",
      "  bin/lakestill bench student --architecture mlp --batch 1024 --rows 65536",
      "  bin/lakestill bench student --architecture resnet20 --rows 2048 --objective dkd",
      "  bin/lakestill --driver-memory 512m bench student --rows 400000 --memory 64m"
    })
final class BenchStudentCommand implements Callable<Integer> {
  @Option(
      names = "--architecture",
      paramLabel = "KIND",
      defaultValue = "cnn",
      description = "The student: ${COMPLETION-CANDIDATES} (cnn).")
  private StudentWork.Kind architecture;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "128",
      description = "Rows per step over all cores (128).")
  private int batch;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "8192",
      description = "How many rows to make up (8192).")
  private int rows;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "4",
      description = "Passes over the rows, the first one to warm up (4).")
  private int epochs;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = "arrays",
      description = "train.engine: ${COMPLETION-CANDIDATES} (arrays).")
  private TrainingEngine engine;

  @Option(
      names = "--objective",
      paramLabel = "TYPE",
      defaultValue = "kd-kl",
      description = "A term that asks for labels, logits or embeddings (kd-kl).")
  private String objective;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description =
          "Of the heap for rows, the rest of which lies on disk: train.memory (its default).")
  private Optional<String> memory = Optional.empty();

  @Override
  public Integer call() {
    if (batch < 1 || rows < batch || epochs < 2) {
      throw Errors.badRecipe(
          ("--batch must be at least 1, --rows at least --batch and --epochs at least 2; they are"
                  + " %d, %d and %d.")
              .formatted(batch, rows, epochs));
    }
    try {
      Path folder = Files.createTempDirectory("lakestill-bench");
      try {
        return bench(folder);
      } finally {
        FileUtil.fullyDelete(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot use the folder for temporary files", e);
    }
  }

  private int bench(Path folder) throws IOException {
    StudentWork work = new StudentWork(architecture, objective, engine, batch, epochs);
    Path recipe = Files.writeString(folder.resolve("bench.conf"), work.recipe());
    List<String> overrides = memory.map(size -> "train.memory=" + size).stream().toList();
    Blueprint.Training training =
        RecipeOptions.of(recipe.toString(), overrides, Optional.empty()).blueprint().student();
    RowLayout targets = work.targets(training.objectives());
    String name = architecture.name().toLowerCase(Locale.ROOT);
    Console console = Console.ofProcess();
    try (SparkSession spark = Sessions.open("bench student " + name)) {
      JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
      ClusterShape cluster = ClusterShape.ofRunningSpark();
      MemoryPeak peak = new MemoryPeak();
      SteadySteps steps = new SteadySteps(batch, console, peak);
      TrainedStudent trained =
          new StudentTrainer(
                  training.graph(),
                  training.objectives(),
                  targets,
                  training.settings(),
                  training.firstSeed(),
                  cluster)
              .train(
                  work.rows(context, targets, cluster.nodes(), rows),
                  work.rows(context, targets, cluster.nodes(), batch),
                  folder.resolve("events"),
                  steps);
      ObjectNode summary = Json.object();
      summary
          .put("command", "bench student")
          .put("architecture", name)
          .put("objective", objective)
          .put("batch", batch)
          .put("rows", rows);
      steps.into(summary);
      peak.into(
          summary,
          TrainingMemory.of(
              training,
              targets,
              cluster,
              TrainingMemory.Rows.ofEach(cluster, rows, batch, 1),
              ExecutorRoom.of(spark.sparkContext())));
      summary
          .put("engine", EnumText.of(trained.engine()))
          .put("cores", cluster.cores())
          .put("processor", Machine.here().processor());
      return Lakestill.finish(summary, ExitCode.DONE);
    }
  }
}
