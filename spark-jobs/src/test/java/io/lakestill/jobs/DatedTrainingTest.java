package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.SignalFile;
import io.lakestill.train.RowLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training reads the slices of the dates that its examples are of, and no others. */
class DatedTrainingTest {
  @TempDir private Path folder;

  private final SparkSession spark = LocalSession.open();
  private final long seed = System.nanoTime();
  private final Map<String, List<Row>> days = DailyPets.threeDays(seed);
  private DailyPets pets;

  @BeforeEach
  void teachThreeDays() throws Exception {
    pets = new DailyPets(spark, folder);
    // A key of the first day comes again on the third.
    List<Row> third = new ArrayList<>(days.get(THIRD));
    third.set(0, days.get(FIRST).get(0));
    days.put(THIRD, third);
    pets.write(days);
    pets.writeTeacher(Oracle.random(seed));
    pets.teach("signals", "run", DateSelection.ALL);
  }

  @Test
  void readsOnlyTheDatesOfItsExamples() throws Exception {
    String where = "data.train-where=dt <= '2026-11-02'";
    TrainingInputs inputs = inputs(where);
    assertThat(inputs.dates().orElseThrow()).isEqualTo(Set.of(FIRST, SECOND));
    for (SignalFile file : pets.table("signals").current().orElseThrow().files()) {
      if (file.name().contains(THIRD)) {
        Files.delete(folder.resolve("signals").resolve(file.name()));
      }
    }

    Taught taught = taught(inputs, where);

    assertThat(taught.versions().get(0).manifest().dates()).containsExactly(FIRST, SECOND);
    taught.requireSound(spark, TableCheck.Depth.BYTES);
    PackedTables tables = pack(taught, where);
    assertThat(tables.rows().training() + tables.rows().validation()).isEqualTo(40);
    assertThat(tables.rows().orphans()).isZero();

    List<Row> grown = new ArrayList<>(days.get(THIRD));
    grown.remove(19);
    pets.write(THIRD, grown);
    assertThat(inputs(where)).as("another date is no input of this training").isEqualTo(inputs);
    pets.write(SECOND, days.get(SECOND).subList(0, 19));
    assertThat(inputs(where)).isNotEqualTo(inputs);
  }

  @Test
  void aKeyInTwoDatesIsRefusedOnlyWhereBothAreRead() {
    assertThat(pack("data.train-where=dt >= '2026-11-02'").rows().training()).isPositive();

    assertThatThrownBy(() -> pack("data.train-where=dt is not null"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("column 'sample_id' is not a key: 1 row repeat one, such as pet-000");
  }

  @Test
  void examplesOfADateThatIsNotTaughtCountAsMissing() {
    pets.write("2026-11-04", Pets.rows(66, seed).subList(60, 66));
    String where = "data.train-where=dt >= '2026-11-03'";

    assertThatThrownBy(() -> pack(where))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("6 examples without signals, such as pet-060, pet-061");

    CoverageSettings some = new CoverageSettings(0.5, 0, 1);
    PackedTables tables = pack(taught(inputs(where), some, where), where);
    assertThat(tables.rows().training() + tables.rows().validation()).isEqualTo(20);
  }

  private PackedTables pack(String where) {
    return pack(taught(inputs(where), where), where);
  }

  private PackedTables pack(Taught taught, String where) {
    Blueprint blueprint = blueprint(where);
    Requirements requirements = blueprint.student().objectives().requires();
    RowLayout targets = RowLayout.targets(requirements, taught.shapes(requirements));
    return PackedTables.pack(
        spark, new PackedTables.Plan(data(where), blueprint.features(), targets, taught, 1));
  }

  private TrainingInputs inputs(String where) {
    return TrainingInputs.of(spark, data(where));
  }

  private Taught taught(TrainingInputs inputs, String where) {
    return taught(inputs, CoverageSettings.COMPLETE, where);
  }

  private Taught taught(TrainingInputs inputs, CoverageSettings coverage, String where) {
    Blueprint blueprint = blueprint(where);
    return Taught.current(
        List.of(new SignalSource(pets.table("signals"), blueprint.features(), coverage)),
        data(where),
        blueprint.student().objectives().requires(),
        inputs::reads);
  }

  private Blueprint blueprint(String where) {
    return Pets.blueprint(pets.path("table"), "data.date=dt", where);
  }

  private DataSettings data(String where) {
    return blueprint(where).recipe().data();
  }
}
