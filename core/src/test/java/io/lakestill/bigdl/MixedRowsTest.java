package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Projected;
import io.lakestill.objective.RowFilter;
import io.lakestill.objective.RowWeights;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.objective.feature.Pkt;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.objective.logit.LogitsMse;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.MixSettings;
import io.lakestill.recipe.MixSettings.Type;
import io.lakestill.recipe.RowMemory;
import io.lakestill.recipe.Schedule;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.Mixture;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Trainings whose rows are mixed in pairs; golden values are PyTorch's. */
class MixedRowsTest {
  private static final WeightedTerms LOSS =
      Losses.of(
          "type = cross-entropy, weight = 0.5", "type = kd-kl, weight = 0.5, temperature = 2");
  private static final Map<String, String> TERMS =
      Map.of(
          "cross-entropy", "type = cross-entropy, weight = 1",
          "label-smoothed-ce", "type = label-smoothed-ce, weight = 1, reduction = token-mean",
          "kd-kl", "type = kd-kl, weight = 1, temperature = 2",
          "logits-mse", "type = logits-mse, weight = 1");

  @TempDir Path folder;

  static Stream<Arguments> golden() throws IOException {
    try (InputStream file = MixedRowsTest.class.getResourceAsStream("/golden/mixing.json")) {
      JsonNode cases = new ObjectMapper().readTree(file).get("cases");
      return StreamSupport.stream(cases.spliterator(), false)
          .flatMap(
              golden ->
                  TERMS.keySet().stream()
                      .sorted()
                      .map(term -> Arguments.of(golden.get("name").asText(), term, golden)));
    }
  }

  /** The gradient is that of PyTorch's loss of the mixed target, the loss the mean of two. */
  @ParameterizedTest(name = "{1} of {0}")
  @MethodSource("golden")
  void lossAndGradientAreThoseOfPyTorch(String name, String term, JsonNode golden) {
    WeightedTerms loss = Losses.of(TERMS.get(term));
    int rows = golden.get("labels").size();
    int classes = golden.get("student").size() / rows;
    RowLayout outputs = new RowLayout(List.of(new Slot("student.logits", List.of(classes), 0)));
    RowLayout targets = RowLayout.targets(loss.requires(), Map.of("logits", List.of(classes)));
    BatchLayout layout = BatchLayout.of(loss, outputs, targets, rows, rows);
    LossInputs inputs = new LossInputs(layout, new EpochPlan(rows, rows, 1), 1, rows);
    TermLosses sums = new TermLosses(1);
    ObjectiveCriterion criterion = new ObjectiveCriterion(loss, inputs, sums);
    Tensor<Float> output = Floats.tensor(floats(golden.get("student")), rows, classes);
    PackedTarget target = target(golden, targets, rows, classes);

    Float value = criterion.forward(output, target);
    float[] gradient = Floats.array(criterion.backward(output, target).toTensor(Floats.numeric()));

    JsonNode expected = golden.get("terms").get(term);
    assertThat(value).isCloseTo((float) expected.get("loss").asDouble(), within(2e-5f));
    assertThat(sums.take(0).mean()).isCloseTo(expected.get("loss").asDouble(), within(2e-5));
    assertThat(gradient)
        .containsExactly(floats(expected.get("gradient of the mixed target")), within(2e-6f));
  }

