package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody writes to the training table while it is taught. */
class ChangingTableTest {
  private static final SparkSession SPARK = LocalSession.open();

  @TempDir private Path folder;

  @Test
  void isToBeTriedAgainAndLeavesNoSignals() throws IOException {
    List<Row> rows = Pets.rows(60, 7);
    Pets.write(SPARK, rows.subList(0, 50), 1, path("train"));
    Pets.write(SPARK, rows.subList(50, 60), 1, path("validation"));
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(7).onnx());
    Recipe recipe =
        Pets.recipe(
            path("train"),
            "data.train-where=" + FadingRows.condition(SPARK, 50),
            "data.validation=" + path("validation"));

    assertThatThrownBy(
            () ->
                TeachJob.run(
                    SPARK,
                    recipe,
                    recipe.teacher().orElseThrow(),
                    path("teacher.onnx"),
                    path("signals"),
                    "run",
                    progress -> {}))
        .isInstanceOf(LakestillException.class)
        .hasMessage(
            "Table '%s' or '%s' changed while it was read; nothing of it was kept. Start again.",
            path("train"), path("validation"))
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.TRY_AGAIN);
    SignalTable table =
        new SignalTable(
            new org.apache.hadoop.fs.Path(path("signals")), SPARK.sessionState().newHadoopConf());
    assertThat(table.current()).isEmpty();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
