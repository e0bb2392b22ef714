package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.SyntheticSignals.Example;
import io.lakestill.recipe.ModelRole;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real trainings whose terms have conditions, weights of rows, and several teachers. */
class ComposedTrainingTest {
  private static SparkSession spark;

  @TempDir Path folder;

  @BeforeAll
  static void startSpark() {
    spark = Digits.spark();
  }

  private TrainJob job(String name, List<SignalTable> signals, String... overrides) {
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

  private static final String SURE_ROWS =
      "train.objectives=[{type=kd-kl,where=\"%s\",weight=\"%s\"},{type=cross-entropy,weight=0.5}]";

  @Test
  void learnsFromTheRowsThatAConditionChoosesByTheirWeights() throws IOException {
    List<SignalTable> signals = List.of(Digits.sound(folder.resolve("signals")).commit(2));

    CheckpointManifest manifest =
        run(job("sure", signals, SURE_ROWS.formatted("entropy < 0.1", "margin"), "train.epochs=8"));

    assertThat(manifest.best().validationAccuracy()).isGreaterThan(0.93);
    assertThat(manifest.best().trainingTerms().get("kd-kl")).isPositive();
  }

  @Test
  void termWithoutRowsHasNoLossAndChangesNothing() throws IOException {
    List<SignalTable> signals = List.of(Digits.sound(folder.resolve("signals")).commit(2));

    CheckpointManifest nobody =
        run(job("nobody", signals, SURE_ROWS.formatted("margin > 2", "margin"), "train.epochs=2"));
    CheckpointManifest alone =
        run(
            job(
                "alone",
                signals,
                "train.objectives=[{type=cross-entropy,weight=0.5}]",
                "train.epochs=2"));

    assertThat(nobody.best().trainingTerms()).containsEntry("kd-kl", 0.0);
    assertThat(nobody.parameters().sha256()).isEqualTo(alone.parameters().sha256());
  }

  @Test
  void trainsAgainWhenOnlyAnExpressionChanged() throws IOException {
    List<SignalTable> signals = List.of(Digits.sound(folder.resolve("signals")).commit(2));

    List<String> fingerprints = new ArrayList<>();
    for (String where : List.of("margin < 1", "margin < 1.5")) {
      StageLog.Result<CheckpointManifest> result =
          job("again", signals, SURE_ROWS.formatted(where, "margin"), "train.epochs=1")
              .run(spark, TrainingProgress.silent());
      assertThat(result.outcome()).isEqualTo(StageLog.Outcome.DONE);
      fingerprints.add(result.value().fingerprint());
    }

    assertThat(fingerprints).doesNotHaveDuplicates();
  }

  @Test
  void learnsFromSeveralTeachersAndSaysFromWhich() throws IOException {
    SyntheticSignals vit = new SyntheticSignals(folder.resolve("vit"), "vit", 3, 2, 17);
    for (Example example : Digits.examples(Split.TRAIN)) {
      vit.say(example, 0).say(example, 1);
    }
    Digits.examples(Split.VALIDATION).forEach(example -> vit.say(example, 0));
    List<SignalTable> tables =
        List.of(Digits.sound(folder.resolve("synthetic")).commit(1), vit.commit(2));

    CheckpointManifest manifest =
        run(
            job(
                "several",
                tables,
                "teacher=null",
                "teachers=[{id=synthetic,onnx=none},{id=vit,onnx=none}]",
                "train.epochs=8",
                "train.objectives=[{type=ensemble-mean-logits-kl,"
                    + "where=\"synthetic.argmax = vit.argmax\"},"
                    + "{type=clkd,teacher{logits=logits.2},weight=0.1}]"));

    assertThat(manifest.best().validationAccuracy()).isGreaterThan(0.93);
    assertThat(manifest.signals())
        .extracting(from -> from.teacher() + " " + from.version())
        .containsExactly("synthetic 1", "vit 1");
    assertThat(manifest.experimental()).singleElement().asString().startsWith("clkd: ");
  }
}
