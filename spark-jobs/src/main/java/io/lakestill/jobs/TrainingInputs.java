package io.lakestill.jobs;

import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.Slice;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * What a training reads: the tables, and of signals only the slices of the dates that its examples
 * are of.
 *
 * @param files what the tables are now; where they have dates, of those dates
 * @param dates of the examples; empty where they have none
 */
record TrainingInputs(List<InputSnapshot> files, Optional<Set<String>> dates) {

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such table, or examples
   *     have no date although the recipe says that they do
   */
  static TrainingInputs of(SparkSession spark, DataSettings data) {
    if (data.date().isPresent()) {
      ExampleDates dates = new ExampleDates(spark, data);
      List<String> read = dates.ofExamples();
      return new TrainingInputs(dates.inputs(read), Optional.of(Set.copyOf(read)));
    }
    return new TrainingInputs(whole(data, spark.sessionState().newHadoopConf()), Optional.empty());
  }

  /**
   * What the tables are now, whatever dates they have.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such table
   */
  static List<InputSnapshot> whole(DataSettings data, Configuration configuration) {
    return Stream.of(Split.TRAIN, Split.VALIDATION)
        .map(split -> ExampleTable.table(data, split))
        .distinct()
        .map(table -> InputSnapshot.of(table.path(), table.where(), configuration))
        .toList();
  }

  /** Whether a slice can have signals of the examples. */
  boolean reads(Slice slice) {
    return dates.isEmpty() || slice.date().isEmpty() || dates.get().contains(slice.date().get());
  }
}
