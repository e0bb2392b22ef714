package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.HeadLayout;
import io.lakestill.train.LossParameters;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadColumnsTest {
  private static final WeightedTerms LOSS =
      Losses.of(
          "type = cross-entropy, weight = 0.5",
          "type = fitnet-hint, weight = 0.7",
          "type = fitnet-hint, weight = 0.2, projector = linear");

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  /** A training graph on some rows, beside the criterion's own view of them. */
  private static final class Case {
    final StudentGraph graph = Pictures.student();
    final RowLayout targets = Pictures.targets(LOSS);
    final RowLayout outputs = RowLayout.outputs(LOSS.requires(), graph);
    final Parameters initial = Parameters.initial(graph, 3);
    final BatchLayout layout;
    final BigDlGraph training;
    final AbstractModule<Activity, Activity, Float> module;
    final ObjectiveCriterion criterion;
    final LossInputs inputs;
    final Tensor<Float> input;
    final PackedTarget truth;

    Case(int rows) {
      layout = BatchLayout.of(LOSS, outputs, targets, rows, rows);
      training =
          BigDlGraph.training(
              graph, outputs, layout.parameters(), initial, 3, TrainingEngine.ARRAYS);
      module = training.module();
      module.training();
      inputs = new LossInputs(layout, new EpochPlan(rows, rows, 1), 3, rows);
      criterion = new ObjectiveCriterion(LOSS, inputs, new TermLosses(3));
      PackedRows packed = new Pictures(rows, 8).packed(targets);
      float[] features = new float[rows * packed.featureWidth()];
      float[] values = new float[rows * targets.width()];
      for (int row = 0; row < rows; row++) {
        packed.copy(row, 0, features, values, row);
      }
      input = Floats.tensor(features, rows, 1, Pictures.SIDE, Pictures.SIDE);
      truth = new PackedTarget(Floats.tensor(values, rows, targets.width()), RowOrigin.VALIDATION);
    }

    double loss() {
      return criterion.forward(module.forward(input), truth);
    }
  }

  @ParameterizedTest(name = "{0} rows")
  @ValueSource(ints = {1, 2, 3, 7, 26, 40})
  void headsRideBesideTheOutputsOfAnyNumberOfRows(int rows) {
    Case made = new Case(rows);
    HeadLayout heads = made.layout.heads();
    assertThat(heads.size()).isEqualTo(2 * 6 + 2 + 7 * 6 + 7);

    Tensor<Float> flat = made.module.forward(made.input).toTensor(Floats.numeric());

    assertThat(flat.size()).containsExactly(rows, made.layout.columns(rows));
    float[] values = Floats.values(flat);
    float[] vector = heads.initial(3);
    int columns = LossParameters.columns(heads.size(), rows);
    for (int i = 0; i < rows * columns; i++) {
      int at = i / columns * flat.size(2) + made.outputs.width() + i % columns;
      assertThat(values[at]).as("value %d", i).isEqualTo(i < vector.length ? vector[i] : 0f);
    }
    Tensor<Float> plain =
        BigDlGraph.training(made.graph, made.outputs, made.initial, 3)
            .module()
            .forward(made.input)
            .toTensor(Floats.numeric());
    float[] outputs = Floats.values(plain);
    for (int row = 0; row < rows; row++) {
      int from = row * flat.size(2);
      assertThat(Arrays.copyOfRange(values, from, from + made.outputs.width()))
          .isEqualTo(
              Arrays.copyOfRange(
                  outputs, row * made.outputs.width(), (row + 1) * made.outputs.width()));
    }
  }

  @ParameterizedTest(name = "{0} rows")
  @ValueSource(ints = {1, 3, 8, 60})
  void gradientsThroughTheGraphMatchFiniteDifferences(int rows) {
    Case made = new Case(rows);
    Tensor<Float> weights = made.module.getParameters()._1();
    Tensor<Float> gradient = made.module.getParameters()._2();
    made.module.zeroGradParameters();
    made.loss();
    made.module.backward(made.input, made.criterion.backward(made.module.output(), made.truth));

    float[] analytic = Floats.values(gradient);
    float[] values = Floats.array(weights);
    double[] quotients = new double[analytic.length];
    double largest = 0;
    for (int i = 0; i < analytic.length; i++) {
      int at = Floats.offset(weights) + i;
      float kept = values[at];
      values[at] = kept + 5e-4f;
      double above = made.loss();
      values[at] = kept - 5e-4f;
      double below = made.loss();
      values[at] = kept;
      quotients[i] = (above - below) / 1e-3;
      largest = Math.max(largest, Math.abs(quotients[i]));
    }
    for (int i = 0; i < analytic.length; i++) {
      assertThat((double) analytic[i])
          .as("weight %d of %d", i, analytic.length)
          .isCloseTo(quotients[i], within(1e-2 * largest));
    }
  }

  @Test
  void headsGetTheObjectivesOwnGradient() {
    Case made = new Case(8);
    made.module.getParameters();
    made.module.zeroGradParameters();
    made.loss();
    made.module.backward(made.input, made.criterion.backward(made.module.output(), made.truth));
    HeadLayout heads = made.layout.heads();
    float[] all = Floats.values(made.module.getParameters()._2());
    // The layer is the graph's last one, so its weights are the last ones.
    float[] through = Arrays.copyOfRange(all, all.length - heads.size(), all.length);

    Batch batch = batch(made);
    Gradients own = Gradients.of(batch, LOSS.requires().differentiable());
    LOSS.evaluate(batch, own);

    heads
        .tensors(through)
        .forEach(
            (name, tensor) -> assertThat(tensor.values()).as(name).isEqualTo(own.of(name).data()));
    assertThat(own.of("weight.projector/1").data()).doesNotContain(0f);
  }

  /** The same inputs by hand: a plain graph's outputs, the targets, the first heads. */
  private static Batch batch(Case made) {
    int rows = made.input.size(1);
    Tensor<Float> plain =
        BigDlGraph.training(made.graph, made.outputs, made.initial, 3)
            .module()
            .forward(made.input)
            .toTensor(Floats.numeric());
    Batch.Builder builder = Batch.of(rows);
    put(builder, made.outputs, Floats.values(plain), rows);
    float[] targets = Floats.values(made.truth.values());
    put(builder, made.targets, targets, rows);
    int[] labels = new int[rows];
    for (int row = 0; row < rows; row++) {
      labels[row] = (int) targets[row * made.targets.width()];
    }
    HeadLayout heads = made.layout.heads();
    heads
        .tensors(heads.initial(3))
        .forEach(
            (name, tensor) ->
                builder.tensor(
                    name,
                    new io.lakestill.objective.Tensor(
                        tensor.shape().stream().mapToInt(Integer::intValue).toArray(),
                        tensor.values())));
    return builder.labels(labels).build();
  }

  private static void put(Batch.Builder builder, RowLayout layout, float[] flat, int rows) {
    for (RowLayout.Slot slot : layout.slots()) {
      if (slot.name().equals("labels")) {
        continue;
      }
      int[] shape = new int[slot.shape().size() + 1];
      shape[0] = rows;
      for (int axis = 1; axis < shape.length; axis++) {
        shape[axis] = slot.shape().get(axis - 1);
      }
      float[] values = new float[rows * slot.width()];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(
            flat, row * layout.width() + slot.offset(), values, row * slot.width(), slot.width());
      }
      builder.tensor(slot.name(), new io.lakestill.objective.Tensor(shape, values));
    }
  }

  @Test
  void headsAreNoPartOfTheStudent() {
    Case made = new Case(8);
    made.module.getParameters();

    Parameters student = made.training.parameters(made.initial);

    assertThat(student).isEqualTo(made.initial);
    Set<String> names = new HashSet<>(student.names());
    assertThat(names)
        .isEqualTo(
            Set.of(
                "conv1.weight",
                "conv1.bias",
                "conv2.weight",
                "conv2.bias",
                "classes.weight",
                "classes.bias"));
    assertThat(made.training.heads()).isEqualTo(made.layout.heads().initial(3));
    assertThat(made.graph.outputs().keySet()).isEqualTo(Set.of("logits", "embedding", "map_relu2"));
  }

  @Test
  void aLossWithoutHeadsHasTheGraphItAlwaysHad() {
    StudentGraph graph = Pictures.student();
    RowLayout outputs = RowLayout.outputs(Blobs.crossEntropy().requires(), graph);
    BigDlGraph plain = BigDlGraph.training(graph, outputs, Parameters.initial(graph, 1), 1);

    assertThat(plain.module().toString()).doesNotContain("HeadColumns");
    assertThat(plain.heads()).isEmpty();
  }
}
