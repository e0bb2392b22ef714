package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Given;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.LossParameters;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A loss that reads the weights of the student's last layer, and is differentiated by them. */
class BorrowedParametersTest {
  private static final String LABELS = "type = cross-entropy, weight = 0.5";
  private static final String GRADIENTS = "type = crcd-gradient-cosine, weight = 2";
  private static final String PROJECTED = GRADIENTS + ", projection = linear";
  private static final int TEACHER_WIDTH = 7;

  @TempDir Path folder;

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  @AfterEach
  void restoreEngine() {
    Engine$.MODULE$.setNodeAndCore(1, LocalSpark.cluster().coresPerNode());
  }

  /** The loss with a teacher's last layer, whose embedding has 7 values. */
  private static WeightedTerms loss(String... terms) {
    List<WeightedTerms.Term> given = new ArrayList<>();
    for (WeightedTerms.Term term : Losses.of(terms).terms()) {
      SplittableRandom random = new SplittableRandom(4);
      String number = "/" + given.size();
      given.add(
          new WeightedTerms.Term(
              term.name(),
              term.weight(),
              new Given(
                  term.objective(),
                  Map.of(
                      "weight.teacher_classifier" + number,
                      RandomBatch.normal(random, 1, Pictures.CLASSES, TEACHER_WIDTH),
                      "bias.teacher_classifier" + number,
                      RandomBatch.normal(random, 1, Pictures.CLASSES)))));
    }
    return new WeightedTerms(given);
  }

  /** Its embedding is as wide as the teacher's, and its last layer has no bias. */
  private static StudentGraph withoutBias() {
    return new StudentGraph(
        Shape.image(1, Pictures.SIDE, Pictures.SIDE),
        List.of(
            new Convolution("conv", Layer.INPUT, TEACHER_WIDTH, 3, 1, 1, true),
            new GlobalAveragePooling("pool", "conv"),
            new Linear("classes", "pool", Pictures.CLASSES, false)),
        Map.of("logits", "classes", "embedding", "pool"));
  }

  /** A training graph on some rows, with its criterion. */
  private static final class Case {
    final RowLayout targets;
    final BatchLayout layout;
    final BigDlGraph training;
    final AbstractModule<Activity, Activity, Float> module;
    final ObjectiveCriterion criterion;
    final Tensor<Float> input;
    final PackedTarget truth;

    Case(StudentGraph graph, WeightedTerms loss, int rows) {
      targets = Pictures.targets(loss);
      layout = BatchLayout.of(loss, graph, targets, rows, rows);
      training =
          BigDlGraph.training(
              graph,
              layout.outputs(),
              layout.parameters(),
              Parameters.initial(graph, 3),
              3,
              TrainingEngine.ARRAYS);
      module = training.module();
      module.training();
      LossInputs inputs = new LossInputs(layout, new EpochPlan(rows, rows, 1), 3, rows);
      criterion = new ObjectiveCriterion(loss, inputs, new TermLosses(loss.terms().size()));
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

    void backward() {
      loss();
      module.backward(input, criterion.backward(module.output(), truth));
    }

    /** The gradient of the whole graph after one step from zero. */
    float[] gradient() {
      module.getParameters();
      module.zeroGradParameters();
      backward();
      return Floats.values(module.getParameters()._2());
    }
  }

  @ParameterizedTest(name = "{0} rows")
  @ValueSource(ints = {1, 3, 8, 60})
  void gradientsThroughTheGraphMatchFiniteDifferences(int rows) {
    assertGradientMatches(
        new Case(
            Pictures.student(), loss(LABELS, "type = fitnet-hint, weight = 0.7", PROJECTED), rows));
  }

  @Test
  void aLossWithoutHeadsAndALayerWithoutBiasDoAsWell() {
    Case made = new Case(withoutBias(), loss(LABELS, GRADIENTS), 8);
    assertThat(made.layout.parameters().parts())
        .containsExactly(
            new LossParameters.Part(
                "weight.student_classifier/1", List.of(Pictures.CLASSES, TEACHER_WIDTH)));
    assertThat(made.training.heads()).isEmpty();
    assertGradientMatches(made);
  }

