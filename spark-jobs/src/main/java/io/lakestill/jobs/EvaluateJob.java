package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.recipe.Recipe;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.LongAccumulator;

/** Scores the test rows with every model of a run, in one pass over the data. */
final class EvaluateJob {
  private EvaluateJob() {}

  /**
   * @param contestants the models and tables, teachers first
   * @param teachers how many of them are teachers; the others are compared with the first
   * @return one tally per contestant, and the rows that were left out for all of them
   * @throws io.lakestill.error.LakestillException (exit 3) for a test table that breaks its
   *     contract or has more rows that cannot be scored than the recipe's budget allows, and for a
   *     model whose logits are not finite
   */
  static TestScores run(
      SparkSession spark,
      Recipe recipe,
      List<? extends Candidate> contestants,
      int teachers,
      ProgressListener listener) {
    try {
      return scores(spark, recipe, contestants, teachers, listener);
    } catch (Exception e) {
      throw SparkFailures.worded(e, "evaluate");
    }
  }

  private static TestScores scores(
      SparkSession spark,
      Recipe recipe,
      List<? extends Candidate> contestants,
      int teachers,
      ProgressListener listener) {
    List<OwnFeatures> own = OwnFeatures.of(recipe);
    ExampleTable.Examples test = ExampleTable.checked(spark, recipe.data(), Split.TEST, own);
    Dataset<Row> rows = test.rows();
    List<Examined> examined = new ArrayList<>();
    for (Candidate candidate : contestants) {
      if (candidate instanceof Scores scores) {
        examined.add(scores.reader().logitsAlone().at(rows.schema().length()));
        rows = scores.joined(rows);
      } else {
        examined.add((Contestant) candidate);
      }
    }
    Dataset<Row> examples = rows.repartition(partitions(recipe, test.count()));
    TestPass.TestPlan plan =
        new TestPass.TestPlan(
            examined,
            teachers,
            recipe.data().features().encoding(),
            own,
            recipe.data().classes().size(),
            recipe.evaluate().calibrationBins(),
            recipe.signals().batch());
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    new JobNames(context.sc())
        .now("score %d rows with %d models".formatted(test.count(), contestants.size()));
    Broadcast<TestPass.TestPlan> shared = context.broadcast(plan);
    try (RowProgress progress =
        new RowProgress(spark.sparkContext(), "evaluate", test.count(), listener)) {
      JavaRDD<InternalRow> partitioned = examples.queryExecution().toRdd().toJavaRDD();
      LongAccumulator counted = progress.rows();
      TestScores scores =
          partitioned
              .mapPartitions(part -> scores(shared, part, counted))
              .reduce(TestScores::merge);
      requireWithinBudget(scores, recipe, test.count());
      return scores;
    } finally {
      shared.destroy();
    }
  }

  private static int partitions(Recipe recipe, long rows) {
    long tasks = (rows + recipe.signals().rowsPerTask() - 1) / recipe.signals().rowsPerTask();
    return (int) Math.max(Math.min(tasks, 1 << 20), 1);
  }

  private static void requireWithinBudget(TestScores scores, Recipe recipe, long rows) {
    double budget = recipe.signals().quarantineBudget();
    long allowed = (long) (budget * rows);
    if (scores.leftOut() > allowed) {
      throw Errors.badInput(
          ("%d of %d rows of test table '%s' cannot be scored, signals.quarantine-budget = %s"
                  + " allows %d; such as %s. Correct the rows or the teacher, leave the rows out with"
                  + " data.test-where, or raise the budget.")
              .formatted(
                  scores.leftOut(),
                  rows,
                  recipe.data().test().path(),
                  budget,
                  allowed,
                  String.join(", ", scores.examples())));
    }
  }

  private static Iterator<TestScores> scores(
      Broadcast<TestPass.TestPlan> plan, Iterator<InternalRow> rows, LongAccumulator counted) {
    try (TestPass pass = new TestPass(plan.value())) {
      return List.of(pass.run(rows, counted)).iterator();
    }
  }
}
