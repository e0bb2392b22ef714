package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.Flatten;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.Epoch;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole trainings by each engine, and by the one that is chosen. */
class EngineTrainingTest {
  private static final WeightedTerms LOSS = Blobs.distillation();
  private static final StudentGraph STUDENT =
      new StudentGraph(
          Shape.image(1, Pictures.SIDE, Pictures.SIDE),
          List.of(
              new Convolution("conv", Layer.INPUT, 8, 3, 1, 1, true),
              new BatchNormalisation("norm", "conv", 1e-5, 0.1),
              new Relu("relu", "norm"),
              new MaxPooling("half", "relu", 2, 2, 0),
              new Convolution("conv2", "half", 16, 3, 1, 1, true),
              new GlobalAveragePooling("pool", "conv2"),
              new Dropout("drop", "pool", 0.2),
              new Linear("classes", "drop", Pictures.CLASSES, true)),
          Map.of("logits", "classes"));
  private static final StudentGraph ON_VECTORS =
      new StudentGraph(
          Shape.image(1, Pictures.SIDE, Pictures.SIDE),
          List.of(
              new Flatten("flat", Layer.INPUT),
              new Linear("classes", "flat", Pictures.CLASSES, true)),
          Map.of("logits", "classes"));

  @TempDir Path folder;

  private final List<String> notices = new ArrayList<>();

  /** Notes what a person is told, and may die as a driver does. */
  private record Watching(List<String> notices, int last) implements TrainingProgress {
    @Override
    public void step(Step told) {
      if (told.step() == last) {
        throw new IllegalStateException("killed");
      }
    }

    @Override
    public void epoch(Epoch epoch) {}

    @Override
    public void notice(String message) {
      notices.add(message);
    }
  }

  private TrainedStudent train(StudentGraph student, TrainingEngine engine, int last) {
    ClusterShape cluster = LocalSpark.cluster();
    RowLayout targets = Pictures.targets(LOSS);
    LoopSettings plain = Blobs.loop();
    LoopSettings loop =
        new LoopSettings(
            engine,
            plain.exchange(),
            plain.accumulate() + 1,
            1,
            0,
            plain.checkpoint(),
            0,
            0,
            0,
            plain.memory(),
            plain.mix());
    OptimizerSettings sgd =
        new OptimizerSettings(OptimizerSettings.Type.SGD, 0.05, 0, 0.9, RateSchedule.CONSTANT);
    CheckpointFolder states =
        new CheckpointFolder(
            new org.apache.hadoop.fs.Path(folder.resolve("states").toUri()), new Configuration());
    return new StudentTrainer(student, LOSS, targets, Blobs.settings(5, 16, sgd, loop), 3, cluster)
        .train(
            new Pictures(121, 1).block(targets),
            new Pictures(45, 2).block(targets),
            folder.resolve("events-" + System.nanoTime()),
            new Watching(notices, last),
            Optional.of(new Resumption(new ResumeFolder(states), "f")),
            (trained, memory) -> trained);
  }

  private TrainedStudent train(TrainingEngine engine) {
    return train(STUDENT, engine, 0);
  }

  @ParameterizedTest
  @EnumSource(
      value = TrainingEngine.class,
      names = {"ONEDNN", "BIGDL"})
  void trainsToTheSameStudent(TrainingEngine engine) {
    TrainedStudent ours = train(TrainingEngine.ARRAYS);
    TrainedStudent theirs = train(engine);

    assertThat(theirs.engine()).isEqualTo(engine);
    assertThat(theirs.history().epochs()).hasSameSizeAs(ours.history().epochs());
    for (int i = 0; i < ours.history().epochs().size(); i++) {
      Epoch one = ours.history().epochs().get(i);
      Epoch other = theirs.history().epochs().get(i);
      assertThat(other.validationLoss()).isCloseTo(one.validationLoss(), within(1e-3));
      assertThat(other.trainingLoss()).isCloseTo(one.trainingLoss(), within(1e-3));
    }
    ours.parameters()
        .tensors()
        .forEach(
            (name, tensor) ->
                assertThat(theirs.parameters().values(name))
                    .as(name)
                    .usingComparatorWithPrecision(1e-3f)
                    .containsExactly(tensor.values()));
  }

  @Test
  void oneDnnTrainsTwiceToTheSameBits() {
    assertThat(train(TrainingEngine.ONEDNN).parameters())
        .isEqualTo(train(TrainingEngine.ONEDNN).parameters());
  }

  @Test
  void aTrialChoosesAnEngineThatThenTrainsAsIfTheRecipeNamedIt() {
    TrainedStudent chosen = train(TrainingEngine.AUTO);

    assertThat(chosen.engine()).isIn(TrainingEngine.ARRAYS, TrainingEngine.ONEDNN);
    assertThat(notices).anyMatch(told -> told.contains("ms by arrays") && told.contains("onednn"));
    assertThat(train(chosen.engine()).parameters()).isEqualTo(chosen.parameters());
  }

  @Test
  void thereIsNothingToChooseWithoutImages() {
    assertThat(train(ON_VECTORS, TrainingEngine.AUTO, 0).engine()).isEqualTo(TrainingEngine.ARRAYS);
    assertThat(notices).noneMatch(told -> told.contains("trial"));
  }

  @Test
  void aTrainingGoesOnByTheEngineItsCheckpointNames() {
    TrainedStudent unbroken = train(TrainingEngine.ONEDNN);
    assertThatThrownBy(() -> train(STUDENT, TrainingEngine.ONEDNN, 20)).hasMessage("killed");
    notices.clear();

    TrainedStudent resumed = train(TrainingEngine.AUTO);

    assertThat(notices).anyMatch(told -> told.startsWith("Going on after step "));
    assertThat(notices).noneMatch(told -> told.contains("trial"));
    assertThat(resumed.engine()).isEqualTo(TrainingEngine.ONEDNN);
    assertThat(resumed.parameters()).isEqualTo(unbroken.parameters());
  }
}
