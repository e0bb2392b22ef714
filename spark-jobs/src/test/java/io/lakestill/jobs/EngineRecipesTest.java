package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.SyntheticSignals.Example;
import io.lakestill.recipe.ModelRole;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train.engine}, from the recipe to the checkpoint, by the command line alone. */
class EngineRecipesTest {
  private static final String RECIPE =
      """
      name = engines
      output = "%1$s/out"
      data {
        train = ${lakestill.home}/conf/quickstart/digits.parquet
        train-where = "split = 'train'"
        validation = ${data.train}
        validation-where = "split = 'valid'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      teacher { id = sure, table { path = "%1$s/sure", logits = logits } }
      student { architecture = lenet, channels = [8, 16], kernel = 3, hidden = [16] }
      train {
        objectives = [{ type = kd-kl }], epochs = 6, batch = 64
        optimizer { learning-rate = 1e-2 }
        engine = %2$s
      }
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void teachOnce() throws IOException {
    try (SparkSession spark = LocalSession.open()) {
      List<Row> rows = new ArrayList<>();
      for (Split split : List.of(Split.TRAIN, Split.VALIDATION)) {
        for (Example example : Digits.examples(split)) {
          Double[] logits = new Double[10];
          for (int c = 0; c < logits.length; c++) {
            logits[c] = c == example.label() ? 20.0 : 0.1 * c;
          }
          rows.add(RowFactory.create(example.id(), logits));
        }
      }
      spark
          .createDataFrame(rows, StructType.fromDDL("sample_id string, logits array<double>"))
          .coalesce(1)
          .write()
          .parquet(folder.resolve("sure").toString());
    }
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    CommandLineRun taught = run("teach", "arrays");
    assertThat(taught.exit()).as(taught.err()).isZero();
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  private static CommandLineRun run(String command, String engine) throws IOException {
    Path recipe = Files.writeString(folder.resolve("my.conf"), RECIPE.formatted(folder, engine));
    return CommandLineRun.of(command, "--recipe", recipe.toString());
  }

  @ParameterizedTest
  @CsvSource({"onednn, onednn", "bigdl, bigdl", "auto, arrays|onednn"})
  void aRecipeTrainsByTheEngineItNames(String written, String recorded) throws IOException {
    CommandLineRun run = run("train", written);

    assertThat(run.exit()).as(run.err()).isZero();
    OutputFolder output =
        new OutputFolder(new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()));
    CheckpointManifest left =
        new CheckpointFolder(output.checkpoint(ModelRole.STUDENT, 1), new Configuration())
            .required();
    assertThat(left.engine()).matches("(" + recorded + "), BigDL .*, 1 x 2 cores");
    assertThat(left.best().validationAccuracy()).isGreaterThan(0.6);
  }

  @Test
  void anEngineThatDoesNotExistIsRefused() throws IOException {
    CommandLineRun run = run("train", "cuda");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).contains("train.engine").contains("arrays, bigdl, onednn, auto");
  }
}
