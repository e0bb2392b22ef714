package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.train.Draws;
import io.lakestill.train.HeadLayout;
import io.lakestill.train.Shard;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every objective asks a training for, held against its reference cases. */
class EquipmentTest {
  /** A training from tables cannot give their inputs; each says which and why. */
  private static final Set<String> NOT_TRAINABLE =
      Set.of(
          "coopkd-counterfactual-target", "mhpflid-attention", "pinyin-mtl-frozen", "focal-gate");

  /** Memory that is empty before the first step. */
  private static final Set<String> GROWS = Set.of("distilcse-ckd", "selective-global-queue");

  /** Their support is the reference's; that of a recipe is "exactly one". */
  private static final Set<String> OTHER_SUPPORT =
      Set.of("sof-exactly-one-kl", "sof-exactly-one-fisher-rao", "wmc-loss");

  /** Options that take out what the backward pass holds constant and a difference does not. */
  private static final Map<String, Map<String, Double>> WITHOUT_CONSTANTS =
      Map.of(
          // Targets of these parts are the student's own.
          "clip-rd", Map.of("weight_vrd", 0.0, "weight_xrd", 0.0),
          // Anchors are means of the bank, which this step moves.
          "crckd-crp", Map.of("momentum", 1.0),
          // The plan is constant, which is its derivative only once it has converged.
          "wcord-lckt", Map.of("epsilon", 1.0, "iterations", 200.0));

  private static final Set<String> CONSTANT_TEACHER = Set.of("rrd", "crckd-crp");

  static Stream<GoldenCase> trainable() throws IOException, URISyntaxException {
    return TrainableCase.all().stream()
        .filter(golden -> !NOT_TRAINABLE.contains(golden.objective()))
        .filter(golden -> !needsSequences(golden));
  }

  private static boolean needsSequences(GoldenCase golden) {
    return golden.params().path("reduction").asText().equals("sequence_mean_of_sums");
  }

  static Stream<GoldenCase> firstOfEach() throws IOException, URISyntaxException {
    Set<String> met = new HashSet<>();
    return trainable().filter(golden -> met.add(golden.objective()));
  }

