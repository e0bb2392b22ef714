package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Parameters;
import io.lakestill.student.RandomGraphs;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.HeadLayout;
import io.lakestill.train.LossParameters;
import io.lakestill.train.RowLayout;
import io.lakestill.train.UpdateRule;
import io.lakestill.train.UpdateStep;
import io.lakestill.train.WeightSegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All engines compute the same: outputs, gradients, running statistics, weights after steps. */
class EnginesTest {
  private static final long SEED = 20261122;
  private static final int ROWS = 5;
  private static final int STEPS = 6;

  /** A student in training on one engine. */
  private static final class Trained implements AutoCloseable {
    private final StudentGraph graph;
    private final Parameters initial;
    private final BigDlGraph built;
    private final AbstractModule<Activity, Activity, Float> module;
    private final float[] weights;
    private final float[] gradient;

    Trained(StudentGraph graph, TrainingEngine engine) {
      this.graph = graph;
      this.initial = RandomGraphs.parameters(graph, SEED);
      RowLayout outputs =
          RowLayout.outputs(
              Requirements.of(
                  graph.outputs().keySet().stream()
                      .map(output -> "student." + output)
                      .toArray(String[]::new)),
              graph);
      this.built = BigDlGraph.training(graph, outputs, LossParameters.NONE, initial, SEED, engine);
      this.module = built.module();
      this.weights = Floats.array(module.getParameters()._1());
      this.gradient = Floats.array(module.getParameters()._2());
      module.training();
    }

    float[] forward(int rows, long seed) {
      return Floats.values(module.forward(input(rows, seed)).toTensor(Floats.numeric()));
    }

    float[] evaluated(int rows, long seed) {
      module.evaluate();
      float[] output = forward(rows, seed);
      module.training();
      return output;
    }

    private Tensor<Float> input(int rows, long seed) {
      int[] shape = new int[graph.input().sizes().size() + 1];
      shape[0] = rows;
      for (int axis = 1; axis < shape.length; axis++) {
        shape[axis] = graph.input().sizes().get(axis - 1);
      }
      return Floats.tensor(LayerPair.normal(rows * graph.input().width(), seed), shape);
    }

    /** Adds the gradient of a random projection of the output. */
    float[] pass(int rows, long seed) {
      float[] output = forward(rows, seed);
      float[] direction = LayerPair.normal(output.length, seed + 1);
      module.backward(input(rows, seed), Floats.tensor(direction, rows, output.length / rows));
      return output;
    }

    double projection(int rows, long seed) {
      float[] output = forward(rows, seed);
      float[] direction = LayerPair.normal(output.length, seed + 1);
      double sum = 0;
      for (int i = 0; i < output.length; i++) {
        sum += (double) output[i] * direction[i];
      }
      return sum;
    }

    List<WeightSegment> segments() {
      return built.segments(new HeadLayout(List.of()));
    }

    /** By name: the order may differ between engines. */
    Map<String, float[]> gradients() {
      Map<String, float[]> all = new LinkedHashMap<>();
      for (WeightSegment segment : segments()) {
        all.put(segment.name(), Arrays.copyOfRange(gradient, segment.from(), segment.to()));
      }
      return all;
    }

    Map<String, float[]> parameters() {
      Map<String, float[]> all = new LinkedHashMap<>();
      built.parameters(initial).tensors().forEach((name, value) -> all.put(name, value.values()));
      return all;
    }

    void steps(int count) {
      UpdateRule rule =
          UpdateRule.of(
              new OptimizerSettings(
                  OptimizerSettings.Type.SGD, 1e-3, 0, 0.9, RateSchedule.CONSTANT),
              segments());
      float[][] state = new float[rule.stateArrays()][weights.length];
      for (int step = 1; step <= count; step++) {
        Arrays.fill(gradient, 0f);
        pass(ROWS, SEED + 10L * step);
        rule.update(weights, gradient, state, 0, weights.length, new UpdateStep(step, 1e-3, 1));
      }
    }

    @Override
    public void close() {
      built.release();
    }
  }

