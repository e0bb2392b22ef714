package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.ProjectionMethod;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.projection.Projection;
import io.lakestill.signal.projection.Projector;
import io.lakestill.signal.projection.RandomProjection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A signal that is narrowed before it is stored, by one projector as long as the table lives. */
class ProjectedSignalsTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final String MAP = "teacher.outputs.map=\"flat:0\"";
  private static final String RANDOM = "signals.project.map={to = 4, by = random, seed = 5}";
  private static final String PCA = "signals.project.map={to = 2, by = pca, rows = 60}";

  @TempDir private Path folder;

  private final long seed = System.nanoTime();
  private final List<Row> rows = Pets.rows(100, seed);
  private final Oracle oracle = Oracle.random(seed);

  @BeforeEach
  void writeTableAndTeacher() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), oracle.onnx());
    write(rows);
  }

  @Test
  void storesWhatTheProjectorInTheTableMakesOfEveryRow() {
    SignalManifest manifest =
        teach("signals", MAP, RANDOM, "signals.project.embedding={to = 2, by = pca}");

    SignalColumn map = manifest.column("map");
    assertThat(map.shape()).containsExactly(4);
    assertThat(map.projection().orElseThrow().by()).isEqualTo(ProjectionMethod.RANDOM);
    assertThat(map.projection().orElseThrow().from()).containsExactly(6);
    assertThat(map.projection().orElseThrow().explained()).isEmpty();
    SignalColumn embedding = manifest.column("embedding");
    assertThat(embedding.shape()).containsExactly(2);
    assertThat(embedding.projection().orElseThrow().explained().orElseThrow())
        .as("seed %d", seed)
        .isBetween(0.66, 1.0);
    assertThat(manifest.column("logits")).isEqualTo(new SignalColumn("logits", 4));
    assertThat(table("signals").current()).hasValue(manifest);
    Projector mapProjector = projector("signals", map);
    Projector embeddingProjector = projector("signals", embedding);
    Map<String, float[]> pixels = new HashMap<>();
    rows.forEach(row -> pixels.put(row.getString(0), (float[]) row.get(1)));

    for (Row row : stored("signals")) {
      float[] features = pixels.get(row.<String>getAs("sample_id")).clone();
      for (int i = 0; i < features.length; i++) {
        features[i] *= 2f;
      }
      assertProjected(row.getList(row.fieldIndex("map")), mapProjector, features);
      assertProjected(
          row.getList(row.fieldIndex("embedding")), embeddingProjector, oracle.embedding(features));
    }
  }

  private void assertProjected(List<Float> stored, Projector projector, float[] said) {
    float[] expected = new float[projector.to()];
    projector.apply(said, 0, expected, 0);
    assertThat(stored).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(stored.get(i)).as("seed %d", seed).isCloseTo(expected[i], within(1e-4f));
    }
  }

  /** Of a sample of everything, so mean and variance of what is stored are those of the sample. */
  @Test
  void principalComponentsAreCentredAndUncorrelatedAndFall() {
    teach("signals", MAP, "signals.project.map={to = 4, by = pca}");

    List<float[]> training = new ArrayList<>();
    List<String> held = validation();
    for (Row row : stored("signals")) {
      if (!held.contains(row.<String>getAs("sample_id"))) {
        List<Float> values = row.getList(row.fieldIndex("map"));
        training.add(new float[] {values.get(0), values.get(1), values.get(2), values.get(3)});
      }
    }
    double last = Double.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      int component = i;
      double mean = training.stream().mapToDouble(row -> row[component]).average().orElseThrow();
      assertThat(mean).as("seed %d", seed).isCloseTo(0, within(1e-5));
      double variance = product(training, i, i);
      assertThat(variance).as("seed %d", seed).isPositive().isLessThan(last);
      last = variance;
      for (int k = 0; k < i; k++) {
        assertThat(product(training, i, k)).as("seed %d", seed).isCloseTo(0, within(1e-4));
      }
    }
  }

  private static double product(List<float[]> rows, int i, int k) {
    return rows.stream().mapToDouble(row -> (double) row[i] * row[k]).average().orElseThrow();
  }

  private List<String> validation() {
    return ExampleTable.examples(SPARK, Pets.recipe(path("table")).data(), Split.VALIDATION)
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  @Test
  void theSameTableGivesTheSameBitsHoweverItLies() {
    SignalManifest one = teach("one", MAP, PCA);
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    Pets.write(SPARK, shuffled, 7, path("table"));

    SignalManifest other = teach("other", MAP, PCA);

    assertThat(other.signals()).isEqualTo(one.signals());
    assertThat(teach("another", MAP, PCA.replace("60", "50")).projectors())
        .doesNotContainAnyElementsOf(one.projectors());
    assertThat(folder.resolve("one/_lakestill/quarantine-v1")).doesNotExist();
  }

  @Test
  void incrementsProjectByWhatTheyFind() {
    SignalManifest first = teach("signals", MAP, PCA);
    List<Row> more = new ArrayList<>(rows);
    for (int i = 0; i < 40; i++) {
      float[] other = {9, 1, 7 * i, 3, -2 * i, 1};
      more.add(Pets.row("new-" + i, other, 1L));
    }
    write(more);

    SignalManifest second = teach("signals", MAP, PCA);

    assertThat(second.version()).isEqualTo(2);
    assertThat(second.signals()).isEqualTo(first.signals());
    assertThat(second.newRows()).isBetween(40L, 80L);
    assertThat(second.files()).extracting(SignalFile::name).anyMatch(n -> n.startsWith("v=1/"));
    assertThat(teach("fresh", MAP, PCA).projectors()).isNotEqualTo(first.projectors());
    Projector projector = projector("signals", second.column("map"));
    for (Row row : stored("signals")) {
      if (row.<String>getAs("sample_id").equals("new-3")) {
        assertProjected(
            row.getList(row.fieldIndex("map")), projector, new float[] {18, 2, 42, 6, -12, 2});
      }
    }
  }

  @Test
  void anotherProjectionTeachesEverythingAnew() {
    assertThat(teach("signals", MAP, RANDOM).version()).isEqualTo(1);
    assertThat(teach("signals", MAP, RANDOM).version()).isEqualTo(1);

    for (String other : List.of(RANDOM.replace("seed = 5", "seed = 6"), PCA)) {
      assertThat(teach("signals", MAP, other).newRows()).isEqualTo(100);
    }
    assertThat(table("signals").versions()).containsExactly(1, 2, 3);
  }

  @Test
  void aProjectorThatIsGoneOrDamagedTeachesEverythingAnew() throws IOException {
    SignalManifest first = teach("signals", MAP, PCA);
    Path file =
        Path.of(table("signals").projector(first.projectors().get(0)).path().toUri().getPath());
    byte[] sound = Files.readAllBytes(file);
    byte[] flipped = sound.clone();
    flipped[flipped.length - 5] ^= 1;
    Files.write(file, flipped);

    SignalManifest second = teach("signals", MAP, PCA);

    assertThat(second.version()).isEqualTo(2);
    assertThat(second.newRows()).isEqualTo(100);
    assertThat(second.signals()).as("the same sample").isEqualTo(first.signals());
    assertThat(Files.readAllBytes(file)).isEqualTo(sound);
    Files.delete(file);
    assertThat(teach("signals", MAP, PCA).newRows()).isEqualTo(100);
    assertThat(Files.readAllBytes(file)).isEqualTo(sound);
  }

  @Test
  void refusesASampleThatIsTooSmall() throws IOException {
    write(rows.subList(0, 4));

    assertRefused(
        ExitCode.BAD_INPUT,
        "signals.project.map asks for 5 principal components, which needs a sample of at least 6"
            + " rows; the teacher's map is known of ",
        MAP,
        "data.validation-fraction=0.3",
        "signals.project.map={to = 5, by = pca}");
    assertThat(table("signals").current()).isEmpty();
    try (Stream<Path> left = Files.walk(folder)) {
      assertThat(left.filter(file -> file.startsWith(folder.resolve("signals"))))
          .allMatch(file -> Files.isDirectory(file) || file.endsWith("claim-v1"));
    }
  }

  @Test
  void refusesASignalThatIsNotWiderThanWhatItIsNarrowedTo() {
    assertRefused(
        ExitCode.BAD_RECIPE,
        "signals.project.embedding.to is 3, but the teacher's embedding has shape [3], 3 values;"
            + " give a smaller number, or remove signals.project.embedding.",
        "signals.project.embedding={to = 3, by = random}");
  }

  @Test
  void refusesASignalThatNoTeacherGives() {
    assertThatThrownBy(
            () -> Pets.blueprint(path("table"), "signals.project.embeding={to = 3, by = random}"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining(
            "signals.project.embeding: is no signal of the recipe, there are [embedding, logits];");
  }

  @Test
  void aRowThatIsTooLargeToBeProjectedGoesToQuarantine() throws IOException {
    SignalSchema said =
        new SignalSchema(List.of(new SignalColumn("logits", 2), new SignalColumn("embedding", 8)));
    Projector projector = RandomProjection.of(8, 1, 1);
    SignalColumn column =
        new SignalColumn(
            "embedding",
            List.of(1),
            new Dense32(),
            Optional.of(
                new Projection(
                    ProjectionMethod.RANDOM, List.of(8), "0".repeat(64), Optional.empty())));
    StoredSignals stored =
        new StoredSignals(
            new SignalSchema(List.of(new SignalColumn("logits", 2), column)),
            Map.of("embedding", projector));
    float[] unit = new float[64];
    float[] narrow = new float[1];
    for (int i = 0; i < 8; i++) {
      unit[i] = 1;
      projector.apply(unit, 0, narrow, 0);
      unit[i] = 0;
      unit[8 + i] = Math.signum(narrow[0]) * Float.MAX_VALUE;
    }
    SignalFileWriter.Contents contents =
        new SignalFileWriter.Contents(stored.schema(), "t", "0".repeat(64));
    try (SignalFileWriter writer =
        new SignalFileWriter(
            contents, hadoop("signals.parquet"), hadoop("bad.parquet"), new Configuration())) {
      SignalSink sink = new SignalSink(said, stored, 5, writer);
      float[][] signals = {new float[16], unit};
      for (int i = 0; i < 2; i++) {
        sink.write(new SignalRow("row-" + i, 0, "h", OptionalInt.empty(), signals, i));
      }
      TeachOutcome outcome = sink.finish();

      assertThat(outcome.signals().orElseThrow().rows()).isEqualTo(1);
      assertThat(outcome.examples())
          .containsExactly(
              "row-1 (view 0): the teacher's embedding is too large to be projected; remove"
                  + " signals.project.embedding");
    }
  }

  private void assertRefused(ExitCode code, String message, String... overrides) {
    assertThatThrownBy(() -> teach("signals", overrides))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private Projector projector(String table, SignalColumn column) {
    return table(table).projector(column.projection().orElseThrow().sha256()).read();
  }

  private List<Row> stored(String name) {
    SignalTable table = table(name);
    List<Row> stored =
        new SignalVersion(table, table.current().orElseThrow()).rows(SPARK).collectAsList();
    assertThat(stored).hasSizeGreaterThanOrEqualTo(100);
    return stored;
  }

  private void write(List<Row> table) {
    Pets.write(SPARK, table, 3, path("table"));
  }

  private SignalManifest teach(String table, String... overrides) {
    Recipe recipe = Pets.recipe(path("table"), overrides);
    return TeachJob.run(
        SPARK,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        path(table),
        "run",
        progress -> {});
  }

  private SignalTable table(String name) {
    return new SignalTable(hadoop(name), SPARK.sessionState().newHadoopConf());
  }

  private org.apache.hadoop.fs.Path hadoop(String name) {
    return new org.apache.hadoop.fs.Path(path(name));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
