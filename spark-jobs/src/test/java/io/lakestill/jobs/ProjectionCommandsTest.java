package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A teacher of digits whose embedding is projected, from the command line to the trained student.
 */
class ProjectionCommandsTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final String PCA = "signals.project.embedding={to = 8, by = pca, rows = 200}";

  /** A term with a head, and one that compares what is of one width. */
  private static final String RECIPE =
      """
      name = projected
      data {
        train = "%1$s"
        train-where = "split = 'train' and sample_id < 'digits-0360'"
        validation = ${data.train}
        validation-where = "split = 'valid' and sample_id < 'digits-0360'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      teacher {
        id = wide
        graph { architecture = mlp, hidden = [32] }
        outputs { logits = logits, embedding = embedding }
        train { objectives = [{ type = cross-entropy }], epochs = 3, batch = 64 }
      }
      student { architecture = mlp, hidden = [16] }
      train {
        objectives = [
          { type = fitnet-hint, projector = linear }
          { type = cosine-embedding, project = [embedding] }
          { type = cross-entropy }
        ]
        epochs = 2
        batch = 64
      }
      """;

  @TempDir private Path folder;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  @BeforeEach
  void writeRecipe() throws IOException {
    Files.writeString(
        folder.resolve("projected.conf"),
        RECIPE.formatted(HOME.resolve("conf/quickstart/digits.parquet")));
  }

  @Test
  void aStudentLearnsFromWhatIsProjectedAndTheTableIsCheckedAndCleaned() throws IOException {
    CommandLineRun taught = run("teach", PCA);
    assertThat(taught.exit()).as(taught.err()).isZero();
    assertThat(taught.err()).containsPattern("embedding \\[8] of \\[32] by pca, [0-9.]+ % of the");
    SignalManifest first = table().current().orElseThrow();
    SignalColumn embedding = first.column("embedding");
    assertThat(embedding.shape()).containsExactly(8);

    CommandLineRun trained = run("train", PCA);
    assertThat(trained.exit()).as(trained.err()).isZero();
    assertThat(terms()).allSatisfy(loss -> assertThat(loss).isPositive().isFinite()).hasSize(3);

    CommandLineRun inspected = command("inspect");
    assertThat(inspected.out())
        .containsPattern("embedding +\\[8] +dense16 +of \\[32] by pca, [0-9.]+ % of the variance");
    assertThat(command("verify").exit()).isZero();
    Path projector = projector(first);
    byte[] sound = Files.readAllBytes(projector);
    Files.delete(projector);
    CommandLineRun verified = command("verify");
    assertThat(verified.exit()).isEqualTo(3);
    assertThat(verified.err())
        .contains("has 1 fault", "Projector '", "' is missing; restore it, or teach again.");
    Files.write(projector, sound);

    assertThat(run("teach", PCA.replace("200", "150")).exit()).isZero();
    SignalManifest second = table().current().orElseThrow();
    Path other = projector(second);
    assertThat(other).isNotEqualTo(projector);
    assertThat(command("gc", "--keep", "2").exit()).isZero();
    assertThat(projector).exists();
    assertThat(command("gc", "--keep", "1").exit()).isZero();
    assertThat(projector).doesNotExist();
    assertThat(other).exists();
    assertThat(command("verify").exit()).isZero();
  }

  @Test
  void whatDoesNotFitIsSaidBeforeAnythingRuns() {
    CommandLineRun wide = run("teach", PCA.replace("to = 8", "to = 32"));
    assertThat(wide.exit()).isEqualTo(2);
    assertThat(wide.err())
        .contains(
            "signals.project.embedding.to is 32, but the teacher's embedding has shape [32], 32"
                + " values");

    CommandLineRun unequal =
        run("run", PCA, "train.objectives=[{type=cosine-embedding},{type=cross-entropy}]");
    assertThat(unequal.exit()).isEqualTo(2);
    assertThat(unequal.err())
        .contains("cannot be computed from rows of student.embedding [16], teacher.embedding [8]");
    assertThat(folder.resolve("out/signals")).doesNotExist();
  }

  /** The losses of the terms in the best epoch of the student's training. */
  private Collection<Double> terms() {
    Path checkpoint = folder.resolve("out/checkpoints/student/seed=1");
    return new CheckpointFolder(
            new org.apache.hadoop.fs.Path(checkpoint.toUri()), new Configuration())
        .manifest()
        .orElseThrow()
        .best()
        .trainingTerms()
        .values();
  }

  private Path projector(SignalManifest manifest) {
    return Path.of(table().projector(manifest.projectors().get(0)).path().toUri().getPath());
  }

  private SignalTable table() {
    return new SignalTable(
        new org.apache.hadoop.fs.Path(folder.resolve("out/signals/wide").toUri()),
        new Configuration());
  }

  private CommandLineRun command(String name, String... more) {
    List<String> args = new ArrayList<>(List.of(name, "--table", table().root().toString()));
    args.addAll(List.of(more));
    return CommandLineRun.of(args.toArray(String[]::new));
  }

  private CommandLineRun run(String command, String... overrides) {
    List<String> args =
        new ArrayList<>(
            List.of(
                command,
                "--recipe",
                folder.resolve("projected.conf").toString(),
                "--output",
                folder.resolve("out").toString()));
    for (String override : overrides) {
      args.add("--set");
      args.add(override);
    }
    return CommandLineRun.of(args.toArray(String[]::new));
  }
}
