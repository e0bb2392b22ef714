package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.io.EnumText;
import io.lakestill.recipe.TableFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The commands, over signal tables whose rows Iceberg and Delta keep. */
class FormatCommandsTest {
  private static final String NAME = "commands";

  private static FormatSession session;

  @TempDir private Path folder;

  @BeforeAll
  static void openSession(@TempDir Path lake) {
    session = new FormatSession(lake);
  }

  @AfterAll
  static void closeSession() {
    session.close();
  }

  @BeforeEach
  void writeTable() throws IOException {
    try (SparkSession spark = LocalSession.open()) {
      Pets.write(spark, Pets.rows(40, 3), 2, folder.resolve("table").toString());
    }
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(3).onnx());
    Files.writeString(
        folder.resolve("pets.conf"),
        Pets.text(folder.resolve("table").toString())
            .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"")
            .replace("train {", "train { batch = 8, epochs = 2,"));
  }

  /** The command over the recipe, in a folder of its own. */
  private CommandLineRun run(String command, String output, String... overrides) {
    List<String> arguments =
        new ArrayList<>(List.of(command, "--recipe", folder.resolve("pets.conf").toString()));
    arguments.addAll(List.of("--output", folder.resolve(output).toString()));
    for (String override : overrides) {
      arguments.addAll(List.of("--set", override));
    }
    return CommandLineRun.of(arguments.toArray(String[]::new));
  }

  private CommandLineRun ofTable(String command) {
    return CommandLineRun.of(
        command, "--table", folder.resolve("stored/signals/oracle").toString());
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void theStudentIsThatOfAFolderOfFilesAndWhatOthersChangeIsRefused(TableFormat format)
      throws IOException {
    String[] recipe = session.recipe(format, NAME);
    String stored = EnumText.of(format) + " table " + session.table(format, NAME);
    byte[] expected = student("files");

    assertThat(student("stored", recipe)).isEqualTo(expected);
    assertThat(run("teach", "stored", recipe).summary().path("new_rows").asInt()).isZero();
    assertRun(ofTable("verify"), 0, "is sound: 0 files and " + stored + ", 40 rows");
    assertThat(ofTable("inspect").out()).contains("rows in " + stored, "pet-0");
    assertRun(
        ofTable("compact"), 2, format == TableFormat.DELTA ? "OPTIMIZE" : "rewrite_data_files");

    try (SparkSession spark = LocalSession.open()) {
      spark.sql(
          "DELETE FROM %s WHERE sample_id = 'pet-003'".formatted(session.table(format, NAME)));
    }
    assertRun(ofTable("verify"), 3, "was changed, and not by Lakestill: there are 39 rows");
    String[] longer = {recipe[0], recipe[1], "train.epochs=3"};
    assertRun(run("train", "stored", longer), 3, "was changed, and not by Lakestill");
    assertRun(run("teach", "stored", recipe), 0, "");
    assertRun(ofTable("verify"), 0, stored + ", 40 rows");
    assertRun(run("train", "stored", longer), 0, "");
  }

  /** The parameters of a student that is taught and trained. */
  private byte[] student(String output, String... overrides) throws IOException {
    assertRun(run("teach", output, overrides), 0, "");
    assertRun(run("train", output, overrides), 0, "");
    try (var files = Files.walk(folder.resolve(output + "/checkpoints/student"))) {
      List<Path> parameters =
          files.filter(file -> file.toString().endsWith(".safetensors")).toList();
      assertThat(parameters).hasSize(1);
      return Files.readAllBytes(parameters.get(0));
    }
  }

  private static void assertRun(CommandLineRun run, int exit, String said) {
    assertThat(run.exit()).as(run.err()).isEqualTo(exit);
    assertThat(run.err()).contains(said);
  }
}
