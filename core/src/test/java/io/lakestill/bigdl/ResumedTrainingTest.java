package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.FloatTensor;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.RowMemory;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.Epoch;
import io.lakestill.train.ResumeFolder;
import io.lakestill.train.RowLayout;
import io.lakestill.train.States;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training that is stopped and goes on, with everything that a state has to hold. */
class ResumedTrainingTest {
  private static final String FINGERPRINT = "f";
  private static final WeightedTerms LOSS =
      Losses.of(
          "type = cross-entropy, weight = 1",
          "type = crd, weight = 0.2, projection-dim = 4, negatives = 20, temperature = 0.5",
          "type = rrd, weight = 1, projection-dim = 4, queue-size = 48");

  @TempDir Path folder;

  /** What is left of a training. */
  private record Left(TrainedStudent trained, Map<String, FloatTensor> memory) {}

  /** With statistics and masks. */
  private static StudentGraph student() {
    return new StudentGraph(
        Shape.image(1, Pictures.SIDE, Pictures.SIDE),
        List.of(
            new Convolution("conv", Layer.INPUT, 6, 3, 1, 1, true),
            new BatchNormalisation("norm", "conv", 1e-5, 0.1),
            new Relu("relu", "norm"),
            new Dropout("drop", "relu", 0.2),
            new GlobalAveragePooling("pool", "drop"),
            new Linear("classes", "pool", Pictures.CLASSES, true)),
        Map.of("logits", "classes", "embedding", "pool"));
  }

  private static LoopSettings loop(int restarts) {
    return loop(restarts, new RowMemory.Share(0.4));
  }

  private static LoopSettings loop(int restarts, RowMemory rows) {
    LoopSettings plain = Blobs.loop();
    return new LoopSettings(
        plain.engine(),
        plain.exchange(),
        2,
        1,
        restarts,
        plain.checkpoint(),
        1.5,
        0.9,
        0,
        rows,
        plain.mix());
  }

  private Left train(int cores, TrainingProgress progress, LoopSettings loop, String states) {
    return train(cores, progress, Blobs.settings(6, 16, Blobs.adam(0.02), loop), states);
  }

  private Left train(int cores, TrainingProgress progress, TrainSettings settings, String states) {
    LocalSpark.cluster();
    Engine$.MODULE$.setNodeAndCore(1, cores);
    RowLayout targets = Pictures.targets(LOSS);
    CheckpointFolder memory = checkpoint("memory-" + System.nanoTime());
    return new StudentTrainer(student(), LOSS, targets, settings, 3, new ClusterShape(1, cores))
        .train(
            new Pictures(121, 1).block(targets),
            new Pictures(45, 2).block(targets),
            folder.resolve("events-" + System.nanoTime()),
            progress,
            Optional.of(new Resumption(new ResumeFolder(checkpoint(states)), FINGERPRINT)),
            (trained, remembered) ->
                new Left(trained, States.tensors(memory.memory(remembered.store(memory)))));
  }

