package io.lakestill.jobs;

import io.lakestill.recipe.Recipe;
import io.lakestill.signal.LogitSummary;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@link Pets} and a table of what somebody said of them: the same logits in columns of every kind.
 *
 * @param spark the session
 * @param folder holds {@code table} and {@code scores}
 * @param pets the examples
 * @param said the logits of each, by key; the third is 0
 */
record ScoredPets(SparkSession spark, Path folder, List<Row> pets, Map<String, double[]> said) {
  static final StructType COLUMNS =
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

  static ScoredPets of(SparkSession spark, Path folder, int count, long seed) {
    Random random = new Random(seed);
    List<Row> pets = Pets.rows(count, seed);
    Map<String, double[]> said = new HashMap<>();
    for (Row pet : pets) {
      double[] logits = new double[4];
      Arrays.setAll(logits, c -> c == 2 ? 0 : Math.rint(4000 * random.nextGaussian()) / 1000);
      said.put(pet.getString(0), logits);
    }
    Pets.write(spark, pets, 2, folder.resolve("table").toString());
    return new ScoredPets(spark, folder, pets, said);
  }

  /** A row of each pet, in their order. */
  List<Row> scores() {
    List<Row> rows = new ArrayList<>();
    pets.forEach(pet -> rows.add(score(pet.getString(0), said.get(pet.getString(0)))));
    return rows;
  }

  static Row score(String id, double[] logits) {
    Float[] floats = new Float[4];
    Double[] doubles = new Double[4];
    for (int c = 0; c < 4; c++) {
      floats[c] = (float) logits[c];
      doubles[c] = logits[c];
    }
    int best = best(logits);
    return RowFactory.create(
        id,
        floats,
        doubles,
        Vectors.dense(logits),
        Vectors.sparse(4, new int[] {0, 1, 3}, new double[] {logits[0], logits[1], logits[3]}),
        logits[0],
        (float) logits[1],
        BigDecimal.valueOf(logits[2]),
        logits[3],
        Vectors.dense(softmax(logits)),
        Pets.CLASSES.get(best),
        (double) best,
        0.7,
        new Double[] {1.0, logits[0], -logits[1]});
  }

  Dataset<Row> table(List<Row> scores) {
    return spark.createDataFrame(scores, COLUMNS);
  }

  void store(List<Row> scores) {
    store(table(scores));
  }

  void store(Dataset<Row> scores) {
    scores.coalesce(2).write().mode("overwrite").parquet(path("scores"));
  }

  /**
   * A recipe whose teacher, {@code gbt}, is the table.
   *
   * @param table what the recipe says of it beside its path
   * @param overrides as {@code --set} takes them
   */
  Recipe recipe(String table, String... overrides) {
    List<String> all = new ArrayList<>(List.of("teacher=null"));
    all.add(
        "teacher={id = gbt, check { accuracy-floor = 0 }, table { path = \"%s\", %s }}"
            .formatted(path("scores"), table));
    all.addAll(List.of(overrides));
    return Pets.blueprint(path("table"), all.toArray(String[]::new)).recipe();
  }

  String path(String name) {
    return folder.resolve(name).toString();
  }

  static int best(double[] logits) {
    return LogitSummary.of(floats(logits), 0, logits.length).argmax();
  }

  static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  static double[] softmax(double[] logits) {
    double highest = Arrays.stream(logits).max().orElseThrow();
    double[] p = Arrays.stream(logits).map(z -> Math.exp(z - highest)).toArray();
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(e -> e / sum).toArray();
  }
}
