package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Topk;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.FileSourceScanExec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real tables that keep some logits of each row, and real trainings that need no more. */
class TopkSignalsTest {
  private static final Topk NINE = new Topk(9, List.of(1.0, 4.0));
  private static final String TOPK_KL =
      "train.objectives=[{type=topk-kl,k=%d,temperature=%s},{type=cross-entropy,weight=0.1}]";

  private static SparkSession spark;

  @TempDir Path folder;

  @BeforeAll
  static void startSpark() {
    spark = Digits.spark();
  }

  private SignalTable signals(Codec codec) throws IOException {
    Path table = folder.resolve(codec.type());
    return Digits.sound(table).storedBy(codec).commit(2);
  }

  private TrainJob job(String name, List<SignalTable> tables, String... overrides) {
    Blueprint blueprint = Digits.blueprint(overrides);
    org.apache.hadoop.fs.Path output = new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    return new TrainJob(
        blueprint.recipe().data(),
        blueprint.features(),
        blueprint.student(),
        ModelRole.STUDENT,
        1,
        tables.stream().map(table -> new SignalSource(table, blueprint.features())).toList(),
        new org.apache.hadoop.fs.Path(output, "checkpoint"),
        new org.apache.hadoop.fs.Path(output, "tensorboard"));
  }

  private CheckpointManifest train(String name, List<SignalTable> tables, String... overrides) {
    return job(name, tables, overrides).run(spark, TrainingProgress.silent()).value();
  }

  @Test
  void aStudentLearnsFromTheKeptLogitsWhatItLearnsFromAll() throws IOException {
    String loss = TOPK_KL.formatted(3, "4");

    CheckpointManifest all = train("all", List.of(signals(new Dense32())), loss, "train.epochs=1");
    CheckpointManifest kept = train("kept", List.of(signals(NINE)), loss, "train.epochs=1");

    double expected = all.best().trainingTerms().get("topk-kl");
    assertThat(expected).isPositive();
    assertThat(kept.best().trainingTerms().get("topk-kl"))
        .isCloseTo(expected, within(1e-3 * expected));
    assertThat(kept.best().validationAccuracy())
        .isCloseTo(all.best().validationAccuracy(), within(0.01));
  }

  @Test
  void severalTeachersMayStoreTheirLogitsInSeveralWays() throws IOException {
    SyntheticSignals other = new SyntheticSignals(folder.resolve("vit"), "vit", 3, 2, 17);
    Digits.examples(Split.TRAIN).forEach(example -> other.say(example, 0).say(example, 1));
    Digits.examples(Split.VALIDATION).forEach(example -> other.say(example, 0));

    CheckpointManifest manifest =
        train(
            "several",
            List.of(signals(NINE), other.commit(1)),
            "teacher=null",
            "teachers=[{id=synthetic,onnx=none},{id=vit,onnx=none}]",
            "train.epochs=1",
            "train.objectives=[{type=topk-kl,k=9,temperature=1,teacher{logits=logits.1}},"
                + "{type=kd-kl,teacher{logits=logits.2}},"
                + "{type=cross-entropy,weight=\"synthetic.logits.ranks_1_8.values[0]\"}]");

    assertThat(manifest.best().trainingTerms().get("topk-kl")).isPositive();
    assertThat(manifest.best().trainingTerms().get("kd-kl")).isPositive();
  }

  /** Eight ranks lie in columns of their own. */
  @Test
  void readsOnlyTheRanksThatALossTakes() throws IOException {
    SignalTable table = signals(NINE);

    assertThat(columnsRead(table, 8)).contains("ranks_1_8").doesNotContain("ranks_9_9");
    assertThat(columnsRead(table, 9)).contains("ranks_1_8", "ranks_9_9");
  }

  private String columnsRead(SignalTable table, int k) {
    Blueprint blueprint = Digits.blueprint(TOPK_KL.formatted(k, "4"));
    Requirements requirements = blueprint.student().objectives().requires();
    Taught taught =
        Taught.current(
                List.of(new SignalSource(table, blueprint.features())),
                blueprint.recipe().data(),
                requirements)
            .takenBy(blueprint.student().objectives());
    List<Slot> slots =
        RowLayout.targets(requirements, taught.shapes(requirements)).slots().subList(1, 2);
    var plan = new SignalRows(spark, taught, slots).byExample().queryExecution().sparkPlan();
    return ((FileSourceScanExec) plan.collectLeaves().head()).requiredSchema().catalogString();
  }

