package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;

import io.lakestill.signal.SignalSchema;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Rows spread by key over tasks, in order within each. How many tasks there are depends on the rows
 * alone, so each has the same ones whatever the cluster, the order of the table or the history of
 * the run.
 */
record KeyedTasks(int count) {

  /** So many that none has many more rows than it should. */
  static KeyedTasks of(long rows, int rowsPerTask) {
    return new KeyedTasks(Math.toIntExact((rows + rowsPerTask - 1) / rowsPerTask));
  }

  /** Which task a row is of, from 0: as Spark finds it when it shuffles. */
  Column task() {
    return pmod(hash(col(SignalSchema.SAMPLE_ID)), lit(count));
  }

  /**
   * Runs a function in every task.
   *
   * @param rows with a column {@code sample_id}
   * @param within what follows the key in the order of the rows of a task
   * @return what each task says, in their order
   */
  <R> List<R> run(
      Dataset<Row> rows, FlatMapFunction<Iterator<InternalRow>, R> function, String... within) {
    return rows.repartition(count, col(SignalSchema.SAMPLE_ID))
        .sortWithinPartitions(SignalSchema.SAMPLE_ID, within)
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(function)
        .collect();
  }
}
