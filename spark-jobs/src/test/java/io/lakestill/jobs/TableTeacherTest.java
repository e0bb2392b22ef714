package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.data.RawFeatures;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.LogitSummary;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A teacher that spoke elsewhere: its signal table is one as a model's. */
class TableTeacherTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final int ROWS = 60;

  @TempDir private Path folder;

  private final long seed = System.nanoTime();
  private ScoredPets pets;

  @BeforeEach
  void write() {
    pets = ScoredPets.of(SPARK, folder, ROWS, seed);
    pets.store(pets.scores());
  }

  @Test
  void writesWhatAModelWould() {
    Recipe recipe = pets.recipe("logits = dense", "teacher.outputs.embedding=features");

    SignalManifest manifest = teach(recipe, "one");

    assertThat(manifest.signals())
        .extracting(SignalColumn::name)
        .containsExactly("logits", "embedding");
    assertThat(manifest.teacher().id()).isEqualTo("gbt");
    assertThat(manifest.inputs())
        .extracting(input -> input.path())
        .containsExactly(pets.path("table"), pets.path("scores"));
    Map<String, Row> taught = taught(manifest, "one");
    for (Row pet : pets.pets()) {
      Row row = taught.get(pet.getString(0));
      float[] logits = ScoredPets.floats(pets.said().get(pet.getString(0)));
      LogitSummary summary = LogitSummary.of(logits, 0, 4);
      assertThat(row.getList(row.fieldIndex("logits"))).as("seed %d", seed).isEqualTo(list(logits));
      assertThat(row.<Integer>getAs("label")).isEqualTo((int) pet.getLong(2));
      assertThat(row.<String>getAs("content_hash"))
          .isEqualTo(new RawFeatures.Floats((float[]) pet.get(1)).contentHash());
      assertThat(row.<Integer>getAs("argmax")).isEqualTo(summary.argmax());
      assertThat(row.<Float>getAs("entropy")).isEqualTo(summary.entropy());
      assertThat(row.<Float>getAs("margin")).isEqualTo(summary.margin());
      assertThat(row.getList(row.fieldIndex("embedding")).get(1)).isEqualTo(logits[0]);
    }
  }

  /** A table paired by position would give every row the logits of another. */
  @Test
  void rowsArePairedByKeyWhateverTheirOrder() {
    SignalManifest manifest = teach(pets.recipe("logits = doubles"), "first");
    List<Row> shuffled = new ArrayList<>(pets.scores());
    shuffled.add(ScoredPets.score("somebody-else", new double[4]));
    Collections.shuffle(shuffled, new Random(seed));
    pets.store(shuffled);

    SignalManifest again = teach(pets.recipe("logits = doubles"), "second");

    assertThat(again.files())
        .as("seed %d", seed)
        .extracting(SignalFile::sha256)
        .containsExactlyElementsOf(manifest.files().stream().map(SignalFile::sha256).toList());
  }

  @Test
  void aTableThatChangedIsReadAgainAndOneThatDidNotIsNot() {
    Recipe recipe = pets.recipe("logits = doubles");
    SignalManifest first = teach(recipe, "one");
    assertThat(teach(recipe, "one")).isEqualTo(first);
    List<Row> changed = new ArrayList<>(pets.scores());
    changed.set(5, ScoredPets.score("pet-005", new double[] {9, 0, 0, 0}));
    pets.store(changed);

    SignalManifest second = teach(recipe, "one");

    assertThat(second.version()).isEqualTo(2);
    assertThat(second.newRows()).isEqualTo(ROWS);
    assertThat(second.teacher()).as("the same teacher said more").isEqualTo(first.teacher());
    assertThat(second.basis()).isEqualTo(first.basis());
    Row row = taught(second, "one").get("pet-005");
    assertThat(row.getList(row.fieldIndex("logits"))).isEqualTo(list(new float[] {9, 0, 0, 0}));
    Recipe otherwise = pets.recipe("probabilities = probability");
    assertThat(teach(otherwise, "one").teacher()).isNotEqualTo(first.teacher());
  }

  @Test
  void rowsWithoutScoresGoToQuarantineWithinTheBudget() {
    pets.store(pets.scores().subList(0, ROWS - 6));

    SignalManifest manifest = teach(pets.recipe("logits = doubles"), "few");

    assertThat(manifest.rows()).isEqualTo(ROWS - 6);
    assertThat(rows(table("few").quarantineFiles(manifest)))
        .hasSize(6)
        .allSatisfy(
            row ->
                assertThat(row.<String>getAs("reason"))
                    .isEqualTo("the table of scores has no row of it"))
        .extracting(row -> row.<String>getAs("sample_id"))
        .contains("pet-054", "pet-059");

    pets.store(pets.scores().subList(0, ROWS - 7));
    assertThatThrownBy(() -> teach(pets.recipe("logits = doubles"), "few"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("into quarantine, signals.quarantine-budget = 0.1 allows 6")
        .hasMessageContaining("(view 0): the table of scores has no row of it");
  }

  @Test
  void refusesWhatTheRecipeContradicts() {
    assertRefused(
        "teacher.table.logits: names 2 columns for 4 classes; name one for each, in the order"
            + " of data.classes, or one that holds all",
        "logits = [cat, dog]");
    assertRefused(
        "teacher.table.confidence: must be above 1/4, the chance of a guess, and at most 1, is"
            + " 0.25",
        "answer = name, confidence = 0.25");
    assertRefused(
        "--set teacher: teacher.table: says one thing of an example, but data.views.count = 2;"
            + " set that to 1",
        "logits = dense",
        "data.views={count=2,transforms=[{type=shift}]}");
  }

  private void assertRefused(String message, String table, String... overrides) {
    assertThatThrownBy(() -> pets.recipe(table, overrides))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining(message);
  }

  private SignalManifest teach(Recipe recipe, String name) {
    return TeachJob.run(
        SPARK,
        recipe,
        () -> TablePass.of(SPARK, recipe, recipe.teacher().orElseThrow()),
        pets.path(name),
        new TeachJob.Order("run", DateSelection.ALL, Console.ofProcess(), progress -> {}));
  }

  private SignalTable table(String name) {
    return new SignalTable(
        new org.apache.hadoop.fs.Path(pets.path(name)), SPARK.sessionState().newHadoopConf());
  }

  private Map<String, Row> taught(SignalManifest manifest, String name) {
    Map<String, Row> rows = new HashMap<>();
    rows(table(name).dataFiles(manifest)).forEach(row -> rows.put(row.getString(0), row));
    assertThat(rows).hasSize((int) manifest.rows());
    return rows;
  }

  private static List<Row> rows(List<String> files) {
    return SPARK.read().parquet(files.toArray(String[]::new)).collectAsList();
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }
}
