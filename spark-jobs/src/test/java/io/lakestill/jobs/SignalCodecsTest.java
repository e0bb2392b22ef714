package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Int8;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a signal is stored, a loss gets its floats; who asks says nothing of the codec. */
class SignalCodecsTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final String[] CODED = {
    "signals.codec=int8", "signals.codecs.embedding=dense16", "teacher.outputs.map=\"flat:0\""
  };

  @TempDir private Path folder;
  private final long seed = System.nanoTime();
  private final List<Row> rows = Pets.rows(60, seed);
  private final Oracle oracle = Oracle.random(seed);

  @BeforeEach
  void writeTableAndTeacher() throws Exception {
    Pets.write(SPARK, rows, 3, path("table"));
    Files.write(folder.resolve("teacher.onnx"), oracle.onnx());
  }

  @Test
  void theManifestSaysHowEachSignalIsStored() {
    SignalManifest manifest = teach("signals", CODED);

    assertThat(manifest.signals())
        .containsExactly(
            new SignalColumn("logits", List.of(4), new Dense32()),
            new SignalColumn("embedding", List.of(3), new Dense16()),
            new SignalColumn("map", List.of(6), new Int8()));
    assertThat(table("signals").current()).hasValue(manifest);
  }

  /** The training recipe names other codecs than the one that taught. */
  @Test
  void trainingDecodesByTheManifestAlone() {
    teach("signals", CODED);

    List<float[]> seen =
        pack(
            List.of("signals"),
            "teacher.embedding",
            "teacher.logits",
            "teacher.map",
            "teacher.sql:embedding[1]",
            "teacher.sql:aggregate(map, 0D, (sum, x) -> sum + x)");

    for (float[] row : seen) {
      float[] features = Arrays.copyOf(row, Pets.WIDTH);
      float[] target = Arrays.copyOfRange(row, Pets.WIDTH + 1, row.length);
      float[] embedding = oracle.embedding(features);
      for (int i = 0; i < 3; i++) {
        assertThat(target[i])
            .as("seed %d", seed)
            .isCloseTo(embedding[i], within(Math.abs(embedding[i]) * 0x1p-11f + 1e-5f));
      }
      assertThat(Arrays.copyOfRange(target, 3, 7))
          .containsExactly(oracle.logits(features), within(1e-4f));
      float step = largest(features) / 127;
      assertThat(Arrays.copyOfRange(target, 7, 13))
          .as("seed %d", seed)
          .containsExactly(features, within(step / 2 + 1e-6f));
      assertThat(target[13]).isEqualTo(sum(target, 7, 13), within(1e-5f));
      assertThat(target[14]).isEqualTo(target[1]);
    }
  }

  @Test
  void teachersOfSeveralCodecsMeetInOneRow() {
    teach("first", CODED);
    teach("second", "teacher.id=other", "signals.codec=int8");

    List<float[]> seen =
        pack(
            List.of("first", "second"),
            "teacher.embedding.1",
            "teacher.embedding.2",
            "teacher.sql:oracle.embedding[0] - other.embedding[0]");

    for (float[] row : seen) {
      float[] embedding = oracle.embedding(Arrays.copyOf(row, Pets.WIDTH));
      float[] target = Arrays.copyOfRange(row, Pets.WIDTH + 1, row.length);
      float step = largest(embedding) / 127;
      for (int i = 0; i < 3; i++) {
        assertThat(target[i])
            .isCloseTo(embedding[i], within(Math.abs(embedding[i]) / 2000 + 1e-5f));
        assertThat(target[3 + i]).isCloseTo(embedding[i], within(step / 2 + 1e-5f));
      }
      assertThat(target[6]).isEqualTo(target[0] - target[3]);
    }
  }

  @Test
  void readersThatKnowNothingOfLakestillReadDense32() throws Exception {
    SignalManifest manifest = teach("signals", CODED);
    List<String> files = table("signals").dataFiles(manifest);
    Dataset<Row> plain = SPARK.read().parquet(files.toArray(String[]::new));
    plain.createOrReplaceTempView("signals");

    long agreed =
        SPARK
            .sql(
                "select count(*) from signals where logits[argmax] = array_max(logits)"
                    + " and abs(entropy - aggregate(transform(logits, x -> exp(x)), 0D,"
                    + " (s, e) -> s + e, s -> ln(s)) + aggregate(logits, 0D, (s, x) -> s + x *"
                    + " exp(x)) / aggregate(logits, 0D, (s, x) -> s + exp(x))) < 1e-4")
            .head()
            .getLong(0);
    assertThat(agreed).isEqualTo(60);
    assertThat(plain.schema().apply("embedding").dataType().sql()).isEqualTo("BINARY");

    int read = 0;
    for (String file : files) {
      try (ParquetReader<Group> reader =
          ParquetReader.builder(new GroupReadSupport(), new org.apache.hadoop.fs.Path(file))
              .withConf(new Configuration())
              .build()) {
        for (Group row = reader.read(); row != null; row = reader.read()) {
          Group logits = row.getGroup("logits", 0);
          assertThat(logits.getFieldRepetitionCount("list")).isEqualTo(4);
          assertThat(logits.getGroup("list", row.getInteger("argmax", 0)).getFloat("element", 0))
              .isFinite();
          read++;
        }
      }
    }
    assertThat(read).isEqualTo(60);
  }

  @Test
  void aValueThatACodecCannotHoldPutsItsRowIntoQuarantine() {
    List<Row> withHuge = new ArrayList<>(rows);
    withHuge.add(Pets.row("huge", new float[] {1, 1, 1, 40_000, 1, 1}, 0L));
    Pets.write(SPARK, withHuge, 2, path("table"));

    SignalManifest manifest =
        teach("signals", "signals.codec=int8", "teacher.outputs.map=\"flat:0\"");
    assertThat(manifest.quarantinedRows()).as("int8 holds it").isZero();
    manifest = teach("signals", "signals.codec=dense16", "teacher.outputs.map=\"flat:0\"");

    assertThat(manifest.rows()).isEqualTo(60);
    List<Row> quarantined =
        SPARK
            .read()
            .parquet(table("signals").quarantineFiles(manifest).toArray(String[]::new))
            .collectAsList();
    assertThat(quarantined).hasSize(1);
    assertThat(quarantined.get(0).getString(0)).isEqualTo("huge");
    assertThat(quarantined.get(0).getString(2))
        .matches(
            "the teacher's (embedding|map) has value -?[0-9.]+ at [0-9], and dense16 holds numbers"
                + " up to 65504; set signals.codecs.(embedding|map) = dense32");
  }

  @Test
  void anotherCodecTeachesAgain() {
    assertThat(teach("signals", "signals.codec=dense16").version()).isEqualTo(1);
    assertThat(teach("signals", "signals.codec=dense16").version()).isEqualTo(1);
    assertThat(teach("signals", "signals.codec=int8").version()).isEqualTo(2);
  }

  @Test
  void refusesCodecsThatThereAreNot() {
    assertRefused("signals.codec=dense8", "signals.codec", "must be one of dense32, dense16, int8");
    assertRefused(
        "signals.codecs.embeding=int8",
        "signals.codecs.embeding",
        "is no signal of the recipe, there are [embedding, logits]; correct the name");
  }

  private void assertRefused(String override, String where, String what) {
    assertThatThrownBy(
            () -> {
              Problems problems = new Problems();
              Pets.blueprint(path("table"), override);
              problems.throwIfAny("pets");
            })
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining(where + ": ")
        .hasMessageContaining(what);
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static float sum(float[] values, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return (float) sum;
  }

  /** Of every training example its features, then its target row. */
  private List<float[]> pack(List<String> tables, String... needs) {
    Blueprint blueprint = Pets.blueprint(path("table"));
    Requirements requirements = Requirements.of(needs);
    Taught taught =
        Taught.current(
            tables.stream().map(t -> new SignalSource(table(t), blueprint.features())).toList(),
            blueprint.recipe().data(),
            requirements);
    RowLayout layout = RowLayout.targets(requirements, taught.shapes(requirements));
    PackedTables packed =
        PackedTables.pack(
            SPARK,
            new PackedTables.Plan(
                blueprint.recipe().data(), blueprint.features(), layout, taught, 2));
    List<float[]> seen = new ArrayList<>();
    for (PackedRow packedRow : packed.training().collect()) {
      float[] row = Arrays.copyOf(packedRow.features(), Pets.WIDTH + layout.width());
      System.arraycopy(packedRow.targets(), 0, row, Pets.WIDTH, layout.width());
      seen.add(row);
    }
    assertThat(seen).hasSizeBetween(30, 59);
    return seen;
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
    return new SignalTable(
        new org.apache.hadoop.fs.Path(path(name)), SPARK.sessionState().newHadoopConf());
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
