package io.lakestill.jobs;

import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.RecipeReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Small lake tables of pictures of pets, {@code [1, 2, 3]} pixels, and recipes over them. */
final class Pets {
  static final List<String> CLASSES = List.of("cat", "dog", "owl", "eel");
  static final int WIDTH = 6;

  private static final StructType SCHEMA =
      StructType.fromDDL("sample_id string, pixels array<float>, label bigint");

  private Pets() {}

  /** One row of the table; each part may be null. */
  static Row row(String id, float[] pixels, Long label) {
    return RowFactory.create(id, pixels, label);
  }

  /** Sound rows {@code pet-000} and so on, all pixels at least 0.1. */
  static List<Row> rows(int count, long seed) {
    Random random = new Random(seed);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] pixels = new float[WIDTH];
      for (int p = 0; p < WIDTH; p++) {
        pixels[p] = 0.1f + random.nextFloat();
      }
      rows.add(row("pet-%03d".formatted(i), pixels, (long) random.nextInt(CLASSES.size())));
    }
    return rows;
  }

  static Dataset<Row> table(SparkSession spark, List<Row> rows) {
    return spark.createDataFrame(rows, SCHEMA);
  }

  static void write(SparkSession spark, List<Row> rows, int files, String path) {
    table(spark, rows).repartition(files).write().mode("overwrite").parquet(path);
  }

  /**
   * A sound recipe over one table.
   *
   * @param table the path of the table
   * @param overrides as {@code --set} takes them
   */
  static Recipe recipe(String table, String... overrides) {
    return draft(table, new Problems(), overrides).recipe().orElseThrow();
  }

  /** The same as {@link #recipe}, ready to run. */
  static Blueprint blueprint(String table, String... overrides) {
    Problems problems = new Problems();
    var blueprint = Blueprint.of(draft(table, problems, overrides), problems);
    problems.throwIfAny("pets");
    return blueprint.orElseThrow();
  }

  /** The text of a sound recipe over one table. */
  static String text(String table) {
    return """
    name = pets
    output = unused
    data {
      train = "%s"
      test = "%s"
      classes = [cat, dog, owl, eel]
      validation-fraction = 0.25
      features { columns = [pixels], shape = [1, 2, 3], scale = 2 }
    }
    teacher {
      id = oracle
      onnx = unused
      outputs { logits = logits, embedding = embedding }
      check.accuracy-floor = 0  # An oracle knows nothing of the labels.
    }
    signals { batch = 8, rows-per-task = 16, quarantine-budget = 0.1, codec = dense32 }
    student { architecture = mlp, hidden = [4] }
    train { objectives = [{ type = kd-kl }] }
    """
        .formatted(table, table);
  }

  private static RecipeDraft draft(String table, Problems problems, String... overrides) {
    String text = text(table);
    var draft = new RecipeReader("/", "/").draft(text, "pets", List.of(overrides), problems);
    problems.throwIfAny("pets");
    return draft.orElseThrow();
  }
}