  private static void assertGradientMatches(Case made) {
    float[] analytic = made.gradient();
    Tensor<Float> weights = made.module.getParameters()._1();
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
  void theLayersOwnGradientAndTheLossesAreAdded() {
    StudentGraph graph = withoutBias();
    float[] both = new Case(graph, loss(LABELS, GRADIENTS), 8).gradient();
    float[] labels = new Case(graph, loss(LABELS), 8).gradient();
    float[] relation = new Case(graph, loss(GRADIENTS), 8).gradient();

    float[] sum = new float[both.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = labels[i] + relation[i];
    }
    assertThat(both).containsExactly(sum, offset(1e-5f));
    int layer = Pictures.CLASSES * TEACHER_WIDTH;
    assertThat(Arrays.copyOfRange(relation, relation.length - layer, relation.length))
        .doesNotContain(0f);
  }

  @Test
  void gradientsOfSeveralStepsAddUpUntilTheyAreZeroed() {
    Case made = new Case(Pictures.student(), loss(LABELS, PROJECTED), 8);
    float[] once = made.gradient();
    made.backward();
    float[] twice = Floats.values(made.module.getParameters()._2());
    for (int i = 0; i < once.length; i++) {
      once[i] *= 2;
    }
    assertThat(twice).containsExactly(once, offset(1e-5f));
  }

  @Test
  void aReplicaReadsTheLayerOfItsOwn() {
    Case made = new Case(Pictures.student(), loss(LABELS, PROJECTED), 3);
    made.module.getParameters();
    AbstractModule<Activity, Activity, Float> replica = made.module.cloneModule();
    Tensor<Float> all = replica.getParameters()._1();
    Arrays.fill(Floats.array(all), 9f);

    float[] own = ridden(made, made.module);
    float[] copied = ridden(made, replica);

    float[] classes =
        made.training
            .parameters(Parameters.initial(Pictures.student(), 3))
            .values("classes.weight");
    int heads = made.layout.heads().size();
    assertThat(Arrays.copyOfRange(own, heads, heads + classes.length)).isEqualTo(classes);
    assertThat(Arrays.copyOf(copied, made.layout.parameters().size())).containsOnly(9f);
  }

  /** The values beside the outputs, row by row. */
  private static float[] ridden(Case made, AbstractModule<Activity, Activity, Float> module) {
    Tensor<Float> flat = module.forward(made.input).toTensor(Floats.numeric());
    float[] values = Floats.values(flat);
    int columns = made.layout.parameters().columns(3);
    float[] ridden = new float[3 * columns];
    for (int row = 0; row < 3; row++) {
      System.arraycopy(values, (row + 1) * flat.size(2) - columns, ridden, row * columns, columns);
    }
    return ridden;
  }

  @Test
  void whatIsBorrowedIsTrainedOnceAndIsNoHead() {
    StudentGraph graph = Pictures.student();
    Case made = new Case(graph, loss(LABELS, PROJECTED), 8);

    assertThat(made.module.getParameters()._1().nElement())
        .isEqualTo((int) graph.trainableParameters() + TEACHER_WIDTH * 6);
    assertThat(made.layout.heads().tensors(made.training.heads()))
        .containsOnlyKeys("weight.gradient_projection/1");
    assertThat(made.training.parameters(Parameters.initial(graph, 3)))
        .isEqualTo(Parameters.initial(graph, 3));
  }

  @Test
  void refusesAStudentWhoseLogitsAreNoLinearMapOfItsEmbedding() {
    List<Layer> layers = new ArrayList<>(withoutBias().layers());
    layers.set(2, new Dropout("drop", "pool", 0.5));
    layers.add(new Linear("classes", "drop", Pictures.CLASSES, true));
    StudentGraph dropped =
        new StudentGraph(
            Shape.image(1, Pictures.SIDE, Pictures.SIDE),
            layers,
            Map.of("logits", "classes", "embedding", "pool"));
    WeightedTerms loss = loss(LABELS, GRADIENTS);
    assertThatThrownBy(() -> BatchLayout.of(loss, dropped, Pictures.targets(loss), 4, 4))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessage(
            "The loss needs the weights of the student's last layer: the layer 'classes', which"
                + " gives the logits, reads 'drop', and 'embedding' is 'pool'; the layer it reads"
                + " must be that output.");
  }

  private TrainedStudent train(int cores, int rows, TrainSettings settings) {
    WeightedTerms loss = loss(LABELS, PROJECTED);
    RowLayout targets = Pictures.targets(loss);
    Engine$.MODULE$.setNodeAndCore(1, cores);
    return new StudentTrainer(
            Pictures.student(), loss, targets, settings, 3, new ClusterShape(1, cores))
        .train(
            new Pictures(rows, 1).block(targets),
            new Pictures(45, 2).block(targets),
            folder.resolve("events-" + System.nanoTime()),
            new Listener());
  }

  @ParameterizedTest(name = "{0} core(s)")
  @ValueSource(ints = {1, 2})
  void theLossFallsAndIsMeasuredOnValidationRows(int cores) {
    TrainedStudent trained = train(cores, 121, Blobs.settings(6, 16, Blobs.adam(0.02)));

    List<Epoch> epochs = trained.history().epochs();
    assertThat(epochs.get(5).trainingTerms().get("crcd-gradient-cosine"))
        .isLessThan(0.8 * epochs.get(0).trainingTerms().get("crcd-gradient-cosine"));
    assertThat(epochs.get(5).validationTerms()).containsKey("crcd-gradient-cosine");
    assertThat(trained.heads()).containsOnlyKeys("weight.gradient_projection/1");
    assertThat(trained.parameters().names())
        .isEqualTo(Parameters.initial(Pictures.student(), 3).names());
  }

  /** A row's {@code g} is divided by the rows of its worker, which the cosine does not see. */
  @Test
  void aStepOnTwoCoresIsTheStepOnOne() {
    TrainSettings settings =
        Blobs.settings(
            1,
            16,
            new OptimizerSettings(OptimizerSettings.Type.SGD, 0.5, 0, 0, RateSchedule.CONSTANT));
    TrainedStudent one = train(1, 16, settings);
    TrainedStudent two = train(2, 16, settings);

    Parameters initial = Parameters.initial(Pictures.student(), 3);
    for (String name : initial.names()) {
      assertThat(two.parameters().values(name))
          .as(name)
          .containsExactly(one.parameters().values(name), offset(1e-4f));
      assertThat(one.parameters().values(name)).as(name).isNotEqualTo(initial.values(name));
    }
    assertThat(two.heads().get("weight.gradient_projection/1").values())
        .containsExactly(one.heads().get("weight.gradient_projection/1").values(), offset(1e-4f));
  }

  @Test
  void twoCoresGiveTheSameBitsAgain() {
    TrainSettings settings = Blobs.settings(2, 16, Blobs.adam(0.02));
    TrainedStudent first = train(2, 121, settings);
    TrainedStudent second = train(2, 121, settings);

    assertThat(second.parameters()).isEqualTo(first.parameters());
    assertThat(second.heads()).isEqualTo(first.heads());
  }
}
