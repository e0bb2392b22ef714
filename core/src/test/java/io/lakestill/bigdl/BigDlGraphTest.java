package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.nn.Container;
import com.intel.analytics.bigdl.dllib.nn.Module$;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.export.ReferenceForward;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.student.Add;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.RandomGraphs;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.RowLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.collection.JavaConverters;

class BigDlGraphTest {
  private static final int ROWS = 3;

  @TempDir Path folder;

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void givesWhatTheLayersMean(long seed) {
    StudentGraph graph = RandomGraphs.draw(seed);
    Parameters parameters = RandomGraphs.parameters(graph, seed);
    float[] features = features(graph, seed);

    float[] flat = packed(graph, parameters, features);

    RowLayout layout = everyOutput(graph);
    for (int row = 0; row < ROWS; row++) {
      Map<String, double[]> expected =
          ReferenceForward.run(graph, parameters, example(features, graph.input().width(), row));
      for (RowLayout.Slot slot : layout.slots()) {
        double[] values = expected.get(slot.name().substring("student.".length()));
        for (int i = 0; i < values.length; i++) {
          assertThat((double) flat[row * layout.width() + slot.offset() + i])
              .as("%s[%d] of row %d, seed %d", slot.name(), i, row, seed)
              .isCloseTo(values[i], within(1e-4 * Math.max(1, Math.abs(values[i]))));
        }
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void parametersComeBackBitByBit(long seed) {
    StudentGraph graph = RandomGraphs.draw(seed);
    Parameters parameters = RandomGraphs.parameters(graph, seed);

    BigDlGraph training = BigDlGraph.training(graph, everyOutput(graph), parameters, 1);
    // BigDL moves all weights into one storage when a training starts.
    training.module().getParameters();

    assertThat(training.parameters(Parameters.initial(graph, 1))).isEqualTo(parameters);
  }

  @Test
  void keepsTheNumbersOfLayersThatTheTrainingLeavesOut() {
    StudentGraph graph =
        new StudentGraph(
            Shape.flat(4),
            List.of(
                new Linear("hidden", Layer.INPUT, 5, true),
                new Linear("side", "hidden", 2, true),
                new Linear("classes", "hidden", 3, true)),
            Map.of("logits", "classes", "embedding", "side"));
    Parameters parameters = RandomGraphs.parameters(graph, 1);
    RowLayout logitsOnly = RowLayout.outputs(Requirements.of("student.logits"), graph);

    BigDlGraph training = BigDlGraph.training(graph, logitsOnly, parameters, 1);

    assertThat(training.parameters(parameters)).isEqualTo(parameters);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void plainBigDlLoadsTheSavedFile(long seed) {
    StudentGraph graph = RandomGraphs.draw(seed);
    Parameters parameters = RandomGraphs.parameters(graph, seed);
    float[] features = features(graph, seed);
    Path file = folder.resolve("student.bigdl");

    new BigDlStudent(graph, parameters).save(file);

    AbstractModule<Activity, Activity, Float> loaded =
        Module$.MODULE$.loadModule(file.toString(), null, Floats.tag(), Floats.numeric());
    assertThat(classes(loaded)).allMatch(name -> name.startsWith("com.intel.analytics.bigdl."));
    loaded.evaluate();
    Activity output = loaded.forward(Floats.tensor(features, shape(graph)));
    Tensor<Float> logits =
        graph.outputs().size() == 1
            ? output.toTensor(Floats.numeric())
            : output.toTable().<Tensor<Float>>apply(1);
    assertThat(Floats.values(logits))
        .isEqualTo(new BigDlStudent(graph, parameters).logits(features, ROWS));
  }

  private static TreeSet<String> classes(AbstractModule<?, ?, Float> module) {
    TreeSet<String> names = new TreeSet<>();
    names.add(module.getClass().getName());
    if (module instanceof Container<?, ?, Float> container) {
      JavaConverters.seqAsJavaList(container.modules())
          .forEach(part -> names.addAll(classes(part)));
    }
    return names;
  }

  /** Half the squared distance of embeddings: a term on a second output. */
  private static final class EmbeddingDistance implements Objective {
    private static final long serialVersionUID = 1L;

    @Override
    public Requirements requires() {
      return Requirements.of("student.embedding", "teacher.embedding");
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      float[] student = batch.tensor("student.embedding").data();
      float[] teacher = batch.tensor("teacher.embedding").data();
      float[] gradient = gradients.of("student.embedding").data();
      double loss = 0;
      for (int i = 0; i < student.length; i++) {
        double difference = student[i] - teacher[i];
        loss += difference * difference / 2;
        gradient[i] += (float) difference;
      }
      return loss;
    }
  }

  @Test
  void gradientOfThePackedGraphMatchesFiniteDifferences() {
    StudentGraph graph =
        new StudentGraph(
            Shape.image(2, 6, 6),
            List.of(
                new Convolution("conv1", Layer.INPUT, 3, 3, 1, 1, true),
                new BatchNormalisation("norm", "conv1", 1e-5, 0.1),
                new Relu("relu1", "norm"),
                new Convolution("conv2", "relu1", 3, 3, 1, 1, false),
                new Add("sum", "conv2", "relu1"),
                new GlobalAveragePooling("pool", "sum"),
                new Linear("classes", "pool", 4, true)),
            Map.of("logits", "classes", "embedding", "pool"));
    WeightedTerms loss =
        new WeightedTerms(
            List.of(
                new WeightedTerms.Term("cross-entropy", 0.3, new CrossEntropy()),
                new WeightedTerms.Term("kd-kl", 0.5, new KdKl(3)),
                new WeightedTerms.Term("distance", 0.7, new EmbeddingDistance())));
    RowLayout outputs = RowLayout.outputs(loss.requires(), graph);
    RowLayout targets =
        RowLayout.targets(loss.requires(), Map.of("logits", List.of(4), "embedding", List.of(3)));
    Random random = new Random(11);
    float[] target = new float[ROWS * targets.width()];
    for (int i = 0; i < target.length; i++) {
      target[i] = i % targets.width() == 0 ? random.nextInt(4) : (float) random.nextGaussian();
    }
    Tensor<Float> input = Floats.tensor(features(graph, 5), shape(graph));
    PackedTarget truth =
        new PackedTarget(Floats.tensor(target, ROWS, targets.width()), RowOrigin.VALIDATION);
    BatchLayout layout = BatchLayout.of(loss, outputs, targets, ROWS, ROWS);
    LossInputs inputs = new LossInputs(layout, new EpochPlan(ROWS, ROWS, 1), 1, ROWS);
    ObjectiveCriterion criterion = new ObjectiveCriterion(loss, inputs, new TermLosses(3));
    AbstractModule<Activity, Activity, Float> module =
        BigDlGraph.training(graph, outputs, RandomGraphs.parameters(graph, 7), 1).module();
    module.training();
    Tensor<Float> weights = module.getParameters()._1();
    Tensor<Float> gradient = module.getParameters()._2();
    module.zeroGradParameters();

    Activity output = module.forward(input);
    criterion.forward(output, truth);
    module.backward(input, criterion.backward(output, truth));

    float[] analytic = Floats.values(gradient);
    float[] values = Floats.array(weights);
    double largest = 0;
    List<Double> quotients = new ArrayList<>();
    for (int i = 0; i < analytic.length; i++) {
      int at = Floats.offset(weights) + i;
      float kept = values[at];
      float step = 2e-3f;
      values[at] = kept + step;
      double above = criterion.forward(module.forward(input), truth);
      values[at] = kept - step;
      double below = criterion.forward(module.forward(input), truth);
      values[at] = kept;
      quotients.add((above - below) / (2 * step));
      largest = Math.max(largest, Math.abs(quotients.get(i)));
    }
    for (int i = 0; i < analytic.length; i++) {
      assertThat((double) analytic[i])
          .as("weight %d of %d", i, analytic.length)
          .isCloseTo(quotients.get(i), within(5e-3 * largest));
    }
  }

  private static RowLayout everyOutput(StudentGraph graph) {
    return RowLayout.outputs(
        Requirements.of(
            graph.outputs().keySet().stream()
                .map(output -> "student." + output)
                .toArray(String[]::new)),
        graph);
  }

  private static float[] packed(StudentGraph graph, Parameters parameters, float[] features) {
    AbstractModule<Activity, Activity, Float> module =
        BigDlGraph.training(graph, everyOutput(graph), parameters, 1).module();
    module.evaluate();
    return Floats.values(
        module.forward(Floats.tensor(features, shape(graph))).toTensor(Floats.numeric()));
  }

  private static int[] shape(StudentGraph graph) {
    List<Integer> shape = new ArrayList<>(List.of(ROWS));
    shape.addAll(graph.input().sizes());
    return shape.stream().mapToInt(Integer::intValue).toArray();
  }

  private static float[] features(StudentGraph graph, long seed) {
    Random random = new Random(seed);
    float[] features = new float[ROWS * graph.input().width()];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    return features;
  }

  private static double[] example(float[] features, int width, int row) {
    double[] example = new double[width];
    for (int i = 0; i < width; i++) {
      example[i] = features[row * width + i];
    }
    return example;
  }
}
