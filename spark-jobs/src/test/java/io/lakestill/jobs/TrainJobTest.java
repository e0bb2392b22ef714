package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.jobs.SyntheticSignals.Example;
import io.lakestill.recipe.BestBy;
import io.lakestill.recipe.ModelRole;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.Epoch;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainJobTest {

  private static SparkSession spark;
  private static List<Example> training;
  private static List<Example> validation;

  @TempDir Path folder;

  @BeforeAll
  static void startSpark() {
    spark = Digits.spark();
    training = Digits.examples(Split.TRAIN);
    validation = Digits.examples(Split.VALIDATION);
  }

  private TrainJob job(String name, Optional<SignalTable> signals, String... overrides) {
    Blueprint blueprint = Digits.blueprint(overrides);
    org.apache.hadoop.fs.Path output = new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    return new TrainJob(
        blueprint.recipe().data(),
        blueprint.features(),
        blueprint.student(),
        ModelRole.STUDENT,
        1,
        signals.stream().map(table -> new SignalSource(table, blueprint.features())).toList(),
        new org.apache.hadoop.fs.Path(output, "checkpoint"),
        new org.apache.hadoop.fs.Path(output, "tensorboard"));
  }

  private static CheckpointManifest run(TrainJob job) {
    return job.run(spark, TrainingProgress.silent()).value();
  }

  @Test
  void learnsDigitsFromTheirLabels() throws IOException {
    TrainJob job = job("labels", Optional.empty(), "data.views.count=1", "train.epochs=8");

    CheckpointManifest manifest = run(job);

    assertThat(manifest.best().validationAccuracy()).isGreaterThan(0.93);
    assertThat(manifest.rows().training()).isEqualTo(training.size());
    assertThat(manifest.rows().validation()).isEqualTo(validation.size());
    CheckpointFolder checkpoint = checkpoint(job);
    assertThat(checkpoint.manifest()).contains(manifest);
    assertThat(checkpoint.parameters(manifest).names()).contains("linear1.weight");
    try (Stream<Path> files = Files.walk(folder.resolve("labels/tensorboard"))) {
      assertThat(files.map(Path::toString)).anyMatch(file -> file.contains("tfevents"));
    }
  }

  private static CheckpointFolder checkpoint(TrainJob job) {
    return new CheckpointFolder(job.checkpoint(), spark.sessionState().newHadoopConf());
  }

  @Test
  void pairsSignalsByKeyNotByPosition() throws IOException {
    List<Runnable> said = new ArrayList<>();
    SyntheticSignals shuffled = new SyntheticSignals(folder.resolve("shuffled"), 2, 17);
    training.forEach(
        example -> {
          said.add(() -> shuffled.say(example, 0));
          said.add(() -> shuffled.say(example, 1));
        });
    validation.forEach(example -> said.add(() -> shuffled.say(example, 0)));
    Collections.shuffle(said, new Random(5));
    said.forEach(Runnable::run);

    CheckpointManifest ordered =
        run(
            job(
                "ordered",
                Optional.of(Digits.sound(folder.resolve("signals")).commit(1)),
                Digits.DISTILLED,
                "train.epochs=2"));
    CheckpointManifest mixed =
        run(job("mixed", Optional.of(shuffled.commit(3)), Digits.DISTILLED, "train.epochs=2"));

    assertThat(mixed.parameters().sha256()).isEqualTo(ordered.parameters().sha256());
    assertThat(ordered.history().best(BestBy.ACCURACY).trainingTerms())
        .containsKeys("kd-kl", "cross-entropy");
    assertThat(ordered.signals()).extracting(from -> from.teacher()).containsExactly("synthetic");
  }

  @Test
  void findsThatNothingIsLeftToDo() {
    TrainJob job = job("twice", Optional.empty(), "train.epochs=1");

    StageLog.Result<CheckpointManifest> first = job.run(spark, TrainingProgress.silent());
    StageLog.Result<CheckpointManifest> second = job.run(spark, TrainingProgress.silent());

    assertThat(first.outcome()).isEqualTo(StageLog.Outcome.DONE);
    assertThat(second.outcome()).isEqualTo(StageLog.Outcome.ALREADY_DONE);
    assertThat(second.value()).isEqualTo(first.value());
  }

  @Test
  void trainsAgainWhenTheParametersAreDamaged() throws IOException {
    TrainJob job = job("damaged", Optional.empty(), "train.epochs=1");
    CheckpointManifest first = run(job);
    Path parameters = folder.resolve("damaged/checkpoint").resolve(first.parameters().file());
    byte[] bytes = Files.readAllBytes(parameters);
    bytes[bytes.length - 1] ^= 1;
    Files.write(parameters, bytes);

    StageLog.Result<CheckpointManifest> second = job.run(spark, TrainingProgress.silent());

    assertThat(second.outcome()).isEqualTo(StageLog.Outcome.DONE);
    assertThat(second.value().parameters().sha256()).isEqualTo(first.parameters().sha256());
  }

  private TrainJob remembering(String name) throws IOException {
    return job(
        name,
        Optional.of(Digits.sound(folder.resolve("signals " + name)).commit(1)),
        "train.objectives=[{type=selective-global-queue,queue-size=500,reduction=token-mean}]",
        "train.epochs=1");
  }

  @Test
  void aLostMemoryFileIsNoReasonToTrainAgain() throws IOException {
    TrainJob job = remembering("remembering");
    CheckpointManifest first = run(job);
    assertThat(first.memory()).hasSize(2);
    assertThat(checkpoint(job).memory(first.memory()).parts()).containsExactly("0", "1");
    for (CheckpointManifest.ParameterFile file : first.memory()) {
      Files.delete(folder.resolve("remembering/checkpoint").resolve(file.file()));
    }

    StageLog.Result<CheckpointManifest> second = job.run(spark, TrainingProgress.silent());

    assertThat(second.outcome()).isEqualTo(StageLog.Outcome.ALREADY_DONE);
    assertThat(second.value()).isEqualTo(first);
  }

  /** Loses the training rows, and with them what the loss remembers, once all steps are done. */
  private static final class LosesMemory implements TrainingProgress {
    private final List<String> notices = new ArrayList<>();

    @Override
    public void step(Step step) {}

    @Override
    public void epoch(Epoch epoch) {
      JavaSparkContext.fromSparkContext(spark.sparkContext()).getPersistentRDDs().values().stream()
          .filter(rdd -> "packed rows".equals(rdd.name()))
          .forEach(rdd -> rdd.unpersist(true));
    }

    @Override
    public void notice(String message) {
      notices.add(message);
    }
  }

  @Test
  void theWeightsAreKeptWhenTheMemoryIsLostAtTheEnd() throws IOException {
    TrainJob job = remembering("forgetful");
    LosesMemory progress = new LosesMemory();

    CheckpointManifest manifest = job.run(spark, progress).value();

    assertThat(manifest.memory()).isEmpty();
    assertThat(checkpoint(job).manifest()).contains(manifest);
    assertThat(checkpoint(job).parameters(manifest).names()).contains("linear1.weight");
    assertThat(progress.notices)
        .anySatisfy(
            notice ->
                assertThat(notice)
                    .contains("The weights are stored")
                    .contains("are gone with the executor"));
  }

  @Test
  void keepsTheOldCheckpointWhenATrainingDiverges() {
    CheckpointManifest old = run(job("kept", Optional.empty(), "train.epochs=1"));
    TrainJob absurd =
        job(
            "kept",
            Optional.empty(),
            "train.optimizer.type=sgd",
            "train.optimizer.learning-rate=1e30");

    assertRefused(absurd, ExitCode.DIVERGED, "diverged in epoch 1");

    assertThat(checkpoint(absurd).manifest()).contains(old);
    assertThat(checkpoint(absurd).parameters(old)).isNotNull();
  }

  @Test
  void refusesExamplesWithoutSignals() throws IOException {
    SignalTable signals = Digits.sound(folder.resolve("signals")).unsay().unsay().commit(1);

    assertRefused(
        job("missing", Optional.of(signals), Digits.DISTILLED),
        ExitCode.BAD_INPUT,
        "2 examples without signals, such as",
        validation.get(validation.size() - 1).id(),
        "run teach again");
  }

  @Test
  void refusesContentTheTeacherNeverSaw() throws IOException {
    SyntheticSignals signals = new SyntheticSignals(folder.resolve("signals"), 2, 17);
    training.forEach(example -> signals.say(example, 0).say(example, 1));
    validation.forEach(example -> signals.say(example.id(), 0, "0".repeat(32), example.label()));

    assertRefused(
        job("changed", Optional.of(signals.commit(1)), Digits.DISTILLED),
        ExitCode.BAD_INPUT,
        validation.size() + " examples whose content is not what the teacher saw",
        "run teach again");
  }

  @Test
  void refusesTwoSignalsForOneView() throws IOException {
    SignalTable signals = Digits.sound(folder.resolve("signals")).say(training.get(3), 1).commit(2);

    assertRefused(
        job("twofold", Optional.of(signals), Digits.DISTILLED),
        ExitCode.BAD_INPUT,
        "1 example with more than one signal row for one view, such as " + training.get(3).id());
  }

  @Test
  void countsSignalsOfExamplesThatAreGone() throws IOException {
    SignalTable signals =
        Digits.sound(folder.resolve("signals")).say("nobody", 0, "0".repeat(32), 1).commit(1);

    CheckpointManifest manifest =
        run(job("orphans", Optional.of(signals), Digits.DISTILLED, "train.epochs=1"));

    assertThat(manifest.rows().orphans()).isEqualTo(1);
  }

  @Test
  void leavesExamplesInQuarantineOutAndCountsThem() throws IOException {
    SyntheticSignals signals = new SyntheticSignals(folder.resolve("signals"), 2, 17);
    for (Example example : training) {
      signals.say(example, 0);
      if (example.equals(training.get(0))) {
        signals.quarantine(example.id(), 1);
      } else {
        signals.say(example, 1);
      }
    }
    validation.forEach(example -> signals.say(example, 0));

    CheckpointManifest manifest =
        run(job("quarantine", Optional.of(signals.commit(1)), Digits.DISTILLED, "train.epochs=1"));

    assertThat(manifest.rows().leftOut()).isEqualTo(1);
    assertThat(manifest.rows().training()).isEqualTo(training.size() - 1);
    assertThat(manifest.rows().orphans()).isZero();
  }

  @Test
  void refusesSignalsOfOtherViews() throws IOException {
    SignalTable signals =
        new SyntheticSignals(folder.resolve("s"), 3, 17).say("a", 0, "0", 0).commit(1);

    assertRefused(
        job("views", Optional.of(signals), Digits.DISTILLED),
        ExitCode.BAD_INPUT,
        "number of views 3, the recipe has 2",
        "run teach again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data.features.scale=0.5",
        "data.features.normalise={mean=[0.1],deviation=[0.2]}",
        "data.views.transforms=[{type=shift,pixels=2}]"
      })
  void refusesSignalsOfOtherNumbers(String change) throws IOException {
    SignalTable signals = Digits.sound(folder.resolve("signals")).commit(1);

    assertRefused(
        job("changed", Optional.of(signals), Digits.DISTILLED, change),
        ExitCode.BAD_INPUT,
        "Version 1 of the signals in",
        "made from other numbers than the recipe's",
        "run teach again");
  }

  @Test
  void refusesToTrainBeforeTeach() {
    SignalTable nothing =
        new SignalTable(
            new org.apache.hadoop.fs.Path(folder.resolve("nothing").toUri()),
            spark.sessionState().newHadoopConf());

    assertRefused(
        job("early", Optional.of(nothing), Digits.DISTILLED),
        ExitCode.BAD_INPUT,
        "run teach first");
  }

  @Test
  void refusesABatchThatCoresCannotShare() {
    assertRefused(
        job("batch", Optional.empty(), "train.batch=63"),
        ExitCode.BAD_RECIPE,
        "train.batch = 63",
        "2 cores",
        "62 or 64");
  }

  private static void assertRefused(TrainJob job, ExitCode exitCode, String... messages) {
    assertThatThrownBy(() -> run(job))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(exitCode))
        .satisfies(
            e -> Arrays.stream(messages).forEach(text -> assertThat(e).hasMessageContaining(text)));
  }
}
