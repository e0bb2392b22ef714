package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.LogitSummary;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A teacher that spoke elsewhere: what it said is found by key, in whatever columns it stands. */
class TableTeacherTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final int ROWS = 60;
  private static final int EMBEDDING = 3;

  private static final StructType COLUMNS =
      new StructType()
          .add("sample_id", DataTypes.StringType)
          .add("floats", "array<float>")
          .add("doubles", "array<double>")
          .add("dense", SQLDataTypes.VectorType())
          .add("sparse", SQLDataTypes.VectorType())
          .add("cat", DataTypes.DoubleType)
          .add("dog", DataTypes.FloatType)
          .add("owl", "decimal(20,10)")
          .add("eel", DataTypes.DoubleType)
          .add("probability", SQLDataTypes.VectorType())
          .add("name", DataTypes.StringType)
          .add("prediction", DataTypes.DoubleType)
          .add("sure", DataTypes.DoubleType)
          .add("features", "array<double>");

  @TempDir private Path folder;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<Row> pets = Pets.rows(ROWS, seed);
  private final Map<String, double[]> said = new HashMap<>();
  private final List<Row> scores = new ArrayList<>();

  @BeforeEach
  void write() {
    Pets.write(SPARK, pets, 3, path("table"));
    for (Row pet : pets) {
      double[] logits = new double[4];
      Arrays.setAll(logits, c -> c == 2 ? 0 : Math.rint(4000 * random.nextGaussian()) / 1000);
      said.put(pet.getString(0), logits);
      scores.add(score(pet.getString(0), logits));
    }
    store(scores);
  }

  private Row score(String id, double[] logits) {
    Float[] floats = new Float[4];
    Double[] doubles = new Double[4];
    for (int c = 0; c < 4; c++) {
      floats[c] = (float) logits[c];
      doubles[c] = logits[c];
    }
    Vector sparse =
        Vectors.sparse(4, new int[] {0, 1, 3}, new double[] {logits[0], logits[1], logits[3]});
    int best = LogitSummary.of(floats(logits), 0, 4).argmax();
    return RowFactory.create(
        id,
        floats,
        doubles,
        Vectors.dense(logits),
        sparse,
        logits[0],
        (float) logits[1],
        java.math.BigDecimal.valueOf(logits[2]),
        logits[3],
        Vectors.dense(softmax(logits)),
        Pets.CLASSES.get(best),
        (double) best,
        0.7,
        new Double[] {1.0, logits[0], -logits[1]});
  }

  private void store(List<Row> rows) {
    SPARK
        .createDataFrame(rows, COLUMNS)
        .repartition(3)
        .write()
        .mode("overwrite")
        .parquet(path("scores"));
  }

  @Test
  void everyKindOfColumnSaysTheSame() {
    for (String column :
        List.of("floats", "doubles", "dense", "sparse", "[cat, dog, owl, eel]", "[doubles]")) {
      Map<String, Row> taught = taught(teach("logits = " + column, column));

      assertThat(taught).hasSize(ROWS);
      taught.forEach(
          (id, row) ->
              assertThat(logits(row))
                  .as("seed %d, %s, %s", seed, column, id)
                  .containsExactly(floats(said.get(id)), within(1e-6f)));
    }
  }

  @Test
  void probabilitiesAreLogitsWhoseSoftmaxTheyAre() {
    Map<String, Row> taught = taught(teach("probabilities = probability", "p"));

    taught.forEach(
        (id, row) ->
            assertThat(softmax(doubles(logits(row))))
                .as("seed %d", seed)
                .containsExactly(softmax(said.get(id)), within(1e-5)));
  }

  @Test
  void anAnswerLeavesTheOthersTheirShare() {
    String byName = "answer = name, confidence = 0.7";
    String byIndex = "answer = prediction, confidence = sure";

    Map<String, Row> named = taught(teach(byName, "named"));
    Map<String, Row> indexed = taught(teach(byIndex, "indexed"));

    assertThat(named).hasSize(ROWS);
    named.forEach(
        (id, row) -> {
          assertThat(logits(indexed.get(id))).isEqualTo(logits(row));
          int best = LogitSummary.of(floats(said.get(id)), 0, 4).argmax();
          double[] p = softmax(doubles(logits(row)));
          for (int c = 0; c < 4; c++) {
            assertThat(p[c]).isCloseTo(c == best ? 0.7 : 0.1, within(1e-6));
          }
          assertThat(row.<Integer>getAs("argmax")).isEqualTo(best);
        });
  }

  /** The files of a model's signals have the same columns. */
  @Test
  void writesWhatAModelWouldAndFurtherSignals() {
    SignalManifest manifest =
        teach("logits = dense", "further", "outputs { embedding = features }");
    Map<String, Row> taught = taught(manifest);

    assertThat(manifest.signals())
        .extracting(column -> column.name())
        .containsExactly("logits", "embedding");
    assertThat(manifest.column("embedding").shape()).containsExactly(EMBEDDING);
    assertThat(manifest.teacher().id()).isEqualTo("gbt");
    assertThat(manifest.inputs()).extracting(input -> input.path()).contains(path("scores"));
    for (Row pet : pets) {
      Row row = taught.get(pet.getString(0));
      LogitSummary summary = LogitSummary.of(logits(row), 0, 4);
      assertThat(row.<Integer>getAs("label")).isEqualTo((int) pet.getLong(2));
      assertThat(row.<String>getAs("content_hash"))
          .isEqualTo(new io.lakestill.data.RawFeatures.Floats((float[]) pet.get(1)).contentHash());
      assertThat(row.<Float>getAs("entropy")).isEqualTo(summary.entropy());
      assertThat(row.<Float>getAs("margin")).isEqualTo(summary.margin());
      assertThat(row.getList(row.fieldIndex("embedding")).get(1))
          .isEqualTo((float) said.get(pet.getString(0))[0]);
    }
  }

  @Test
  void aVectorIsReadWhereItsClassIsNotKnown() {
    Dataset<Row> known = SPARK.createDataFrame(scores, COLUMNS);
    // What Spark reads of such a file where Spark ML is missing, and what other tools write.
    Dataset<Row> plain =
        known.selectExpr(
            "sample_id",
            "named_struct('type', 1Y, 'size', cast(null as int), 'indices', cast(null as"
                + " array<int>), 'values', doubles) as p");
    plain.write().mode("overwrite").parquet(path("scores"));

    assertThat(taught(teach("logits = p", "plain")).get("pet-007").getList(8).get(3))
        .isEqualTo((float) said.get("pet-007")[3]);
  }

  @Test
  void rowsArePairedByKeyWhateverTheirOrder() {
    SignalManifest manifest = teach("logits = doubles", "first");
    List<Row> shuffled = new ArrayList<>(scores);
    shuffled.add(score("somebody-else", new double[4]));
    Collections.shuffle(shuffled, random);
    store(shuffled);

    SignalManifest again = teach("logits = doubles", "second");

    assertThat(again.files())
        .as("seed %d", seed)
        .extracting(file -> file.sha256())
        .containsExactlyElementsOf(manifest.files().stream().map(file -> file.sha256()).toList());
  }

  @Test
  void whatChangedInTheTableIsScoredAgainAndNothingElseStarts() {
    SignalManifest first = teach("logits = doubles", "signals");
    assertThat(teach("logits = doubles", "signals")).isEqualTo(first);

    scores.set(5, score("pet-005", new double[] {9, 0, 0, 0}));
    store(scores);
    SignalManifest second = teach("logits = doubles", "signals");

    assertThat(second.version()).isEqualTo(2);
    assertThat(second.basis()).as("the same teacher").isEqualTo(first.basis());
    assertThat(second.newRows()).isEqualTo(ROWS);
    assertThat(logits(taught(second).get("pet-005"))).containsExactly(9, 0, 0, 0);
  }

  @Test
  void rowsThatCannotBeUsedGoToQuarantineEachWithItsReason() {
    List<String> columns =
        List.of(
            "null",
            "array(1D, 2D, 3D)",
            "array(1D, double('NaN'), 0D, 0D)",
            "array(1D, null, 0D, 0D)",
            "array(1e300, 0D, 0D, 0D)");
    Dataset<Row> broken =
        SPARK.createDataFrame(scores.subList(6, ROWS), COLUMNS).select("sample_id", "doubles");
    for (int i = 0; i < columns.size(); i++) {
      broken = broken.union(SPARK.sql("select 'pet-00%d', %s".formatted(i, columns.get(i))));
    }
    broken.write().mode("overwrite").parquet(path("scores"));

    SignalManifest manifest = teach("logits = doubles", "broken");

    assertThat(manifest.rows()).isEqualTo(ROWS - 6);
    assertThat(quarantined(manifest))
        .containsOnly(
            Map.entry("pet-000", "its doubles is null"),
            Map.entry("pet-001", "its doubles has 3 values instead of 4"),
            Map.entry("pet-002", "its doubles has value NaN at 1"),
            Map.entry("pet-003", "its doubles is null at 1"),
            Map.entry("pet-004", "its doubles has value 1.0E300 at 0"),
            Map.entry("pet-005", "the table of scores has no row of it"));
  }

  @Test
  void moreThanTheBudgetEndsTheRun() {
    store(scores.subList(0, 50));

    assertRefused(
        () -> teach("logits = doubles", "few"),
        ExitCode.BAD_INPUT,
        "into quarantine, signals.quarantine-budget = 0.1 allows 6",
        "(view 0): the table of scores has no row of it");
  }

  @Test
  void probabilitiesThatDoNotSumToOneAndUnknownAnswersAreNotUsed() {
    SPARK
        .createDataFrame(scores, COLUMNS)
        .withColumn(
            "doubles",
            org.apache.spark.sql.functions.expr(
                "if(sample_id = 'pet-001', array(0.5D, 0D, 0D, 0D), array(0.25D, 0.25D, 0.25D,"
                    + " 0.25D))"))
        .withColumn(
            "name", org.apache.spark.sql.functions.expr("if(sample_id = 'pet-002', 'bird', name)"))
        .withColumn(
            "sure", org.apache.spark.sql.functions.expr("if(sample_id = 'pet-003', 0.2D, sure)"))
        .write()
        .mode("overwrite")
        .parquet(path("scores2"));

    assertThat(
            quarantined(
                teach("path = %s, probabilities = doubles".formatted(path("scores2")), "p")))
        .containsOnly(Map.entry("pet-001", "the probabilities sum to 0.5 instead of one"));
    assertThat(
            quarantined(
                teach(
                    "path = %s, answer = name, confidence = sure".formatted(path("scores2")), "a")))
        .containsOnly(
            Map.entry("pet-002", "the answer 'bird' is no class"),
            Map.entry("pet-003", "the confidence is 0.2; it must be above 1/4 and at most 1"));
  }

  @Test
  void refusesTwoRowsForOneKey() {
    List<Row> twice = new ArrayList<>(scores);
    for (int i = 0; i < 7; i++) {
      twice.add(score("pet-00" + i, new double[4]));
    }
    store(twice);

    assertRefused(
        () -> teach("logits = doubles", "twice"),
        ExitCode.BAD_INPUT,
        "has more than one row for a key, such as pet-000 (2 rows), pet-001 (2 rows), pet-002 (2"
            + " rows), pet-003 (2 rows), pet-004 (2 rows); ");
    assertThat(
            taught(
                teach(
                    "where = \"name is not null and not (cat = 0 and dog = 0)\", logits = doubles",
                    "once")))
        .hasSize(ROWS);
  }

  @Test
  void saysWhatTheTableHasBeforeTheFirstTask() {
    assertRefused(
        () -> teach("probabilities = proba", "x"),
        ExitCode.BAD_INPUT,
        "Table '%s': table.probabilities of teacher 'gbt' names column 'proba', which is not there;"
            .formatted(path("scores")),
        "the columns are sample_id, floats, doubles, dense, sparse, cat, ");
    assertRefused(
        () -> teach("logits = cat", "x"),
        ExitCode.BAD_INPUT,
        "names column 'cat' of type double; it must be an array of numbers or a vector, or name a"
            + " column for each of the 4 classes");
    assertRefused(
        () -> teach("logits = [cat, dog, name, eel]", "x"),
        ExitCode.BAD_INPUT,
        "names column 'name' of type string; it must be a number, as each is");
    assertRefused(
        () -> teach("answer = dense, confidence = nobody", "x"),
        ExitCode.BAD_INPUT,
        "has 2 faults:",
        "table.answer of teacher 'gbt' names column 'dense' of type vector; it must be a text or a"
            + " number",
        "table.confidence of teacher 'gbt' names column 'nobody', which is not there");
    assertRefused(
        () -> teach("id = features, logits = dense", "x"),
        ExitCode.BAD_INPUT,
        "table.id of teacher 'gbt' names column 'features' of type array<double>; it must be a"
            + " text");
    assertRefused(
        () -> teach("logits = dense", "x", "outputs { embedding = name }"),
        ExitCode.BAD_INPUT,
        "outputs.embedding of teacher 'gbt' names column 'name' of type string; it must be an"
            + " array");
    assertRefused(
        () -> teach("path = /nowhere/scores, logits = dense", "x"),
        ExitCode.BAD_INPUT,
        "There is no table at '/nowhere/scores'");
  }

  @Test
  void refusesWhatTheRecipeContradicts() {
    assertRefused(
        () -> recipe("logits = [cat, dog]", ""),
        ExitCode.BAD_RECIPE,
        "teachers[0].table.logits: names 2 columns for 4 classes; name one for each, in the order"
            + " of data.classes, or one that holds all");
    assertRefused(
        () -> recipe("answer = name, confidence = 0.25", ""),
        ExitCode.BAD_RECIPE,
        "teachers[0].table.confidence: must be above 1/4, the chance of a guess, and at most 1, is"
            + " 0.25");
    assertRefused(
        () ->
            Pets.blueprint(
                path("table"),
                "teacher=null",
                teachers("logits = dense", ""),
                "data.views.count=2",
                "data.views.transforms=[{type=shift}]"),
        ExitCode.BAD_RECIPE,
        "--set teachers: teachers[0].table: says one thing of an example, but data.views.count = 2;"
            + " set that to 1");
  }

  private static void assertRefused(Runnable run, ExitCode code, String... parts) {
    assertThatThrownBy(run::run)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
        .message()
        .contains(parts);
  }

  private String teachers(String table, String more) {
    String path = table.contains("path =") ? "" : "path = \"%s\", ".formatted(path("scores"));
    return "teachers=[{id = gbt, check { accuracy-floor = 0 }, table { %s%s } %s}]"
        .formatted(path, table, more);
  }

  private Recipe recipe(String table, String more) {
    return Pets.blueprint(path("table"), "teacher=null", teachers(table, more)).recipe();
  }

  private SignalManifest teach(String table, String name, String... more) {
    Recipe recipe = recipe(table, String.join(" ", more));
    return TeachJob.run(
        SPARK,
        recipe,
        () -> TablePass.of(SPARK, recipe, recipe.teacher().orElseThrow()),
        path("signals/" + name.replaceAll("[^a-z]", "")),
        new TeachJob.Order(name, DateSelection.ALL, Console.ofProcess(), progress -> {}));
  }

  private Map<String, Row> taught(SignalManifest manifest) {
    Map<String, Row> rows = new HashMap<>();
    read(manifest, SignalTable::dataFiles).forEach(row -> rows.put(row.getString(0), row));
    assertThat(rows).hasSize((int) manifest.rows());
    return rows;
  }

  private Map<String, String> quarantined(SignalManifest manifest) {
    Map<String, String> reasons = new HashMap<>();
    read(manifest, SignalTable::quarantineFiles)
        .forEach(row -> reasons.put(row.getString(0), row.getAs("reason")));
    return reasons;
  }

  private List<Row> read(
      SignalManifest manifest,
      java.util.function.BiFunction<SignalTable, SignalManifest, List<String>> files) {
    SignalTable table =
        Stream.of(folder.resolve("signals").toFile().list())
            .map(
                name ->
                    new SignalTable(
                        new org.apache.hadoop.fs.Path(path("signals/" + name)),
                        SPARK.sessionState().newHadoopConf()))
            .filter(each -> each.current().equals(java.util.Optional.of(manifest)))
            .findFirst()
            .orElseThrow();
    return SPARK
        .read()
        .parquet(files.apply(table, manifest).toArray(String[]::new))
        .orderBy(col("sample_id"))
        .collectAsList();
  }

  private static float[] logits(Row row) {
    List<Float> values = row.getList(row.fieldIndex("logits"));
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  private static double[] softmax(double[] logits) {
    double highest = Arrays.stream(logits).max().orElseThrow();
    double[] p = Arrays.stream(logits).map(z -> Math.exp(z - highest)).toArray();
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(e -> e / sum).toArray();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
