package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.export.Bundle;
import io.lakestill.export.BundleManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same recipe, trained again here and on another shape. */
class ReproducibleTest {
  private static final String RECIPE =
      """
      name = again
      output = unused
      data {
        train = "%s"
        train-where = "split = 'train'"
        validation = ${data.train}
        validation-where = "split = 'valid'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      student { layers = [
        { type = convolution, channels = 4, kernel = 3, padding = 1 }, { type = relu },
        { type = flatten }, { type = dropout, rate = 0.2 }, { type = linear, width = 10 } ] }
      train { objectives = [{ type = cross-entropy }], epochs = 2, batch = 60, engine = arrays }
      """;

  @TempDir Path folder;

  @AfterEach
  void end() {
    endSession();
  }

  private static void endSession() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
  }

  private static void openSession(int cores) {
    endSession();
    SparkSession.builder()
        .master("local[%d]".formatted(cores))
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate();
  }

  private BundleManifest trained(int cores, String output) throws IOException {
    String digits = Path.of("../conf/quickstart/digits.parquet").toAbsolutePath() + "";
    Path recipe = Files.writeString(folder.resolve("recipe.conf"), RECIPE.formatted(digits));
    for (String command : new String[] {"train", "export"}) {
      openSession(cores);
      done(command, "--recipe", recipe.toString(), "--output", folder.resolve(output).toString());
    }
    return Bundle.open(student(output), new Configuration()).manifest();
  }

  private static JsonNode done(String... arguments) {
    CommandLineRun run = CommandLineRun.of(arguments);
    assertThat(run.exit()).as(run.err()).isZero();
    return run.summary();
  }

  private org.apache.hadoop.fs.Path student(String output) {
    return new org.apache.hadoop.fs.Path(folder.resolve(output).resolve("student").toUri());
  }

  @Test
  void theSameShapeGivesTheSameBytesAndAnotherSaysInWhatItDiffers() throws IOException {
    BundleManifest first = trained(2, "first");
    BundleManifest again = trained(2, "again");
    BundleManifest alone = trained(1, "alone");

    assertThat(again.files()).isEqualTo(first.files());
    assertThat(again.contentHash()).isEqualTo(first.contentHash());
    assertThat(again.provenance().environment()).isEqualTo(first.provenance().environment());
    assertThat(alone.contentHash()).isNotEqualTo(first.contentHash());
    openSession(2);
    JsonNode said =
        done("compare", "--bundle", student("first") + "", "--with", student("alone") + "");
    assertThat(said.get("same").asBoolean()).isFalse();
    assertThat(said.get("differences").findValuesAsText("key"))
        .contains("environment.legs[0].cores", "files.student.onnx")
        .doesNotContain("environment.processors", "code_version", "recipe.train.batch");
  }
}
