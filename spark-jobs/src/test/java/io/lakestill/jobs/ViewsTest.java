package io.lakestill.jobs;

import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.teacher.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a teacher says of a drawn view depends on the example, the number of the view and the seed,
 * never on how the work was spread or how often it was tried: to the last byte.
 */
class ViewsTest {
  private static final String VIEWS =
      "data.views={count = 4, seed = 9, transforms = [{type = crop, padding = 1}, {type = flip},"
          + " {type = noise}, {type = cutout, size = 1}]}";

  /** The second try of a task succeeds. */
  private static final StorageFault FIRST_TRY =
      StorageFault.once(StorageFault.Event.CLOSE, "/v=1/part-00002-", StorageFault.Effect.FAIL);

  @TempDir private static Path marks;
  private static SparkSession spark;

  @TempDir private Path folder;
  private final long seed = System.nanoTime();
  private final List<Row> rows = Pets.rows(40, seed);
  private Map<String, String> expected;
  private SignalManifest first;

  @BeforeAll
  static void openSparkThatTriesAgain() {
    LocalSession.open().stop();
    SparkSession.Builder builder =
        SparkSession.builder()
            .master("local[2, 3]")
            .appName("lakestill-tests")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "2");
    for (String setting : StorageFault.settings(marks, List.of(FIRST_TRY))) {
      int equals = setting.indexOf('=');
      builder = builder.config(setting.substring(0, equals), setting.substring(equals + 1));
    }
    spark = builder.getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @BeforeEach
  void teachOnce() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(seed).onnx());
    Pets.write(spark, rows, 4, path("table"));
    first = teach(path("first"));
    expected = content(path("first"));
  }

  @Test
  void everyViewButTheFirstIsDrawn() {
    assertThat(expected).hasSize((int) first.rows());
    for (String key : expected.keySet()) {
      if (key.endsWith("/3")) {
        String id = key.substring(0, key.length() - 2);
        assertThat(List.of(0, 1, 2, 3))
            .as("seed %d, %s", seed, id)
            .extracting(view -> expected.get(id + "/" + view))
            .doesNotHaveDuplicates();
      }
    }
    assertThat(expected.keySet()).anyMatch(key -> key.endsWith("/3"));
  }

  @Test
  void partitionsAndOrderOfTheTableChangeNoByte() {
    Pets.write(spark, rows, 1, path("table"));
    assertSame(path("one-partition"));

    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    Pets.write(spark, shuffled, 7, path("table"));
    assertSame(path("shuffled"));
  }

  @Test
  void aTaskThatIsTriedAgainChangesNoByte() {
    assertSame(FaultyFileSystem.SCHEME + ":" + path("tried-again"));

    assertThat(marks.resolve("fault-0-0")).as("the first try failed").exists();
  }

  /** As by speculation: two attempts of every task write, and either may be the one that counts. */
  @Test
  void attemptsOfTheSameTaskWriteTheSameBytes() throws IOException {
    Recipe recipe = recipe();
    TeacherPass teacher =
        OnnxPass.of(
            spark,
            recipe,
            recipe.teacher().orElseThrow(),
            OnnxFile.of(Files.readAllBytes(folder.resolve("teacher.onnx")), "teacher.onnx"));
    TeacherPass.Place place =
        new TeacherPass.Place(
            new org.apache.hadoop.fs.Path(path("both/v=1")),
            new org.apache.hadoop.fs.Path(path("both/quarantine")),
            StoredSignals.asSaid(teacher.schema()));
    Dataset<Row> work =
        ExampleTable.examples(spark, recipe.data(), Split.TEST)
            .withColumn(KeyComparison.VIEWS, lit(4));

    List<SignalFile> one = files(teacher.run(work, 160, place, 0, progress -> {}));
    List<SignalFile> other =
        files(teacher.run(work.repartition(5).orderBy("label"), 160, place, 0, progress -> {}));

    assertThat(one).hasSizeGreaterThan(3);
    assertThat(other)
        .extracting(SignalFile::sha256)
        .containsExactlyElementsOf(one.stream().map(SignalFile::sha256).toList());
    assertThat(other).extracting(SignalFile::name).doesNotContainAnyElementsOf(names(one));
  }

  private static List<SignalFile> files(List<TeachOutcome> outcomes) {
    return outcomes.stream().flatMap(outcome -> outcome.signals().stream()).toList();
  }

  private static List<String> names(List<SignalFile> files) {
    return files.stream().map(SignalFile::name).toList();
  }

  private void assertSame(String root) {
    SignalManifest again = teach(root);
    assertThat(content(root)).as("seed %d", seed).isEqualTo(expected);
    assertThat(again.files())
        .extracting(SignalFile::sha256)
        .containsExactlyElementsOf(first.files().stream().map(SignalFile::sha256).toList());
  }

  private Recipe recipe() {
    return Pets.recipe(path("table"), VIEWS, "signals.codecs={embedding=int8,logits=dense16}");
  }

  private SignalManifest teach(String root) {
    Recipe recipe = recipe();
    return TeachJob.run(
        spark,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        root,
        "run",
        progress -> {});
  }

  /** Every cell of every row, by key and view. */
  private Map<String, String> content(String root) {
    SignalTable table =
        new SignalTable(new org.apache.hadoop.fs.Path(root), spark.sessionState().newHadoopConf());
    Map<String, String> content = new TreeMap<>();
    for (Row row :
        new SignalVersion(table, table.current().orElseThrow()).rows(spark).collectAsList()) {
      Row scaled = row.getStruct(row.fieldIndex("embedding"));
      String cells =
          String.join(
              " ",
              row.getAs("content_hash"),
              row.getAs("teacher_id"),
              String.valueOf(row.<Object>getAs("label")),
              String.valueOf(row.<Object>getAs("argmax")),
              String.valueOf(row.<Object>getAs("entropy")),
              String.valueOf(row.<Object>getAs("margin")),
              Arrays.toString(row.<byte[]>getAs("logits")),
              String.valueOf(scaled.getFloat(0)),
              Arrays.toString((byte[]) scaled.get(1)));
      String key = row.<String>getAs("sample_id") + "/" + row.<Integer>getAs("view_id");
      assertThat(content.put(key, cells)).as("twice: %s", key).isNull();
    }
    return content;
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
