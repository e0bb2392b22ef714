package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.RawFeatures;
import io.lakestill.jobs.SyntheticSignals.Example;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The digits of the quickstart, which ship with the project, and a recipe over them. */
final class Digits {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final String RECIPE =
      """
      name = test
      output = out
      data {
        train = ${lakestill.home}/conf/quickstart/digits.parquet
        train-where = "split = 'train'"
        validation = ${data.train}
        validation-where = "split = 'valid'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
        views { count = 2, seed = 17, transforms = [{ type = shift, pixels = 1 }] }
      }
      teacher { id = synthetic, onnx = none }
      student { architecture = mlp, hidden = [32] }
      train {
        objectives = [{ type = cross-entropy }]
        epochs = 6
        batch = 64
        optimizer { learning-rate = 1e-2 }
      }
      """;

  /** The {@code --set} of a loss that needs a teacher. */
  static final String DISTILLED =
      "train.objectives=[{type=kd-kl,weight=0.9,temperature=4},{type=cross-entropy,weight=0.1}]";

  private Digits() {}

  static SparkSession spark() {
    return LocalSession.open();
  }

  static Recipe recipe(String... overrides) {
    return blueprint(overrides).recipe();
  }

  static Blueprint blueprint(String... overrides) {
    Problems problems = new Problems();
    Optional<Blueprint> blueprint = blueprint(problems, overrides);
    problems.throwIfAny("test.conf");
    return blueprint.orElseThrow();
  }

  static Optional<Blueprint> blueprint(Problems problems, String... overrides) {
    return new RecipeReader(HOME.toString(), HOME.toString())
        .draft(RECIPE, "test.conf", List.of(overrides), problems)
        .flatMap(draft -> Blueprint.of(draft, problems));
  }

  static List<Example> examples(Split split) {
    return ExampleTable.examples(spark(), recipe().data(), split).collectAsList().stream()
        .map(row -> new Example(row.getString(0), row.getInt(1), raw(row)))
        .toList();
  }

  private static RawFeatures raw(Row row) {
    try {
      return RawCell.read(row, 2);
    } catch (BadFeaturesException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a teacher says of every view of every example. */
  static SyntheticSignals sound(Path folder) {
    SyntheticSignals signals = new SyntheticSignals(folder, 2, 17);
    examples(Split.TRAIN).forEach(example -> signals.say(example, 0).say(example, 1));
    examples(Split.VALIDATION).forEach(example -> signals.say(example, 0));
    return signals;
  }
}
