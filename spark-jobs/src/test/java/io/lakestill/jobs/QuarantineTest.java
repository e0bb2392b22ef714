package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.recipe.ModelRole;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bad row within the budget stops nothing, and no model sees an example another does not. */
class QuarantineTest {
  private static final SparkSession SPARK = LocalSession.open();

  @TempDir private Path folder;
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final ObjectNode summary = Json.object();
  private OutputFolder output;
  private Blueprint blueprint;

  @BeforeEach
  void write() throws IOException {
    List<Row> rows = Pets.rows(80, 11);
    write("train", rows.subList(0, 40), "pet--train");
    write("validation", rows.subList(40, 60), "pet--validation");
    write("test", rows.subList(60, 80), "pet--test");
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(3).onnx());
    output = OutputFolder.of(folder.resolve("out").toString(), SPARK);
    blueprint =
        Pets.blueprint(
            path("train"),
            "data.validation=" + path("validation"),
            "data.test=" + path("test"),
            "teacher.onnx=" + path("teacher.onnx"),
            "data.views={count = 2, transforms = [{type = shift}]}",
            "train.batch=8",
            "train.epochs=1",
            "train.seeds=[1]",
            "evaluate.gates=[]");
  }

  /** Sound rows, and before them, in the order of keys, one that cannot be decoded. */
  private void write(String name, List<Row> sound, String bad) {
    List<Row> rows = new ArrayList<>(sound);
    rows.add(Pets.row(bad, new float[] {1, Float.POSITIVE_INFINITY, 1, 1, 1, 1}, 0L));
    Pets.write(SPARK, rows, 2, path(name));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void runEveryStage() {
    Console console = new Console(new PrintStream(lines, true, StandardCharsets.UTF_8), false);
    Pipeline pipeline =
        new Pipeline(
            SPARK,
            blueprint,
            output,
            console,
            new StageLog(console),
            summary,
            UUID.randomUUID().toString());
    for (Stage stage : Stage.values()) {
      pipeline.run(stage);
    }
  }

  @Test
  void studentAndTwinLearnFromTheSameRowsAndAllStagesSucceed() {
    runEveryStage();

    CheckpointManifest student = trained(ModelRole.STUDENT);
    CheckpointManifest twin = trained(ModelRole.SCRATCH);
    assertThat(student.rows()).isEqualTo(new CheckpointManifest.Rows(40, 20, 2, 2, 0));
    assertThat(twin.rows()).isEqualTo(student.rows());
    assertThat(student.signals()).hasSize(1);
    assertThat(twin.signals()).isEmpty();
    assertThat(folder.resolve("out/student/student.onnx")).exists();
    assertThat(folder.resolve("out/scratch/scratch.onnx")).exists();
    assertThat(summary.path("left_out").asLong()).isEqualTo(1);
    assertThat(lines.toString(StandardCharsets.UTF_8))
        .contains("test rows left out for all models: 1, such as 'pet--test' (value 1 is not");
  }

  @Test
  void saysHowManyTestRowsWereLeftOutAlsoWhenThereIsNothingToDo() {
    runEveryStage();
    summary.removeAll();

    runEveryStage();

    assertThat(summary.path("left_out").asLong()).isEqualTo(1);
    assertThat(lines.toString(StandardCharsets.UTF_8)).contains("already done");
  }

  @Test
  void comparesEnginesOnTheFirstRowsThatCanBeUsed() {
    RealRows three =
        RealRows.first(SPARK, blueprint.recipe().data(), Split.VALIDATION, blueprint.features(), 3);
    RealRows all =
        RealRows.first(
            SPARK, blueprint.recipe().data(), Split.VALIDATION, blueprint.features(), 99);

    assertThat(three.count()).isEqualTo(3);
    assertThat(all.count()).isEqualTo(20);
    assertThat(all.features()).startsWith(three.features()).hasSize(20 * Pets.WIDTH);
  }

  private CheckpointManifest trained(ModelRole role) {
    return new CheckpointFolder(output.checkpoint(role, 1), SPARK.sessionState().newHadoopConf())
        .required();
  }
}
