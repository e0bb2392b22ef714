package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever became of a table since the teacher saw it, a student learns from what the teacher said
 * of the very example, or is refused with the keys.
 */
class CoverageTest {
  private static final String VIEWS =
      "data.views={count = 2, transforms = [{type = shift}, {type = noise}]}";

  @TempDir private Path folder;

  private final SparkSession spark = LocalSession.open();
  private final long seed = System.nanoTime();
  private final Oracle oracle = Oracle.random(seed);
  private final List<Row> rows = Pets.rows(100, seed);

  @BeforeEach
  void teachOnce() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), oracle.onnx());
    write(rows);
    teach();
  }

  @Test
  void aShuffledTableIsPairedByKey() {
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    write(shuffled);

    assertPairedRight(pack(CoverageSettings.COMPLETE), 100);
  }

  @Test
  void aFilteredTableIsPairedByKeyAndItsOrphansAreCounted() {
    write(rows.subList(30, 100));

    PackedTables tables = pack(CoverageSettings.COMPLETE);

    assertPairedRight(tables, 70);
    assertThat(tables.rows().orphans()).isEqualTo(30);
  }

  @Test
  void anAppendedTableIsPairedByKeyOnceItsNewRowsAreTaught() {
    List<Row> more = new ArrayList<>(Pets.rows(120, seed + 1).subList(100, 120));
    more.addAll(rows);
    write(more);
    assertRefused(
        CoverageSettings.COMPLETE,
        "20 examples without signals, such as pet-100, pet-101, pet-102, pet-103, pet-104; run"
            + " teach again");

    teach();

    assertPairedRight(pack(CoverageSettings.COMPLETE), 120);
  }

  @Test
  void leavesOutSoManyExamplesWithoutSignalsAsTheRecipeAllows() {
    List<Row> more = new ArrayList<>(Pets.rows(120, seed + 1).subList(100, 120));
    more.addAll(rows);
    write(more);

    assertRefused(
        new CoverageSettings(0.1, 0, 1),
        "20 of 120 examples have no signals in '",
        "version 1, such as pet-100, pet-101, pet-102, pet-103, pet-104;"
            + " signals.coverage.missing = 0.1 allows 12: run teach again, or allow more.");

    PackedTables tables = pack(new CoverageSettings(0.2, 0, 1));
    assertPairedRight(tables, 100);
    assertThat(tables.rows().training() + tables.rows().validation()).isEqualTo(100);
  }

  @Test
  void leavesOutSoManyExamplesOfOtherContentAsTheRecipeAllows() {
    List<Row> changed = new ArrayList<>(rows);
    for (int i = 0; i < 6; i++) {
      changed.set(i, Pets.row("pet-%03d".formatted(i), new float[] {1, 2, 3, 4, 5, 6}, 0L));
    }
    write(changed);

    assertRefused(
        CoverageSettings.COMPLETE,
        "6 examples whose content is not what the teacher saw, such as pet-000, pet-001, pet-002,"
            + " pet-003, pet-004; run teach again");
    assertRefused(
        new CoverageSettings(1, 0.05, 1),
        "6 of 100 examples have other content than the teacher saw in '",
        "such as pet-000, pet-001, pet-002, pet-003, pet-004; signals.coverage.changed = 0.05"
            + " allows 5:");

    assertPairedRight(pack(new CoverageSettings(0, 0.06, 1)), 94);
  }

  /** The label is no part of what the teacher saw. */
  @Test
  void anotherLabelIsNoOtherContent() {
    List<Row> relabelled = new ArrayList<>(rows);
    Row first = rows.get(0);
    relabelled.set(0, Pets.row(first.getString(0), (float[]) first.get(1), 3 - first.getLong(2)));
    write(relabelled);

    assertPairedRight(pack(new CoverageSettings(0, 0.001, 1)), 100);
  }

  @Test
  void refusesMoreOrphansThanTheRecipeAllows() {
    write(rows.subList(30, 100));

    assertRefused(
        new CoverageSettings(0, 0, 0.29),
        "30 of 100 examples with signals in '",
        "are in no table, such as pet-000, pet-001, pet-002, pet-003, pet-004;"
            + " signals.coverage.orphans = 0.29 allows 29:");
    assertPairedRight(pack(new CoverageSettings(0, 0, 0.3)), 70);
  }

  @Test
  void theRecipeSaysHowMuchMayLack() {
    assertThat(Pets.recipe(path("table")).signals().coverage())
        .isEqualTo(CoverageSettings.COMPLETE);
    Recipe recipe = Pets.recipe(path("table"), "signals.coverage={missing=0.25, orphans=0.5}");
    assertThat(recipe.signals().coverage()).isEqualTo(new CoverageSettings(0.25, 0, 0.5));
    assertThatThrownBy(() -> Pets.recipe(path("table"), "signals.coverage.changed=2"))
        .hasMessageContaining("changed must be in [0, 1], is 2.0");
  }

  private void assertRefused(CoverageSettings coverage, String... parts) {
    for (String part : parts) {
      assertThatThrownBy(() -> pack(coverage))
          .isInstanceOfSatisfying(
              LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
          .hasMessageContaining(part);
    }
  }

  /** Each row's logits must be what the teacher says of that row's own features. */
  private void assertPairedRight(PackedTables tables, int examples) {
    int packed = 0;
    for (PackedRow row : tables.training().union(tables.validation()).collect()) {
      for (int view = 0; view < row.features().length / Pets.WIDTH; view++) {
        float[] features = slice(row.features(), view, Pets.WIDTH);
        float[] target = slice(row.targets(), view, 5);
        assertThat(Arrays.copyOfRange(target, 1, 5))
            .as("seed %d", seed)
            .containsExactly(oracle.logits(features), within(1e-4f));
      }
      packed++;
    }
    assertThat(packed).isEqualTo(examples);
  }

  private static float[] slice(float[] values, int index, int width) {
    return Arrays.copyOfRange(values, index * width, (index + 1) * width);
  }

  private PackedTables pack(CoverageSettings coverage) {
    Blueprint blueprint = Pets.blueprint(path("table"), VIEWS);
    Requirements requirements = blueprint.student().objectives().requires();
    SignalTable table =
        new SignalTable(
            new org.apache.hadoop.fs.Path(path("signals")), spark.sessionState().newHadoopConf());
    Taught taught =
        Taught.current(
            List.of(new SignalSource(table, blueprint.features(), coverage)),
            blueprint.recipe().data(),
            requirements);
    RowLayout targets = RowLayout.targets(requirements, taught.shapes(requirements));
    return PackedTables.pack(
        spark,
        new PackedTables.Plan(blueprint.recipe().data(), blueprint.features(), targets, taught, 2));
  }

  private void teach() {
    Recipe recipe = Pets.recipe(path("table"), VIEWS);
    TeachJob.run(
        spark,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        path("signals"),
        "run",
        progress -> {});
  }

  private void write(List<Row> table) {
    Pets.write(spark, table, 3, path("table"));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