  private static PackedTarget target(JsonNode golden, RowLayout layout, int rows, int classes) {
    float[] teacher = floats(golden.get("teacher"));
    float[] values = new float[rows * layout.width()];
    for (int row = 0; row < rows; row++) {
      values[row * layout.width()] = golden.get("labels").get(row).asInt();
      if (layout.width() > 1) {
        System.arraycopy(teacher, row * classes, values, row * layout.width() + 1, classes);
      }
    }
    JsonNode of = golden.get("partners");
    int[] partners = IntStream.range(0, rows).map(row -> of.get(row).asInt()).toArray();
    Mixture mixture = Mixture.mean(golden.get("share").asDouble(), partners);
    RowOrigin origin = new RowOrigin(1, 0, Optional.empty(), new int[rows]);
    return new PackedTarget(
        Floats.tensor(values, rows, layout.width()), origin.mixed(Optional.of(mixture)));
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  private static LoopSettings loop(Type type, long rowBytes) {
    LoopSettings plain = Blobs.loop();
    return new LoopSettings(
        plain.engine(),
        plain.exchange(),
        2,
        1,
        0,
        plain.checkpoint(),
        0,
        0,
        0,
        new RowMemory.Size(rowBytes),
        new MixSettings(type, 1, 0.9));
  }

  private StudentTrainer trainer(WeightedTerms loss, LoopSettings loop, int cores) {
    return new StudentTrainer(
        Pictures.student(),
        loss,
        Pictures.targets(loss),
        Blobs.settings(6, 16, Blobs.adam(0.02), loop),
        3,
        new ClusterShape(1, cores));
  }

  private TrainedStudent train(int cores, TrainingProgress progress, LoopSettings loop, String at) {
    LocalSpark.cluster();
    Engine$.MODULE$.setNodeAndCore(1, cores);
    RowLayout targets = Pictures.targets(LOSS);
    CheckpointFolder states =
        new CheckpointFolder(
            new org.apache.hadoop.fs.Path(folder.resolve(at).toUri()), new Configuration());
    return trainer(LOSS, loop, cores)
        .train(
            new Pictures(121, 1).block(targets),
            new Pictures(45, 2).block(targets),
            folder.resolve("events-" + System.nanoTime()),
            progress,
            Optional.of(new Resumption(new ResumeFolder(states), "f")),
            (trained, remembered) -> trained);
  }

  @AfterEach
  void restoreEngine() {
    Engine$.MODULE$.setNodeAndCore(1, LocalSpark.cluster().coresPerNode());
  }

  /** Also when rows are fetched from the disk, a batch ahead. */
  @ParameterizedTest(name = "{0} on {1} core(s)")
  @CsvSource({"MIXUP, 1", "CUTMIX, 2"})
  void goesOnBitByBitAfterTheDriverDied(Type type, int cores) {
    TrainedStudent unbroken = train(cores, TrainingProgress.silent(), loop(type, 1 << 20), "whole");
    TrainedStudent plain =
        train(cores, TrainingProgress.silent(), loop(Type.NONE, 1 << 20), "plain");
    LoopSettings onDisk = loop(type, 0);
    assertThatThrownBy(() -> train(cores, new Dies(30), onDisk, "broken")).hasMessage("killed");

    TrainedStudent resumed = train(cores, TrainingProgress.silent(), onDisk, "broken");

    assertThat(resumed.parameters())
        .isEqualTo(unbroken.parameters())
        .isNotEqualTo(plain.parameters());
    assertThat(resumed.history().epochs())
        .usingRecursiveComparison()
        .ignoringFields("seconds", "rowsPerSecond")
        .isEqualTo(unbroken.history().epochs());
  }

  /** As a driver that dies: what it was told of the step is its last. */
  private record Dies(int step) implements TrainingProgress {
    @Override
    public void step(Step told) {
      if (told.step() == step) {
        throw new IllegalStateException("killed");
      }
    }

    @Override
    public void epoch(Epoch epoch) {}
  }

  @Test
  void refusesTermsThatCompareRowsOrRememberThem() {
    for (String term :
        List.of("rkd-distance", "dist", "crd", "pkt", "correlation-congruence-rbf")) {
      WeightedTerms loss = Losses.of("type = %s, weight = 1".formatted(term));
      assertRefused(
          () -> trainer(loss, loop(Type.MIXUP, 0), 1),
          "'%s' cannot learn from mixed rows (train.mix)".formatted(term));
    }
  }

  @Test
  void learnsFeaturesAndChosenRowsFromMixedOnes() {
    for (Objective objective :
        List.of(
            Losses.of("type = fitnet-hint, weight = 1, projector = linear"),
            Losses.of("type = dkd, weight = 1"),
            new RowFilter(new KdKl(2), "margin > 1"),
            new Projected(new LogitsMse(Schedule.of(1)), List.of("logits")),
            new RowWeights(new KdKl(2), "margin"))) {
      assertThat(objective.rowwise()).as("%s", objective).isTrue();
    }
    assertThat(new RowFilter(new Pkt(1e-7), "margin > 1").rowwise()).isFalse();
  }

  @Test
  void cutsBoxesOutOfImagesOnly() {
    StudentGraph flat =
        new StudentGraph(
            Shape.flat(6),
            List.of(new Linear("classes", Layer.INPUT, 4, true)),
            Map.of("logits", "classes"));
    WeightedTerms loss = Blobs.crossEntropy();
    assertRefused(
        () ->
            new StudentTrainer(
                flat,
                loss,
                Blobs.targets(loss, 4),
                Blobs.settings(1, 4, Blobs.adam(0.1), loop(Type.CUTMIX, 0)),
                1,
                new ClusterShape(1, 1)),
        "features have the shape [6]; use mixup");
  }

  private static void assertRefused(Runnable training, String message) {
    assertThatThrownBy(training::run)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining(message);
  }
}
