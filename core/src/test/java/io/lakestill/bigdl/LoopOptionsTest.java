package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of the loop on a linear model, whose steps can be compared. */
class LoopOptionsTest {
  private static final int WIDTH = 6;
  private static final int CLASSES = 4;
  private static final StudentGraph LINEAR =
      new StudentGraph(
          Shape.flat(WIDTH),
          List.of(new Linear("classes", Layer.INPUT, CLASSES, true)),
          Map.of("logits", "classes"));

  @TempDir Path folder;

  private TrainedStudent train(int cores, int epochs, OptimizerSettings optimizer, LoopSettings l) {
    LocalSpark.cluster();
    Engine$.MODULE$.setNodeAndCore(1, cores);
    WeightedTerms loss = Blobs.crossEntropy();
    RowLayout targets = Blobs.targets(loss, CLASSES);
    return new StudentTrainer(
            LINEAR,
            loss,
            targets,
            Blobs.settings(epochs, 32, optimizer, l),
            3,
            new ClusterShape(1, cores))
        .train(
            new Blobs(64, WIDTH, CLASSES, 1).block(targets),
            new Blobs(40, WIDTH, CLASSES, 2).block(targets),
            folder.resolve("events-" + System.nanoTime()),
            TrainingProgress.silent());
  }

  @AfterEach
  void restoreEngine() {
    Engine$.MODULE$.setNodeAndCore(1, LocalSpark.cluster().coresPerNode());
  }

  private static OptimizerSettings sgd(double rate) {
    return new OptimizerSettings(OptimizerSettings.Type.SGD, rate, 0, 0, RateSchedule.CONSTANT);
  }

  private static LoopSettings loop(
      int accumulate, int localSteps, double clip, double average, int patience) {
    LoopSettings plain = Blobs.loop();
    return new LoopSettings(
        plain.engine(),
        plain.exchange(),
        accumulate,
        localSteps,
        0,
        plain.checkpoint(),
        clip,
        average,
        patience,
        plain.memory(),
        plain.mix());
  }

  private static float[] weights(TrainedStudent student) {
    return student.parameters().values("classes.weight");
  }

  private static float[] initial() {
    return Parameters.initial(LINEAR, 3).values("classes.weight");
  }

  @Test
  void accumulatedPartsAreTheWholeBatch() {
    float[] whole = weights(train(1, 3, sgd(0.5), Blobs.loop()));

    assertThat(weights(train(1, 3, sgd(0.5), loop(4, 1, 0, 0, 0))))
        .containsExactly(whole, offset(1e-5f));
    assertThat(weights(train(2, 3, sgd(0.5), loop(4, 1, 0, 0, 0))))
        .containsExactly(whole, offset(1e-5f));
  }

  @Test
  void refusesPartsThatABatchCannotBeDividedInto() {
    assertThatThrownBy(() -> train(2, 1, sgd(0.5), loop(5, 1, 0, 0, 0)))
        .hasMessageContaining("train.accumulate = 5")
        .hasMessageContaining("multiple of 10");
  }

  /** On one node there is nobody to drift from. */
  @Test
  void localStepsOfOneNodeAreItsSteps() {
    assertThat(weights(train(2, 3, sgd(0.5), loop(1, 3, 0, 0, 0))))
        .isEqualTo(weights(train(2, 3, sgd(0.5), Blobs.loop())));
  }

  @Test
  void aClippedStepIsOfTheNormThatTheRecipeSays() {
    TrainedStudent clipped = train(2, 1, sgd(1), loop(1, 1, 0.01, 0, 0));

    double squares = 0;
    for (String name : List.of("classes.weight", "classes.bias")) {
      float[] before = Parameters.initial(LINEAR, 3).values(name);
      float[] after = clipped.parameters().values(name);
      for (int i = 0; i < before.length; i++) {
        squares += Math.pow(after[i] - before[i], 2);
      }
    }
    // Two steps that hardly turn, each of 0.01.
    assertThat(Math.sqrt(squares)).isBetween(0.015, 0.0201);
  }

  @Test
  void whatIsKeptIsTheMovingAverage() {
    float[] first = weights(train(1, 1, sgd(0.5), loop(1, 1, 0, 0.75, 0)));

    // The same two steps, one by one.
    float[] after = weights(train(1, 1, sgd(0.5), Blobs.loop()));
    float[] start = initial();
    for (int i = 0; i < start.length; i++) {
      // Between the start and the end, nearer to the start: 1 - 0.75^2 at most of the way.
      float low = Math.min(start[i], after[i]) - 1e-2f;
      float high = Math.max(start[i], after[i]) + 1e-2f;
      assertThat(first[i]).isBetween(low, high);
    }
    assertThat(distance(first, start)).isLessThan(0.5 * distance(after, start));
  }

  private static double distance(float[] a, float[] b) {
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += Math.pow(a[i] - b[i], 2);
    }
    return Math.sqrt(squares);
  }

  @Test
  void endsWhenNoEpochGetsBetter() {
    // So small a rate changes no prediction: the first epoch stays the best by a tie.
    TrainedStudent trained = train(1, 50, sgd(1e-12), loop(1, 1, 0, 0, 4));

    assertThat(trained.history().epochs()).hasSizeBetween(5, 12);
  }
}
