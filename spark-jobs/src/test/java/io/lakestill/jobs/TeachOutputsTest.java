package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signals from tensors that the teacher's file does not declare as outputs. */
class TeachOutputsTest {
  private static final SparkSession SPARK = LocalSession.open();

  @TempDir private Path folder;
  private final long seed = System.nanoTime();
  private final List<Row> rows = Pets.rows(60, seed);

  /** The flattened input is no output of the oracle. */
  @Test
  void teachesATensorInsideTheModel() throws Exception {
    Pets.write(SPARK, rows, 3, path("table"));
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(seed).onnx());
    teach(Pets.recipe(path("table")), "first");
    Recipe recipe = Pets.recipe(path("table"), "teacher.outputs.map=\"flat:0\"");

    SignalManifest manifest = teach(recipe, "second");

    assertThat(manifest.version()).as("the choice of outputs is fingerprinted").isEqualTo(2);
    assertThat(manifest.signals())
        .containsExactly(
            new SignalColumn("logits", 4),
            new SignalColumn("embedding", 3),
            new SignalColumn("map", 6));
    assertThat(signals(manifest)).hasSize(60);
    for (Row row : signals(manifest)) {
      String id = row.getAs("sample_id");
      assertThat(row.<Float>getList(row.fieldIndex("map")))
          .as("seed %d, %s", seed, id)
          .containsExactlyElementsOf(scaled(id));
    }
  }

  /** The oracle's recipe gives every pixel twice its value. */
  private List<Float> scaled(String id) {
    Row row = rows.stream().filter(r -> r.getString(0).equals(id)).findFirst().orElseThrow();
    List<Float> scaled = new ArrayList<>();
    for (float pixel : (float[]) row.get(1)) {
      scaled.add(2 * pixel);
    }
    return scaled;
  }

  private SignalManifest teach(Recipe recipe, String runId) {
    return TeachJob.run(
        SPARK,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        path("signals"),
        runId,
        progress -> {});
  }

  private List<Row> signals(SignalManifest manifest) {
    SignalTable table =
        new SignalTable(
            new org.apache.hadoop.fs.Path(path("signals")), SPARK.sessionState().newHadoopConf());
    return SPARK.read().parquet(table.dataFiles(manifest).toArray(String[]::new)).collectAsList();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
