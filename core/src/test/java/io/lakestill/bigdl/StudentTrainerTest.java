package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.BestBy;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Dropout;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Relu;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudentTrainerTest {
  private static final int WIDTH = 6;
  private static final int CLASSES = 4;

  @TempDir Path folder;

  private static StudentGraph perceptron() {
    return graph(new Relu("relu", "hidden"));
  }

  private static StudentGraph normalised() {
    return graph(new BatchNormalisation("norm", "hidden", 1e-5, 0.1), new Relu("relu", "norm"));
  }

  private static StudentGraph graph(Layer... middle) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Linear("hidden", Layer.INPUT, 16, true));
    layers.addAll(List.of(middle));
    layers.add(new Linear("classes", "relu", CLASSES, true));
    return new StudentGraph(Shape.flat(WIDTH), layers, Map.of("logits", "classes"));
  }

  private TrainedStudent train(
      StudentGraph graph, WeightedTerms loss, OptimizerSettings optimizer, int epochs) {
    return train(graph, loss, optimizer, epochs, TrainingProgress.silent());
  }

  private TrainedStudent train(
      StudentGraph graph,
      WeightedTerms loss,
      OptimizerSettings optimizer,
      int epochs,
      TrainingProgress progress) {
    RowLayout targets = Blobs.targets(loss, CLASSES);
    StudentTrainer trainer =
        new StudentTrainer(
            graph, loss, targets, Blobs.settings(epochs, 32, optimizer), 3, LocalSpark.cluster());
    return trainer.train(
        new Blobs(500, WIDTH, CLASSES, 1).block(targets),
        validation().block(targets),
        folder.resolve("events-" + System.nanoTime()),
        progress);
  }

  private static Blobs validation() {
    return new Blobs(201, WIDTH, CLASSES, 2);
  }

  @Test
  void learnsWhatCanBeLearned() {
    TrainedStudent trained = train(perceptron(), Blobs.distillation(), Blobs.adam(0.01), 6);

    List<Epoch> epochs = trained.history().epochs();
    assertThat(epochs).hasSize(6);
    assertThat(epochs.get(5).trainingLoss()).isLessThan(0.5 * epochs.get(0).trainingLoss());
    assertThat(trained.history().best(BestBy.ACCURACY).validationAccuracy()).isGreaterThan(0.75);
    assertThat(epochs).allSatisfy(epoch -> assertThat(epoch.rowsPerSecond()).isPositive());
  }

  @Test
  void totalLossIsTheWeightedSumOfTheTerms() {
    TrainedStudent trained = train(perceptron(), Blobs.distillation(), Blobs.adam(0.01), 2);

    for (Epoch epoch : trained.history().epochs()) {
      assertThat(weighted(epoch.trainingTerms()))
          .isCloseTo(epoch.trainingLoss(), within(1e-5 * epoch.trainingLoss()));
      assertThat(weighted(epoch.validationTerms())).isCloseTo(epoch.validationLoss(), within(1e-9));
    }
  }

  private static double weighted(Map<String, Double> terms) {
    return 0.5 * terms.get("cross-entropy") + 0.5 * terms.get("kd-kl");
  }

  @Test
  void sameSeedGivesTheSameBits() {
    TrainedStudent first = train(perceptron(), Blobs.distillation(), Blobs.adam(0.01), 2);
    TrainedStudent second = train(perceptron(), Blobs.distillation(), Blobs.adam(0.01), 2);

    assertThat(second.parameters()).isEqualTo(first.parameters());
  }

  @Test
  void sameSeedGivesTheSameBitsWithDropout() {
    StudentGraph graph = graph(new Dropout("drop", "hidden", 0.3), new Relu("relu", "drop"));

    TrainedStudent first = train(graph, Blobs.crossEntropy(), Blobs.adam(0.01), 1);
    TrainedStudent second = train(graph, Blobs.crossEntropy(), Blobs.adam(0.01), 1);

    assertThat(second.parameters()).isEqualTo(first.parameters());
  }

  @Test
  void keepsTheWeightsOfTheBestEpoch() {
    // A rate this high makes accuracy go up and down, so that the last epoch is not the best one.
    TrainedStudent trained = train(perceptron(), Blobs.crossEntropy(), Blobs.adam(0.5), 12);

    Epoch best = trained.history().best(BestBy.ACCURACY);
    assertThat(best.number()).isLessThan(12);
    assertThat(accuracy(perceptron(), trained.parameters())).isEqualTo(best.validationAccuracy());
  }

  @Test
  void keepsRunningStatisticsWithTheWeights() {
    TrainedStudent trained = train(normalised(), Blobs.crossEntropy(), Blobs.adam(0.01), 5);

    Parameters initial = Parameters.initial(normalised(), 3);
    assertThat(trained.parameters().values("norm.mean")).isNotEqualTo(initial.values("norm.mean"));
    assertThat(trained.parameters().values("norm.variance"))
        .isNotEqualTo(initial.values("norm.variance"));
    // Each core validates with its own running statistics, the first core's are kept.
    assertThat(accuracy(normalised(), trained.parameters()))
        .isCloseTo(trained.history().best(BestBy.ACCURACY).validationAccuracy(), within(0.03));
  }

  private static double accuracy(StudentGraph graph, Parameters parameters) {
    List<PackedRow> rows = validation().packed(Blobs.targets(Blobs.crossEntropy(), CLASSES));
    float[] features = new float[rows.size() * WIDTH];
    for (int row = 0; row < rows.size(); row++) {
      System.arraycopy(rows.get(row).features(), 0, features, row * WIDTH, WIDTH);
    }
    Activity output =
        BigDlGraph.inference(graph, parameters)
            .module()
            .forward(Floats.tensor(features, rows.size(), WIDTH));
    float[] logits = Floats.values(output.toTensor(Floats.numeric()));
    int right = 0;
    for (int row = 0; row < rows.size(); row++) {
      int best = 0;
      for (int c = 1; c < CLASSES; c++) {
        best = logits[row * CLASSES + c] > logits[row * CLASSES + best] ? c : best;
      }
      right += best == (int) rows.get(row).targets()[0] ? 1 : 0;
    }
    return (double) right / rows.size();
  }

  @Test
  void stopsAtOnceWhenTheLossIsLost() {
    OptimizerSettings absurd =
        new OptimizerSettings(OptimizerSettings.Type.SGD, 1e30, 0, 0, RateSchedule.CONSTANT);

    assertThatThrownBy(() -> train(perceptron(), Blobs.crossEntropy(), absurd, 3))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("epoch 1, step ")
        .hasMessageContaining("learning-rate");
  }

  @Test
  void tellsEveryStepAndEveryEpoch() {
    List<TrainingProgress.Step> steps = new ArrayList<>();
    List<Epoch> epochs = new ArrayList<>();
    TrainingProgress listener =
        new TrainingProgress() {
          @Override
          public void step(Step step) {
            steps.add(step);
          }

          @Override
          public void epoch(Epoch epoch) {
            epochs.add(epoch);
          }
        };
    OptimizerSettings cosine =
        new OptimizerSettings(OptimizerSettings.Type.SGD, 0.1, 1e-4, 0.9, RateSchedule.COSINE);

    train(perceptron(), Blobs.crossEntropy(), cosine, 2, listener);

    assertThat(steps).extracting(TrainingProgress.Step::step).startsWith(1, 2).endsWith(31, 32);
    assertThat(steps).extracting(TrainingProgress.Step::epoch).contains(1, 2);
    assertThat(steps.get(0).learningRate()).isEqualTo(0.1);
    assertThat(steps.get(31).learningRate()).isLessThan(0.001);
    assertThat(epochs).extracting(Epoch::number).containsExactly(1, 2);
  }

  @Test
  void writesEventFilesForTensorBoard() throws Exception {
    train(perceptron(), Blobs.crossEntropy(), Blobs.adam(0.01), 1);

    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile).map(Path::toString))
          .anyMatch(file -> file.contains("/train/") && file.contains("tfevents"))
          .anyMatch(file -> file.contains("/validation/") && file.contains("tfevents"));
    }
  }

  @Test
  void refusesABatchLargerThanTheRows() {
    WeightedTerms loss = Blobs.crossEntropy();
    RowLayout targets = Blobs.targets(loss, CLASSES);
    StudentTrainer trainer =
        new StudentTrainer(
            perceptron(),
            loss,
            targets,
            Blobs.settings(1, 128, Blobs.adam(0.01)),
            3,
            LocalSpark.cluster());

    assertThatThrownBy(
            () ->
                trainer.train(
                    new Blobs(101, WIDTH, CLASSES, 1).block(targets),
                    validation().block(targets),
                    folder.resolve("events"),
                    TrainingProgress.silent()))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("only 101 training rows")
        .hasMessageContaining("at most 100");
  }

  @Test
  void refusesFewerRowsThanCoresWithoutNamingAnImpossibleBatch() {
    WeightedTerms loss = Blobs.crossEntropy();
    RowLayout targets = Blobs.targets(loss, CLASSES);
    StudentTrainer trainer =
        new StudentTrainer(
            perceptron(),
            loss,
            targets,
            Blobs.settings(1, 128, Blobs.adam(0.01)),
            3,
            LocalSpark.cluster());

    assertThatThrownBy(
            () ->
                trainer.train(
                    new Blobs(1, WIDTH, CLASSES, 1).block(targets),
                    validation().block(targets),
                    folder.resolve("events"),
                    TrainingProgress.silent()))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("only 1 training rows for 2 cores")
        .hasMessageContaining("fewer cores")
        .hasMessageNotContaining("batch of at most");
  }

  @Test
  void refusesBatchNormalisationOverOneRowPerCore() {
    WeightedTerms loss = Blobs.crossEntropy();
    assertThatThrownBy(
            () ->
                new StudentTrainer(
                    normalised(),
                    loss,
                    Blobs.targets(loss, CLASSES),
                    Blobs.settings(1, 2, Blobs.adam(0.01)),
                    3,
                    LocalSpark.cluster()))
        .hasMessageContaining("one row per core")
        .hasMessageContaining("at least 4");
  }
}
