package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.Errors;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalManifest;
import io.lakestill.teacher.OnnxFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What changes beside a teach while it works. */
class TeachLeasesTest {
  @TempDir private Path folder;

  private final SparkSession spark = LocalSession.open();
  private final Map<String, List<Row>> days = DailyPets.threeDays(3);
  private DailyPets pets;

  @BeforeEach
  void writeDays() throws IOException {
    pets = new DailyPets(spark, folder);
    pets.write(days);
    pets.writeTeacher(Oracle.random(3));
  }

  @Test
  void aRunThatHasLostTheOutputFolderCommitsNothing() {
    Recipe undated = Pets.recipe(pets.path("table"));
    Runnable lost =
        () -> {
          throw Errors.held("Output 'out'", "run other", "");
        };
    TeachJob.Order order =
        new TeachJob.Order(
            "late", DateSelection.ALL, pets.console(), progress -> {}, lost, slice -> {});

    assertThatThrownBy(() -> teach(undated, order))
        .hasMessage("Output 'out' is held by run other; wait for it to end.");

    assertThat(pets.table("signals").current()).isEmpty();
    assertThat(pets.table("signals").versions()).isEmpty();
  }

  @Test
  void aDateThatCameBackBeforeItsSliceWasDroppedStays() throws Exception {
    SignalManifest first = pets.teach("signals", "first", DateSelection.ALL);
    FileUtil.fullyDelete(folder.resolve("table/dt=" + FIRST).toFile());
    DeadLease.leave(folder.resolve("signals"), FIRST);
    // The lease is taken between the look that finds the date gone and the drop.
    OutputStreamOnTakeover shown = new OutputStreamOnTakeover();
    Console console = new Console(new PrintStream(shown, true, StandardCharsets.UTF_8), false);

    SignalManifest second =
        teach(
            pets.recipe(),
            new TeachJob.Order("second", DateSelection.ALL, console, progress -> {}));

    assertThat(shown.toString(StandardCharsets.UTF_8)).contains("Taking over date 2026-11-01");
    assertThat(second).isEqualTo(first);
  }

  private final class OutputStreamOnTakeover extends ByteArrayOutputStream {
    private boolean done;

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      super.write(bytes, offset, length);
      if (!done && toString(StandardCharsets.UTF_8).contains("Taking over date")) {
        done = true;
        pets.write(FIRST, days.get(FIRST));
      }
    }
  }

  /** A run over many dates lists them once, and each date's files at its turn. */
  @Test
  void foldersThatComeMeanwhileAreInputsOfTheirDate() {
    for (String layout : List.of("by-date/dt=%1$s/hour=%2$d", "by-hour/hour=%2$d/dt=%1$s")) {
      String table = layout.substring(0, layout.indexOf('/'));
      Pets.write(spark, days.get(FIRST), 1, pets.path(layout.formatted(FIRST, 1)));
      Pets.write(spark, days.get(SECOND), 1, pets.path(layout.formatted(SECOND, 1)));
      Recipe recipe = Pets.recipe(pets.path(table), "data.date=dt");
      ExampleDates dates = new ExampleDates(spark, recipe.data());
      List<InputSnapshot> before = dates.inputs(FIRST);
      List<InputSnapshot> other = dates.inputs(SECOND);

      Pets.write(spark, days.get(THIRD), 1, pets.path(layout.formatted(FIRST, 2)));

      assertThat(dates.inputs(FIRST)).as(layout).isNotEqualTo(before);
      assertThat(dates.inputs(SECOND)).as(layout).isEqualTo(other);
      assertThat(dates.inputs(FIRST))
          .as(layout)
          .isEqualTo(new ExampleDates(spark, recipe.data()).inputs(FIRST));
    }
  }

  private SignalManifest teach(Recipe recipe, TeachJob.Order order) {
    var settings = recipe.teacher().orElseThrow();
    OnnxFile file =
        OnnxFile.read(
            new org.apache.hadoop.fs.Path(pets.path("teacher.onnx")),
            spark.sessionState().newHadoopConf());
    return TeachJob.run(
        spark,
        recipe,
        () -> OnnxPass.of(spark, recipe, settings, file),
        pets.path("signals"),
        order);
  }
}