  static Stream<EngineCase> cases() {
    return Stream.concat(EngineCase.layers(), EngineCase.graphs());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void oneDnnAgreesWithOurLayersForwardAndBack(EngineCase each) {
    requireAgreement(each, TrainingEngine.ONEDNN, List.of(ROWS, ROWS, ROWS - 2));
  }

  /** BigDL's own convolution cannot train on fewer rows than before, but evaluate them. */
  @ParameterizedTest
  @MethodSource("cases")
  void bigDlAgreesWithOurLayersForwardAndBack(EngineCase each) {
    requireAgreement(each, TrainingEngine.BIGDL, List.of(ROWS, ROWS, ROWS));
  }

  /**
   * Several passes, so that gradients and statistics add up and buffers are used again, each
   * followed by an evaluation of fewer rows, as at the end of an epoch.
   */
  private static void requireAgreement(
      EngineCase each, TrainingEngine engine, List<Integer> passes) {
    try (Trained ours = new Trained(each.graph(), TrainingEngine.ARRAYS);
        Trained theirs = new Trained(each.graph(), engine)) {
      for (int pass = 0; pass < passes.size(); pass++) {
        int rows = passes.get(pass);
        long seed = SEED + 100 * pass;
        String what = each + ", " + engine + ", seed " + seed;
        same(what + ": output", ours.pass(rows, seed), theirs.pass(rows, seed));
        same(what + ": gradient by ", ours.gradients(), theirs.gradients());
        same(what + ": ", ours.parameters(), theirs.parameters());
        same(
            what + ": evaluated", ours.evaluated(rows - 1, seed), theirs.evaluated(rows - 1, seed));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void hasTheSameWeightsAfterSomeSteps(EngineCase each) {
    try (Trained ours = new Trained(each.graph(), TrainingEngine.ARRAYS);
        Trained oneDnn = new Trained(each.graph(), TrainingEngine.ONEDNN);
        Trained bigDl = new Trained(each.graph(), TrainingEngine.BIGDL)) {
      List.of(ours, oneDnn, bigDl).forEach(trained -> trained.steps(STEPS));

      same(each + ", oneDNN: ", ours.parameters(), oneDnn.parameters());
      same(each + ", BigDL: ", ours.parameters(), bigDl.parameters());
    }
  }

  static Stream<EngineCase> smooth() {
    return cases().filter(EngineCase::isSmooth);
  }

  @ParameterizedTest
  @MethodSource("smooth")
  void oneDnnHasTheDerivativesAsGradients(EngineCase each) {
    try (Trained trained = new Trained(each.graph(), TrainingEngine.ONEDNN)) {
      trained.pass(ROWS, SEED);
      float[] analytic = trained.gradient.clone();
      List<Double> quotients = new ArrayList<>();
      double largest = 0;
      int stride = Math.max(1, analytic.length / 150);
      for (int i = 0; i < analytic.length; i += stride) {
        float kept = trained.weights[i];
        trained.weights[i] = kept + 1e-2f;
        double above = trained.projection(ROWS, SEED);
        trained.weights[i] = kept - 1e-2f;
        double below = trained.projection(ROWS, SEED);
        trained.weights[i] = kept;
        quotients.add((above - below) / 2e-2);
        largest = Math.max(largest, Math.abs(quotients.get(quotients.size() - 1)));
      }
      for (int k = 0; k < quotients.size(); k++) {
        assertThat((double) analytic[k * stride])
            .as("%s: gradient by weight %d, seed %d", each, k * stride, SEED)
            .isCloseTo(quotients.get(k), Offset.offset(5e-3 * (1 + largest)));
      }
    }
  }

  private static void same(
      String what, Map<String, float[]> expected, Map<String, float[]> actual) {
    assertThat(actual.keySet()).as(what).isEqualTo(expected.keySet());
    expected.forEach((name, values) -> same(what + name, values, actual.get(name)));
  }

  /** Within 1e-4 of the largest value. */
  private static void same(String what, float[] expected, float[] actual) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    float largest = 1;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("%s [%d]", what, i)
          .isCloseTo(expected[i], Offset.offset(1e-4f * largest));
    }
  }
}
