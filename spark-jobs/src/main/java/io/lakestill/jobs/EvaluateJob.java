package io.lakestill.jobs;

import io.lakestill.metric.ClassificationTally;
import io.lakestill.recipe.Recipe;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
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
   * @param contestants the models; the teacher first, if there is one
   * @param reference whether the first one is that teacher
   * @return one tally per contestant, in their order
   * @throws io.lakestill.error.LakestillException (exit 3) for a test table that breaks its
   *     contract
   */
  static List<ClassificationTally> run(
      SparkSession spark,
      Recipe recipe,
      List<Contestant> contestants,
      TestPass.Reference reference,
      ProgressListener listener) {
    ExampleTable.Examples test = ExampleTable.checked(spark, recipe.data(), Split.TEST);
    Dataset<Row> examples = test.rows().repartition(partitions(recipe, test.count()));
    TestPass.TestPlan plan =
        new TestPass.TestPlan(
            contestants,
            reference,
            recipe.data().features().encoding(),
            recipe.data().classes().size(),
            recipe.evaluate().calibrationBins(),
            recipe.signals().batch());
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    context.setJobDescription(
        "evaluate " + contestants.size() + " models on " + recipe.data().test().path());
    Broadcast<TestPass.TestPlan> shared = context.broadcast(plan);
    try (RowProgress progress =
        new RowProgress(spark.sparkContext(), "evaluate", test.count(), listener)) {
      JavaRDD<InternalRow> rows = examples.queryExecution().toRdd().toJavaRDD();
      LongAccumulator counted = progress.rows();
      return rows.mapPartitions(part -> tallies(shared, part, counted)).reduce(EvaluateJob::merged);
    } finally {
      shared.destroy();
    }
  }

  private static int partitions(Recipe recipe, long rows) {
    long tasks = (rows + recipe.signals().rowsPerTask() - 1) / recipe.signals().rowsPerTask();
    return (int) Math.max(Math.min(tasks, 1 << 20), 1);
  }

  private static Iterator<List<ClassificationTally>> tallies(
      Broadcast<TestPass.TestPlan> plan, Iterator<InternalRow> rows, LongAccumulator counted) {
    try (TestPass pass = new TestPass(plan.value())) {
      return List.of(pass.run(rows, counted)).iterator();
    }
  }

  private static List<ClassificationTally> merged(
      List<ClassificationTally> left, List<ClassificationTally> right) {
    List<ClassificationTally> sum = new ArrayList<>(left);
    IntStream.range(0, sum.size()).forEach(k -> sum.get(k).merge(right.get(k)));
    return sum;
  }
}
