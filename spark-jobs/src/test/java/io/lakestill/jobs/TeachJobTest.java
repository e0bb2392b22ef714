package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.LogitSummary;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeachJobTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final String VIEWS =
      "data.views={count = 3, transforms = [{type = shift}, {type = noise}]}";

  @TempDir private Path folder;
  private final long seed = System.nanoTime();
  private final Oracle oracle = Oracle.random(seed);
  private final List<Row> rows = Pets.rows(60, seed);
  private final List<Progress> progress = Collections.synchronizedList(new ArrayList<>());
  private SignalTable table;

  @BeforeEach
  void write() throws IOException {
    Pets.write(SPARK, rows, 3, path("table"));
    write(oracle);
    table =
        new SignalTable(
            new org.apache.hadoop.fs.Path(path("signals")), SPARK.sessionState().newHadoopConf());
  }

  private void write(Oracle teacher) throws IOException {
    Files.write(folder.resolve("teacher.onnx"), teacher.onnx());
  }

  @Test
  void signalsEqualADirectComputationRowByRow() throws Exception {
    Recipe recipe = Pets.recipe(path("table"), VIEWS);
    Map<String, Row> examples =
        rows.stream().collect(Collectors.toMap(row -> row.getString(0), Function.identity()));
    Set<String> validation =
        ExampleTable.examples(SPARK, recipe.data(), Split.VALIDATION).collectAsList().stream()
            .map(row -> row.getString(0))
            .collect(Collectors.toSet());
    FeaturePipeline pipeline =
        FeaturePipeline.read(recipe.data().features(), recipe.data().views()).orElseThrow();

    SignalManifest manifest = teach(recipe, "first");

    Set<String> seen = new HashSet<>();
    for (Row row : signals(manifest)) {
      String id = row.getAs("sample_id");
      int view = row.getAs("view_id");
      assertThat(seen.add(id + "/" + view)).isTrue();
      RawFeatures raw = new RawFeatures.Floats((float[]) examples.get(id).get(1));
      float[] features = new float[Pets.WIDTH];
      pipeline.features(raw, id, view, features, 0);
      assertThat(floats(row, "embedding"))
          .as("seed %d, %s view %d", seed, id, view)
          .containsExactly(oracle.embedding(features), within(1e-4f));
      assertThat(floats(row, "logits")).containsExactly(oracle.logits(features), within(1e-4f));
      assertThat(row.<String>getAs("content_hash")).isEqualTo(raw.contentHash());
      assertThat(row.<String>getAs("teacher_id")).isEqualTo("oracle");
      assertThat(row.<Integer>getAs("label")).isEqualTo((int) examples.get(id).getLong(2));
      LogitSummary summary = LogitSummary.of(floats(row, "logits"), 0, 4);
      assertThat(row.<Integer>getAs("argmax")).isEqualTo(summary.argmax());
      assertThat(row.<Float>getAs("entropy")).isEqualTo(summary.entropy());
      assertThat(row.<Float>getAs("margin")).isEqualTo(summary.margin());
    }
    assertThat(seen).hasSize(3 * (60 - validation.size()) + validation.size());
    assertThat(seen).contains(validation.iterator().next() + "/0");
    assertThat(manifest.rows()).isEqualTo(seen.size());
    assertThat(table.current()).hasValue(manifest);
    assertThat(progress.get(progress.size() - 1).done()).isEqualTo(seen.size());
  }

  @Test
  void orderAndPartsOfTheTableDoNotChangeAByte() {
    SignalManifest manifest = teach(Pets.recipe(path("table"), VIEWS), "first");
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    Pets.write(SPARK, shuffled, 7, path("table"));

    Recipe recipe = Pets.recipe(path("table"), VIEWS);
    SignalManifest again =
        TeachJob.run(
            SPARK,
            recipe,
            recipe.teacher().orElseThrow(),
            path("teacher.onnx"),
            path("elsewhere"),
            "second",
            progress::add);

    assertThat(again.files().size()).isGreaterThan(3);
    assertThat(again.files())
        .as("seed %d", seed)
        .extracting(SignalFile::sha256)
        .containsExactlyElementsOf(manifest.files().stream().map(SignalFile::sha256).toList());
  }

  @Test
  void aSecondRunFindsTheWorkDone() {
    SignalManifest done = teach(Pets.recipe(path("table")), "first");

    assertThat(teach(Pets.recipe(path("table")), "second")).isEqualTo(done);
    assertThat(table.versions()).containsExactly(1);
  }

  @Test
  void whateverChangesSignalsMakesANewVersion() throws Exception {
    teach(Pets.recipe(path("table")), "first");
    teach(Pets.recipe(path("table"), "data.features.scale=3"), "second");
    teach(Pets.recipe(path("table"), VIEWS), "third");
    teach(Pets.recipe(path("table"), VIEWS, "data.views.seed=2"), "fourth");
    teach(Pets.recipe(path("table"), "data.train-where=label < 3"), "fifth");
    write(Oracle.random(seed + 1));
    SignalManifest last = teach(Pets.recipe(path("table"), "data.train-where=label < 3"), "sixth");

    assertThat(table.versions()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(table.current()).hasValue(last);
  }

  @Test
  void teachesAgainWhenAFileOfTheCurrentVersionIsGone() throws Exception {
    SignalManifest first = teach(Pets.recipe(path("table")), "first");
    Files.delete(folder.resolve("signals").resolve(first.files().get(0).name()));

    SignalManifest second = teach(Pets.recipe(path("table")), "second");

    assertThat(second.version()).isEqualTo(2);
    assertThat(second.rows()).isEqualTo(first.rows());
  }

  @Test
  void putsNonFiniteOutputsAndBadFeaturesIntoQuarantine() throws Exception {
    write(oracle.magnified());
    List<Row> withBad = new ArrayList<>(rows);
    withBad.add(Pets.row("huge", new float[] {1e38f, 1, 1, 1, 1, 1}, 0L));
    withBad.add(Pets.row("infinite", new float[] {1, 1, Float.POSITIVE_INFINITY, 1, 1, 1}, 0L));
    withBad.add(Pets.row("missing", null, 0L));
    Pets.write(SPARK, withBad, 3, path("table"));

    SignalManifest manifest = teach(Pets.recipe(path("table")), "first");

    assertThat(manifest.rows()).isEqualTo(60);
    assertThat(manifest.quarantinedRows()).isEqualTo(3);
    List<Row> quarantined =
        SPARK
            .read()
            .parquet(table.quarantineFiles(manifest).toArray(String[]::new))
            .sort("sample_id")
            .collectAsList();
    assertThat(quarantined)
        .extracting(row -> row.getString(0))
        .containsExactly("huge", "infinite", "missing");
    assertThat(quarantined).extracting(row -> row.getInt(1)).containsOnly(0);
    assertThat(quarantined.get(0).getString(2))
        .matches("the teacher's logits has value (NaN|-?Infinity) at 0");
    assertThat(quarantined.get(1).getString(2)).isEqualTo("value 2 is not finite: Infinity");
    assertThat(quarantined.get(2).getString(2)).isEqualTo("the features are missing");
    assertThat(signals(manifest))
        .extracting(row -> row.<String>getAs("sample_id"))
        .doesNotContain("huge", "infinite", "missing");
  }

  @Test
  void overTheBudgetNothingChangesForReaders() throws Exception {
    SignalManifest first = teach(Pets.recipe(path("table")), "first");
    write(oracle.magnified());
    List<Row> withBad = new ArrayList<>(rows);
    for (int i = 0; i < 12; i++) {
      withBad.add(Pets.row("bad-%02d".formatted(i), new float[] {1e38f, 1, 1, 1, 1, 1}, 0L));
    }
    Pets.write(SPARK, withBad, 3, path("table"));

    assertRefused(
        Pets.recipe(path("table")),
        "12 of 72 rows into quarantine, signals.quarantine-budget = 0.1 allows 7; such as bad-",
        "raise the budget.");
    assertThat(table.current()).hasValue(first);
    table.verify(first);
    assertThat(signals(first)).hasSize(60);
  }

  @Test
  void aTaskThatAloneIsOverTheBudgetStopsAtOnce() throws Exception {
    write(oracle.magnified());

    assertRefused(
        Pets.recipe(path("table"), "data.features.scale=1e38", "signals.rows-per-task=1000"),
        "Teach put at least 8 of 60 rows into quarantine",
        "allows 6;");
    assertThat(table.current()).isEmpty();
  }

  @Test
  void aTeacherThatDoesNotFitIsRefusedBeforeAnyTask() {
    SignalManifest first = teach(Pets.recipe(path("table")), "first");

    assertRefused(
        Pets.recipe(path("table"), "teacher.outputs.logits=scores"),
        "Teacher 'oracle' has no tensor 'scores', which outputs.logits names; its outputs",
        "are [logits: float [batch, 4], embedding: float [batch, 3]]");
    assertRefused(
        Pets.recipe(path("table"), "data.classes=[cat, dog]"), "the recipe has 2 classes", "");
    assertThat(table.current()).hasValue(first);
    assertThat(table.nextVersion()).isEqualTo(2);
  }

  @Test
  void refusesAMissingTeacher() {
    assertThatThrownBy(() -> teach(Pets.recipe(path("table")), "run", "no.onnx"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage("There is no ONNX file '" + path("no.onnx") + "'; correct its path.");
  }

  @Test
  void badExamplesLeaveTheOldVersion() {
    SignalManifest first = teach(Pets.recipe(path("table")), "first");
    List<Row> twice = new ArrayList<>(rows);
    twice.add(rows.get(0));
    Pets.write(SPARK, twice, 2, path("table"));

    assertRefused(Pets.recipe(path("table")), "is not a key: 1 row repeat", "pet-000 (2 rows)");
    assertThat(table.current()).hasValue(first);
    table.verify(first);
  }

  @Test
  void teachesAValidationTableAsItIs() {
    Pets.write(SPARK, rows.subList(0, 50), 2, path("train"));
    Pets.write(SPARK, rows.subList(50, 60), 1, path("validation"));
    Recipe recipe =
        Pets.recipe(path("train"), VIEWS, "data.validation=\"" + path("validation") + "\"");

    SignalManifest manifest = teach(recipe, "first");

    assertThat(manifest.rows()).isEqualTo(50 * 3 + 10);
    assertThat(manifest.inputs())
        .extracting(InputSnapshot::path)
        .containsExactly(path("train"), path("validation"));
  }

  @Test
  void refusesKeysThatAreInBothTables() {
    Pets.write(SPARK, rows.subList(58, 60), 1, path("validation"));

    assertRefused(
        Pets.recipe(path("table"), "data.validation=\"" + path("validation") + "\""),
        "share keys in column 'sample_id', such as pet-058, pet-059;",
        "an example must not be in both.");
  }

  @Test
  void aFlippedBitInTheTableIsAnErrorThatChangesNothing() throws Exception {
    SignalManifest first = teach(Pets.recipe(path("table")), "first");
    SPARK.conf().set("spark.sql.parquet.compression.codec", "uncompressed");
    try {
      SPARK.sparkContext().hadoopConfiguration().set("parquet.page.write-checksum.enabled", "true");
      Pets.write(SPARK, rows, 1, path("table"));
    } finally {
      SPARK.conf().unset("spark.sql.parquet.compression.codec");
    }
    flipOneBitOfPixels();

    assertRefused(Pets.recipe(path("table")), "damaged Parquet file", "Restore the file");
    assertThat(table.current()).hasValue(first);
  }

  private void flipOneBitOfPixels() throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(folder.resolve("table"))) {
      file = files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(file);
    byte[] pixels =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putFloat(((float[]) rows.get(30).get(1))[2])
            .putFloat(((float[]) rows.get(30).get(1))[3])
            .array();
    for (int i = 0; i + 8 <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + 8, pixels, 0, 8)) {
        bytes[i] ^= 1;
        Files.write(file, bytes);
        // Only Parquet's own checksum is left to notice.
        Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
        return;
      }
    }
    throw new AssertionError("The pixels are not in the file as they are, seed " + seed);
  }

  private void assertRefused(Recipe recipe, String what, String then) {
    assertThatThrownBy(() -> teach(recipe, "refused"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(what)
        .hasMessageContaining(then);
  }

  private SignalManifest teach(Recipe recipe, String runId) {
    return teach(recipe, runId, "teacher.onnx");
  }

  private SignalManifest teach(Recipe recipe, String runId, String onnx) {
    TeacherSettings teacher = recipe.teacher().orElseThrow();
    return TeachJob.run(SPARK, recipe, teacher, path(onnx), path("signals"), runId, progress::add);
  }

  private List<Row> signals(SignalManifest manifest) {
    return SPARK.read().parquet(table.dataFiles(manifest).toArray(String[]::new)).collectAsList();
  }

  private static float[] floats(Row row, String column) {
    List<Float> values = row.getList(row.fieldIndex(column));
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