  private CheckpointFolder checkpoint(String name) {
    return new CheckpointFolder(
        new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()), new Configuration());
  }

  @AfterEach
  void restoreEngine() {
    Engine$.MODULE$.setNodeAndCore(1, LocalSpark.cluster().coresPerNode());
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

  private static final class Notices implements TrainingProgress {
    private final List<String> all = new ArrayList<>();
    private final List<Integer> steps = new ArrayList<>();

    @Override
    public void step(Step step) {
      steps.add(step.step());
    }

    @Override
    public void epoch(Epoch epoch) {}

    @Override
    public void notice(String message) {
      all.add(message);
    }
  }

  private static void assertSame(Left resumed, Left unbroken) {
    assertThat(resumed.trained().parameters()).isEqualTo(unbroken.trained().parameters());
    assertThat(resumed.trained().heads()).isNotEmpty().isEqualTo(unbroken.trained().heads());
    assertThat(resumed.memory()).isNotEmpty().isEqualTo(unbroken.memory());
    assertThat(resumed.trained().history().epochs())
        .usingRecursiveComparison()
        .ignoringFields("seconds", "rowsPerSecond")
        .isEqualTo(unbroken.trained().history().epochs());
  }

  @ParameterizedTest(name = "{0} core(s), {1} bytes of rows in memory")
  @CsvSource({"1, 1000000", "2, 1000000", "2, 0"})
  void goesOnBitByBitAfterTheDriverDied(int cores, long bytes) {
    Left unbroken = train(cores, TrainingProgress.silent(), loop(0), "whole");
    LoopSettings loop = loop(0, new RowMemory.Size(bytes));
    assertThatThrownBy(() -> train(cores, new Dies(30), loop, "broken")).hasMessage("killed");
    assertThat(folder.resolve("broken")).isDirectoryContaining("glob:**/step-*.json");

    Notices notices = new Notices();
    Left resumed = train(cores, notices, loop, "broken");

    assertThat(notices.all).anyMatch(notice -> notice.startsWith("Going on after step "));
    assertThat(notices.steps.get(0)).isBetween(2, 30);
    assertSame(resumed, unbroken);
    assertThat(folder.resolve("broken")).doesNotExist();
  }

  @Test
  void passesOverADamagedState() throws IOException {
    Left unbroken = train(1, TrainingProgress.silent(), loop(0), "whole");
    assertThatThrownBy(() -> train(1, new Dies(30), loop(0), "broken")).hasMessage("killed");
    List<Path> manifests = manifests("broken");
    assertThat(manifests).hasSize(2);
    String newest = Files.readString(manifests.get(1));
    String damaged = newest.replaceFirst("(\"step\" : \\d+)", "$10");
    assertThat(damaged).isNotEqualTo(newest);
    Files.writeString(manifests.get(1), damaged);

    Notices notices = new Notices();
    Left resumed = train(1, notices, loop(0), "broken");

    String older = manifests.get(0).getFileName().toString().replaceAll("step-0*|.json", "");
    assertThat(notices.all).contains("Going on after step %s.".formatted(older));
    assertSame(resumed, unbroken);
  }

  private List<Path> manifests(String states) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(states))) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }

  /** As when an executor is lost: its rows are gone, and what was learned from them. */
  private static class LosesRows implements TrainingProgress {
    private int times;

    LosesRows(int times) {
      this.times = times;
    }

    @Override
    public void step(Step step) {
      // Of the second segment, which is never the last, however slow the machine is.
      if (step.step() >= 2 && times > 0) {
        times--;
        LocalSpark.context().getPersistentRDDs().values().stream()
            .filter(rdd -> "packed rows".equals(rdd.name()))
            .forEach(this::lose);
      }
    }

    void lose(JavaRDD<?> rows) {
      rows.unpersist(true);
    }

    @Override
    public void epoch(Epoch epoch) {}
  }

  @Test
  void restartsFromTheLastStateWhenRowsAreLost() {
    Left unbroken = train(1, TrainingProgress.silent(), loop(0), "whole");

    assertSame(train(1, new LosesRows(1), loop(1), "restarted"), unbroken);
    LoopSettings onDisk = loop(1, new RowMemory.Size(0));
    assertSame(train(1, new LosesRows(1), onDisk, "from-disk"), unbroken);
  }

  /** As when a disk fails: nothing more can be read from it. */
  private static final class LosesDisk extends LosesRows {
    LosesDisk() {
      super(1);
    }

    @Override
    void lose(JavaRDD<?> rows) {
      rows.foreach(source -> ((RowSource) source).training().close());
    }
  }

  @Test
  void restartsFromTheLastStateWhenRowsCannotBeReadBack() {
    Left unbroken = train(1, TrainingProgress.silent(), loop(0), "whole");

    LoopSettings onDisk = loop(1, new RowMemory.Size(0));
    assertSame(train(1, new LosesDisk(), onDisk, "restarted"), unbroken);
    assertThatThrownBy(
            () -> train(1, new LosesDisk(), loop(0, new RowMemory.Size(0)), "once-too-often"))
        .hasMessageContaining("Packed training rows cannot be read back from");
  }

  @Test
  void restartsAsOftenAsTheRecipeSays() {
    assertThatThrownBy(() -> train(1, new LosesRows(100), loop(1), "lossy"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("train.restarts = 1")
        .hasMessageContaining("goes on from the checkpoint after step ");
    assertThat(folder.resolve("lossy")).isDirectoryContaining("glob:**/step-*.json");
  }

  /** As a manager of a cluster that takes the application away. */
  private record StopsSpark(int step) implements TrainingProgress {
    @Override
    public void step(Step told) {
      if (told.step() == step) {
        LocalSpark.context().stop();
      }
    }

    @Override
    public void epoch(Epoch epoch) {}
  }

  @Test
  void whenSparkIsStoppedTheCheckpointIsNamedAndTheSameCommandGoesOn() {
    Left unbroken = train(1, TrainingProgress.silent(), loop(0), "whole");

    assertThatThrownBy(() -> train(1, new StopsSpark(1), loop(3), "stopped"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageStartingWith("Spark was stopped while the training ran: ")
        .hasMessageContaining("the same command goes on from the checkpoint after step ");

    assertSame(train(1, TrainingProgress.silent(), loop(0), "stopped"), unbroken);
  }

  @Test
  void keepsAndNamesTheLastFiniteStateWhenTheTrainingDiverges() {
    OptimizerSettings absurd =
        new OptimizerSettings(OptimizerSettings.Type.SGD, 1e30, 0, 0, RateSchedule.CONSTANT);

    assertThatThrownBy(
            () ->
                train(
                    1,
                    TrainingProgress.silent(),
                    Blobs.settings(3, 16, absurd, Blobs.loop()),
                    "diverged"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("The last finite checkpoint is the one after step 1, in ")
        .hasMessageContaining("epoch 1, step 2");
    assertThat(folder.resolve("diverged/step-0000000001.json")).exists();
  }

  @Test
  void anotherTrainingsStatesAreNotGoneOnFrom() {
    assertThatThrownBy(() -> train(1, new Dies(30), loop(0), "shared")).hasMessage("killed");
    ResumeFolder states = new ResumeFolder(checkpoint("shared"));

    assertThat(states.newest("another")).isEmpty();
    assertThat(states.newest(FINGERPRINT)).isPresent();
  }
}