  @Test
  void everyObjectiveIsTrainedOrSaysWhyNot() throws IOException, URISyntaxException {
    Set<String> met = new TreeSet<>(NOT_TRAINABLE);
    firstOfEach().forEach(golden -> met.add(golden.objective()));
    Set<String> all = new TreeSet<>(new Objectives().names());
    all.remove("cross-entropy"); // Has no reference case and asks for nothing.
    assertThat(met).isEqualTo(all);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("trainable")
  void namesExactlyWhatIsRequired(GoldenCase golden) {
    TrainableCase trained = TrainableCase.of(golden, Map.of());
    Set<String> required = new TreeSet<>(trained.objective().requires().others());
    required.remove(Requirements.MASK);
    trained
        .objective()
        .classifiers()
        .forEach(last -> required.removeAll(List.of(last.weight(), last.bias())));
    assertThat(trained.objective().equip(trained.dimensions()).names())
        .containsExactlyInAnyOrderElementsOf(required);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("trainable")
  void shapesAreThoseOfTheReference(GoldenCase golden) {
    TrainableCase trained = TrainableCase.of(golden, Map.of());
    Equipment equipment = trained.objective().equip(trained.dimensions());
    for (Head head : equipment.heads()) {
      assertThat(head.shape())
          .as(head.name())
          .isEqualTo(TrainableCase.boxed(TrainableCase.shape(golden.batch(), head.name())));
    }
    for (Memory memory : equipment.memory()) {
      int from = GROWS.contains(golden.objective()) ? 1 : 0;
      List<Integer> shape = TrainableCase.boxed(TrainableCase.shape(golden.batch(), memory.name()));
      assertThat(memory.shape().subList(from, shape.size()))
          .as(memory.name())
          .isEqualTo(shape.subList(from, shape.size()));
    }
    if (!OTHER_SUPPORT.contains(golden.objective())) {
      Batch drawn = drawn(trained.objective(), trained.dimensions(), 6);
      for (Equipment.Draw draw : equipment.draws()) {
        if (golden.batch().has(draw.name())) {
          assertThat(TrainableCase.shape(drawn, draw.name()))
              .as(draw.name())
              .isEqualTo(TrainableCase.shape(golden.batch(), draw.name()));
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("firstOfEach")
  void firstValuesAreFiniteAndThoseOfTheSeed(GoldenCase golden) {
    TrainableCase trained = TrainableCase.of(golden, Map.of());
    Equipment equipment = trained.objective().equip(trained.dimensions());
    Map<InitialValues, Integer> drawn = new LinkedHashMap<>();
    equipment.heads().forEach(head -> drawn.put(head.initial(), HeadLayout.size(head)));
    for (Memory memory : equipment.memory()) {
      drawn.put(memory.initial(), memory.shape().stream().reduce(1, Math::multiplyExact));
    }
    drawn.forEach(
        (initial, size) -> {
          float[] values = initial.draw(size, 7);
          assertThat(values).hasSize(size).containsExactly(initial.draw(size, 7));
          for (float value : values) {
            assertThat(value).isFinite();
          }
          if (!(initial instanceof InitialValues.Constant)) {
            assertThat(values).isNotEqualTo(initial.draw(size, 8));
          }
        });
  }

  /** Nothing of the reference's numbers: values, heads, memory and indices as a training has. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("firstOfEach")
  void equippedObjectiveHasTheGradientOfItsLoss(GoldenCase golden) {
    Map<String, Double> options = WITHOUT_CONSTANTS.getOrDefault(golden.objective(), Map.of());
    TrainableCase trained = TrainableCase.of(golden, options);
    Objective objective = trained.objective();
    Batch batch = drawn(objective, trained.dimensions(), 6);
    Set<String> names = batch.present(objective.requires().differentiable());
    trained.objective().classifiers().stream()
        .filter(last -> !last.ofStudent())
        .forEach(last -> names.removeAll(List.of(last.weight(), last.bias())));
    // The first step sets what is frozen from then on, such as normalisers.
    assertThat(objective.evaluate(batch, Gradients.of(batch, names))).isFinite();
    if (CONSTANT_TEACHER.contains(golden.objective())) {
      Gradients gradients = Gradients.of(batch, names);
      new SameState(objective).evaluate(batch, gradients);
      assertThat(gradients.of("weight.teacher_projection").data()).containsOnly(0f);
      names.removeIf(name -> name.endsWith("teacher_projection"));
    }
    FiniteDifferences.assertGradientMatches(
        new SameState(objective), batch, names, golden.objective() + ", seed 6");
  }

  @ParameterizedTest
  @MethodSource("notTrainable")
  void saysWhatATrainingDoesNotHave(GoldenCase golden) {
    TrainableCase refused = TrainableCase.of(golden, Map.of());
    assertThatThrownBy(() -> refused.objective().equip(refused.dimensions()))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageStartingWith(golden.objective())
        .hasMessageContaining(" needs ");
  }

  static Stream<GoldenCase> notTrainable() throws IOException, URISyntaxException {
    return TrainableCase.all().stream()
        .filter(golden -> NOT_TRAINABLE.contains(golden.objective()) || needsSequences(golden));
  }

  /** Every input from a seed; the rows are samples of a shard with all classes. */
  static Batch drawn(Objective objective, Dimensions dimensions, long seed) {
    Equipment equipment = objective.equip(dimensions);
    SplittableRandom random = new SplittableRandom(seed);
    int rows = dimensions.rows();
    int[] labels =
        IntStream.range(0, dimensions.samples()).map(i -> i % dimensions.classes()).toArray();
    State state = new State();
    equipment.memory().forEach(memory -> state.put(memory.name(), values(memory, seed)));
    int[] all = IntStream.range(0, dimensions.samples()).toArray();
    Draws draws =
        new Draws(equipment.draws(), rows, Optional.of(new Shard(0, all, labels, state)), seed);
    Batch.Builder builder = Batch.of(rows).state(state).labels(Arrays.copyOf(labels, rows));
    // In the order of their names: that of a map's own is another one in each run.
    new TreeMap<>(dimensions.shapes())
        .forEach(
            (name, shape) -> {
              List<Integer> whole = new ArrayList<>(List.of(rows));
              whole.addAll(shape);
              int[] axes = whole.stream().mapToInt(Integer::intValue).toArray();
              builder.tensor(name, RandomBatch.normal(random, 1, axes));
            });
    for (Head head : equipment.heads()) {
      float[] initial = head.initial().draw(HeadLayout.size(head), seed + head.name().hashCode());
      int[] shape = head.shape().stream().mapToInt(Integer::intValue).toArray();
      builder.tensor(head.name(), new Tensor(shape, initial));
    }
    for (Classifier last : objective.classifiers()) {
      int width = dimensions.channels(last.features());
      builder.tensor(last.weight(), RandomBatch.normal(random, 1, dimensions.classes(), width));
      builder.tensor(last.bias(), RandomBatch.normal(random, 1, dimensions.classes()));
    }
    draws.indices().forEach(builder::indices);
    Batch batch = builder.build();
    draws.fill(batch, 1, Arrays.copyOf(all, rows));
    return batch;
  }

  private static Tensor values(Memory memory, long seed) {
    int[] shape = memory.shape().stream().mapToInt(Integer::intValue).toArray();
    int size = memory.shape().stream().reduce(1, Math::multiplyExact);
    return new Tensor(shape, memory.initial().draw(size, seed + memory.name().hashCode()));
  }

  /** The objective with the state it finds, which it does not change. */
  private record SameState(Objective objective) implements Objective {
    private static final long serialVersionUID = 1L;

    @Override
    public Requirements requires() {
      return objective.requires();
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      return objective.evaluate(batch.with(batch.state().copy()), gradients);
    }
  }

  @Test
  void headsStartAsTheReferencesDo() throws IOException, URISyntaxException {
    assertThat(first("vid", "weight.log_scale"))
        .allSatisfy(
            scale -> assertThat(Math.log1p(Math.exp(scale)) + 1e-5).isCloseTo(5, within(1e-6)));
    assertThat(first("dcd", "weight.log_scale")).containsExactly(1f);
    assertThat(first("dcd", "bias.logit")).containsExactly(0f);
    assertThat(first("distilcse-ckd", "weight.log_scale")).containsExactly(1f);
    for (String scale : List.of("log", "cross", "image", "text")) {
      assertThat(first("clip-rd", "weight." + scale + "_scale"))
          .containsExactly((float) Math.log(1 / 0.07));
    }
    // Of six inputs, as PyTorch's linear layer: uniform within 1 / sqrt(6).
    assertThat(first("crd", "weight.student_projection"))
        .allSatisfy(v -> assertThat(Math.abs(v)).isLessThanOrEqualTo((float) (1 / Math.sqrt(6))))
        .anySatisfy(v -> assertThat(Math.abs(v)).isGreaterThan(0.3f));
  }

  private static List<Float> first(String objective, String head)
      throws IOException, URISyntaxException {
    GoldenCase golden =
        firstOfEach().filter(any -> any.objective().equals(objective)).findFirst().orElseThrow();
    TrainableCase trained = TrainableCase.of(golden, Map.of());
    Head found =
        trained.objective().equip(trained.dimensions()).heads().stream()
            .filter(any -> any.name().equals(head))
            .findFirst()
            .orElseThrow();
    float[] values = found.initial().draw(HeadLayout.size(found), 3);
    return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
  }
}