  @Test
  void plainSparkReadsTheRanks() throws IOException {
    SignalTable table = signals(NINE);
    Dataset<Row> rows =
        spark.read().parquet(table.dataFiles(table.current().orElseThrow()).toArray(String[]::new));

    assertThat(rows.count()).isGreaterThan(1000);
    assertThat(
            rows.where(
                    "logits.ranks_1_8.ids[0] = argmax and size(logits.log_sum_exp) = 2"
                        + " and logits.ranks_1_8.values[0] > logits.ranks_1_8.values[1]"
                        + " and abs(exp(logits.ranks_1_8.values[0] - logits.log_sum_exp[0])"
                        + " - exp(logits.ranks_1_8.values[1] - logits.log_sum_exp[0]) - margin)"
                        + " < 1e-6")
                .count())
        .isEqualTo(rows.count());
    assertThat(rows.schema().apply("logits").dataType().sql())
        .isEqualTo(
            "STRUCT<ranks_1_8: STRUCT<ids: ARRAY<INT>, values: ARRAY<FLOAT>>, ranks_9_9:"
                + " STRUCT<ids: ARRAY<INT>, values: ARRAY<FLOAT>>, log_sum_exp: ARRAY<DOUBLE>>")
        .isEqualTo(SignalCell.type(Map.of("logits", NINE), "logits").sql());
  }

  @Test
  void refusesATermThatNeedsMoreThanWasKept() {
    assertRefused(
        "train.objectives=[{type=kd-kl}]",
        "train.objectives[0]",
        "needs all of the teacher's 'logits', but of each row only the 9 largest are stored (topk);"
            + " use topk-kl, or teach with signals.codecs.logits = dense32");
    assertRefused(
        TOPK_KL.formatted(10, "4"),
        "train.objectives[0].k",
        "is 10, but of each row of 'logits' only the 9 largest are stored; lower it, or teach with"
            + " signals.topk.k = 10");
    assertRefused(
        TOPK_KL.formatted(3, "3"),
        "train.objectives[0].temperature",
        "is 3.0, but of 'logits' the mass of the classes that are not stored is known at [1.0, 4.0]"
            + " only, or teach with that one among signals.topk.temperatures");
    assertRefused(
        TOPK_KL.formatted(3, "{schedule=linear,from=4,to=1}"),
        "train.objectives[0].temperature",
        "changes in the training, but of 'logits' the mass of the classes that are not stored is"
            + " known at [1.0, 4.0] only; give one of these");
    assertRefused(
        "train.objectives=[{type=topk-kl,k=3,temperature=4},{type=topk-kl,k=3,temperature=1}]",
        "train.objectives[1].temperature",
        "is 1.0, that of a term before it 4.0");
  }

  @Test
  void takesTermsThatNeedNoMore() {
    for (String loss :
        List.of(
            TOPK_KL.formatted(9, "1"),
            "train.objectives=[{type=topk-kl,k=3,temperature=4,weight=margin},"
                + "{type=topk-kl,k=5,temperature=4}]")) {
      Problems problems = new Problems();
      new TermChecks(Digits.blueprint(loss).student(), problems).topk(Map.of("logits", NINE));
      assertThat(problems.found()).isEmpty();
    }
  }

  private void assertRefused(String loss, String where, String what) {
    Problems problems = new Problems();
    new TermChecks(Digits.blueprint(loss).student(), problems).topk(Map.of("logits", NINE));
    assertThat(problems.found().stream().map(Problem::toString))
        .singleElement()
        .asString()
        .startsWith("--set train.objectives: " + where)
        .contains(what);
  }

  /** Also a training that no preflight came before. */
  @Test
  void noTrainingStartsWithATermThatNeedsMore() throws IOException {
    List<SignalTable> tables = List.of(signals(NINE));

    assertThatThrownBy(() -> train("refused", tables, Digits.DISTILLED))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("train.objectives[0].type: needs all of the teacher's 'logits'");
    assertThat(folder.resolve("refused/checkpoint")).doesNotExist();
  }

  @Test
  void refusesTopkThatCannotBe() {
    assertThat(ofRecipe("signals.codec=topk"))
        .singleElement()
        .asString()
        .contains("signals.codec: topk keeps the largest logits, other signals cannot have it");
    assertThat(ofRecipe("signals.codecs.embedding=topk", "teacher.outputs.embedding=e"))
        .singleElement()
        .asString()
        .contains("signals.codecs.embedding: topk keeps the largest logits");
    assertThat(ofRecipe("signals.codecs.logits=topk", "signals.topk.k=11"))
        .singleElement()
        .asString()
        .contains("signals.topk.k: is 11, but there are 10 classes; lower it");
    assertThat(ofRecipe("signals.topk.temperatures=[0,1]"))
        .singleElement()
        .asString()
        .contains("signals.topk: temperatures must be positive and at least one, are [0.0, 1.0]");
    assertThat(ofRecipe("signals.codecs.logits=topk")).isEmpty();
  }

  private static List<String> ofRecipe(String... overrides) {
    Problems problems = new Problems();
    Digits.blueprint(problems, overrides);
    return problems.found().stream().map(Problem::toString).toList();
  }
}
