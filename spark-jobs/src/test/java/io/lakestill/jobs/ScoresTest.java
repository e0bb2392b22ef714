package io.lakestill.jobs;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a table of scores says of an example, in whatever columns it stands. */
class ScoresTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final int ROWS = 12;

  @TempDir private Path folder;

  private final long seed = System.nanoTime();
  private final Map<String, String> faults = new HashMap<>();
  private ScoredPets pets;

  @BeforeEach
  void write() {
    pets = ScoredPets.of(SPARK, folder, ROWS, seed);
    pets.store(pets.scores());
  }

  @Test
  void everyKindOfColumnSaysTheSame() {
    for (String columns :
        List.of("floats", "[doubles]", "dense", "sparse", "[cat, dog, owl, eel]")) {
      Map<String, float[][]> read = read("logits = " + columns);

      assertThat(read).hasSize(ROWS);
      read.forEach(
          (id, signals) ->
              assertThat(signals[0])
                  .as("seed %d, %s, %s", seed, columns, id)
                  .containsExactly(ScoredPets.floats(pets.said().get(id)), within(1e-6f)));
    }
  }

  @Test
  void probabilitiesBecomeLogitsWhoseSoftmaxTheyAre() {
    read("probabilities = probability")
        .forEach(
            (id, signals) ->
                assertThat(softmax(signals[0]))
                    .as("seed %d", seed)
                    .containsExactly(ScoredPets.softmax(pets.said().get(id)), within(1e-5)));
  }

  @Test
  void anAnswerIsANameOrAnIndexAndLeavesTheOthersTheirShare() {
    Map<String, float[][]> named = read("answer = name, confidence = 0.7");
    Map<String, float[][]> indexed = read("answer = prediction, confidence = sure");

    assertThat(named).hasSize(ROWS);
    named.forEach(
        (id, signals) -> {
          assertThat(indexed.get(id)[0]).isEqualTo(signals[0]);
          double[] expected = {0.1, 0.1, 0.1, 0.1};
          expected[ScoredPets.best(pets.said().get(id))] = 0.7;
          assertThat(softmax(signals[0])).containsExactly(expected, within(1e-6));
        });
  }

  @Test
  void ofTwoClassesOneNumberIsEnough() {
    Dataset<Row> two =
        SPARK.sql("select 'pet-000' sample_id, 2.0D margin, 0.9D p, array(1, 3) votes");
    pets.store(two);
    String classes = "data.classes=[no, yes]";

    assertThat(read("logits = margin", classes).get("pet-000")[0]).containsExactly(-1, 1);
    assertThat(softmax(read("probabilities = p", classes).get("pet-000")[0]))
        .containsExactly(new double[] {0.1, 0.9}, within(1e-6));
    assertThat(softmax(read("scores = votes", classes).get("pet-000")[0]))
        .containsExactly(new double[] {0.25, 0.75}, within(1e-6));
    assertRefused("scores = p", "it must be an array of numbers or a vector", classes);
  }

  @Test
  void furtherSignalsAreArraysOrVectorsOfOneWidth() {
    pets.store(
        pets.table(pets.scores())
            .withColumn("features", expr("if(sample_id = 'pet-003', array(1D), features)")));
    String outputs = "teacher.outputs.embedding=features";

    Scores scores = scores("logits = dense", outputs);

    assertThat(scores.shapes())
        .containsExactly(Map.entry("logits", List.of(4)), Map.entry("embedding", List.of(3)));
    Map<String, float[][]> read = read(scores);
    assertThat(read).hasSize(ROWS - 1);
    assertThat(read.get("pet-004")[1][1]).isEqualTo((float) pets.said().get("pet-004")[0]);
    assertThat(faults)
        .containsOnly(Map.entry("pet-003", "its embedding has 1 values instead of 3"));
    assertThat(read(scores, scores.reader().logitsAlone()))
        .as("on test rows its logits are enough")
        .hasSize(ROWS);
  }

  /** As Spark reads it where Spark ML is missing, and as other tools write it. */
  @Test
  void aVectorIsReadWhereItsClassIsNotKnown() {
    String dense =
        "named_struct('type', 1Y, 'size', cast(null as int), 'indices', cast(null as array<int>),"
            + " 'values', array(1D, 2D, 3D, 4D))";
    String sparse =
        "named_struct('type', 0Y, 'size', 4, 'indices', array(1, 3), 'values', array(2D, 4D))";
    pets.store(
        SPARK.sql(
            "select 'pet-000' sample_id, %s p union all select 'pet-001', %s"
                .formatted(dense, sparse)));

    Map<String, float[][]> read = read("logits = p");

    assertThat(read.get("pet-000")[0]).containsExactly(1, 2, 3, 4);
    assertThat(read.get("pet-001")[0]).containsExactly(0, 2, 0, 4);
  }

  /** Nothing in Spark ML writes these; a null would be read as 0. */
  @Test
  void saysWhatIsWrongWithAVector() {
    Map<String, String> vectors = new TreeMap<>();
    vectors.put("cast(null as tinyint), 4, array(1), array(2D)", "a vector without type");
    vectors.put("1Y, 4, array(1), cast(null as array<double>)", "a vector without values");
    vectors.put("0Y, cast(null as int), array(1), array(2D)", "a sparse vector without size");
    vectors.put("0Y, 4, cast(null as array<int>), array(2D)", "a sparse vector without indices");
    vectors.put("0Y, 4, array(1), array(2D, 4D)", "a sparse vector of 1 indices and 2 values");
    vectors.put("0Y, 4, array(1, 3), array(2D, null)", "a sparse vector with a null at 1");
    vectors.put("0Y, 4, array(null, 3), array(2D, 1D)", "a sparse vector with a null at 0");
    List<String> selects = new ArrayList<>();
    Map<String, String> expected = new HashMap<>();
    for (Map.Entry<String, String> vector : vectors.entrySet()) {
      String id = "pet-%03d".formatted(selects.size());
      String names = "'type', %s, 'size', %s, 'indices', %s, 'values', %s";
      List<String> parts = List.of(vector.getKey().split(", (?![^(]*\\))"));
      selects.add(
          "select '%s' sample_id, named_struct(%s) p"
              .formatted(id, names.formatted(parts.toArray())));
      expected.put(id, "its p is " + vector.getValue());
    }
    pets.store(SPARK.sql(String.join(" union all ", selects)));

    assertThat(read("logits = p")).isEmpty();
    assertThat(faults).containsAllEntriesOf(expected);
  }

  /** Whatever rows a reader would meet first. */
  @Test
  void theWidthOfASignalIsThatOfMostRows() {
    pets.store(
        SPARK
            .range(0, 2600, 1, 1)
            .selectExpr(
                "cast(id as string) sample_id",
                "array(1D, 2D, 3D, 4D) dense",
                "if(id < 1100, array(1D, 2D), array(1D, 2D, 3D)) map"));
    assertThat(scores("logits = dense", "teacher.outputs.embedding=map").shapes())
        .containsEntry("embedding", List.of(3));
  }

  /** Of a large table only what it says of these may move. */
  @Test
  void ofFewExamplesTheirKeysGoToTheTable() {
    Scores scores = scores("logits = dense");
    Dataset<Row> few = Pets.table(SPARK, pets.pets().subList(2, 5)).select("sample_id", "label");
    String threshold = "spark.sql.autoBroadcastJoinThreshold";
    String before = SPARK.conf().get(threshold);
    SPARK.conf().set(threshold, "-1");
    try {
      String plan = scores.joinedFew(few).queryExecution().executedPlan().toString();
      assertThat(plan).contains("BroadcastHashJoin", "LeftSemi");
    } finally {
      SPARK.conf().set(threshold, before);
    }
    assertThat(scores.joinedFew(few).orderBy("sample_id").collectAsList())
        .isEqualTo(scores.joined(few).orderBy("sample_id").collectAsList())
        .hasSize(3);
  }

  @Test
  void keysInMessagesStayOnTheirLine() {
    Row odd = ScoredPets.score("two\nlines", new double[4]);
    pets.store(List.of(odd, odd));
    assertThatThrownBy(() -> scores("logits = dense").requireUnique())
        .hasMessageContaining("such as two\\u000alines (2 rows); ");
    assertThat(scores("logits = dense").coverage(SPARK.sql("select 'a\tb' sample_id")).missing())
        .containsExactly("a\\u0009b");
  }

  @Test
  void saysWhyARowCannotBeUsed() {
    String numbers =
        """
        case sample_id
          when 'pet-000' then null
          when 'pet-001' then array(1D, 2D, 3D)
          when 'pet-002' then array(1D, double('NaN'), 0D, 0D)
          when 'pet-003' then array(1D, null, 0D, 0D)
          when 'pet-004' then array(1e300, 0D, 0D, 0D)
          else array(0.25D, 0.25D, 0.25D, 0.20D) end
        """;
    pets.store(
        pets.table(pets.scores().subList(0, ROWS - 1))
            .withColumn("doubles", expr(numbers))
            .withColumn("name", expr("if(sample_id = 'pet-001', 'bird', nullif(name, 'x'))"))
            .withColumn(
                "sure",
                expr(
                    "case sample_id when 'pet-002' then 0.2D when 'pet-003' then null else 1"
                        + " end")));

    read("probabilities = doubles");
    assertThat(faults)
        .containsEntry("pet-000", "its doubles is null")
        .containsEntry("pet-001", "its doubles has 3 values instead of 4")
        .containsEntry("pet-002", "its doubles has value NaN at 1")
        .containsEntry("pet-003", "its doubles is null at 1")
        .containsEntry("pet-004", "its doubles has value 1.0E300 at 0")
        .containsEntry("pet-005", "the probabilities sum to 0.95 instead of one")
        .containsEntry("pet-011", "the table of scores has no row of it");

    read("answer = name, confidence = sure");
    assertThat(faults)
        .hasSize(4)
        .containsEntry("pet-001", "the answer 'bird' is no class")
        .containsEntry("pet-002", "the confidence is 0.2; it must be above 1/4 and at most 1")
        .containsEntry("pet-003", "its confidence is null");
  }

  @Test
  void refusesTwoRowsForOneKeyAndNamesFive() {
    List<Row> twice = new ArrayList<>(pets.scores());
    twice.addAll(pets.scores().subList(0, 7));
    pets.store(twice);

    assertThatThrownBy(() -> scores("logits = dense").requireUnique())
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(
            "has more than one row for a key, such as pet-000 (2 rows), pet-001 (2 rows), pet-002"
                + " (2 rows), pet-003 (2 rows), pet-004 (2 rows); ")
        .hasMessageNotContaining("pet-005");
    scores("logits = dense, where = \"sample_id > 'pet-006'\"").requireUnique();
  }

  @Test
  void saysWhatTheTableHasBeforeTheFirstTask() {
    assertRefused(
        "probabilities = proba",
        "Table '%s': table.probabilities of teacher 'gbt' names column 'proba', which is not there;"
                .formatted(pets.path("scores"))
            + " the columns are sample_id, floats, doubles, dense, sparse, cat, ");
    assertRefused(
        "logits = cat",
        "names column 'cat' of type double; it must be an array of numbers or a vector, or name a"
            + " column for each of the 4 classes");
    assertRefused(
        "logits = [cat, dog, name, eel]",
        "names column 'name' of type string; it must be a number, as each is");
    assertRefused(
        "answer = dense, confidence = nobody",
        "has 2 faults:\n"
            + "  - table.answer of teacher 'gbt' names column 'dense' of type vector; it must be a"
            + " text or a number\n"
            + "  - table.confidence of teacher 'gbt' names column 'nobody', which is not there");
    assertRefused("id = features, logits = dense", "it must be a text, a whole number or a date");
    assertRefused(
        "logits = dense",
        "outputs.embedding of teacher 'gbt' names column 'name' of type string; it must be an"
            + " array",
        "teacher.outputs.embedding=name");
  }

  private void assertRefused(String table, String message, String... overrides) {
    assertThatThrownBy(() -> scores(table, overrides))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }

  private Scores scores(String table, String... overrides) {
    Recipe recipe = pets.recipe(table, overrides);
    return Scores.open(SPARK, recipe.data(), recipe.teacher().orElseThrow());
  }

  private Map<String, float[][]> read(String table, String... overrides) {
    return read(scores(table, overrides));
  }

  /** The signals of every pet by key, as a task reads them; what it refuses goes to faults. */
  private Map<String, float[][]> read(Scores scores) {
    return read(scores, scores.reader());
  }

  private Map<String, float[][]> read(Scores scores, ScoreReader columns) {
    faults.clear();
    Map<String, float[][]> read = new HashMap<>();
    Dataset<Row> joined =
        scores.joined(Pets.table(SPARK, pets.pets()).select("sample_id", "label"));
    ScoreReader reader = columns.at(2);
    for (InternalRow row : joined.queryExecution().executedPlan().executeCollect()) {
      float[][] signals = reader.outputArrays(1);
      Optional<String> fault = reader.read(row, signals, 0);
      String id = row.getUTF8String(0).toString();
      fault.ifPresentOrElse(why -> faults.put(id, why), () -> read.put(id, signals));
    }
    return read;
  }

  private static double[] softmax(float[] logits) {
    double[] values = new double[logits.length];
    Arrays.setAll(values, i -> logits[i]);
    return ScoredPets.softmax(values);
  }
}
