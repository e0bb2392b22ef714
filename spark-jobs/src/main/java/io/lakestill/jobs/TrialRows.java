package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;

import io.lakestill.bigdl.JobNames;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.TableSettings;
import io.lakestill.signal.SignalRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows to write on trial, with the keys that the first task of a pass would have.
 *
 * @param keys in the order of a file
 * @param signals for each signal {@code [rows, width]}
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
record TrialRows(List<Key> keys, float[][] signals) {
  private static final long SEED = 42;
  private static final double DEVIATION = 3;
  private static final int RAISED = 9;

  /** What else stands in a row. */
  record Key(String sampleId, int viewId, String contentHash, OptionalInt label) {}

  TrialRows {
    keys = List.copyOf(keys);
  }

  /**
   * Examples of the training table, {@code sample_id, label}, and {@code raw} when features are
   * asked for: those of the first of so many tasks, in its order, as far as they have a key.
   *
   * @param seen how a teacher sees them; none when their content is not needed
   */
  static List<Row> examples(
      SparkSession spark, DataSettings data, List<FeatureSettings> seen, long tasks, int atMost) {
    TableSettings table = data.train();
    Dataset<Row> stored = LakeTable.read(spark, table);
    ExampleColumns columns = new ExampleColumns(data, stored);
    ExampleTable.refuse(table, columns.faults());
    Stream<Column> raw =
        seen.stream()
            .map(features -> new RawColumn(features, "features.columns", stored))
            .peek(column -> ExampleTable.refuse(table, column.faults()))
            .map(column -> column.column().as(ExampleTable.RAW));
    Dataset<Row> rows =
        stored
            .select(
                Stream.concat(
                        Stream.of(
                            columns.id().as(ExampleTable.SAMPLE_ID),
                            columns.label().cast("int").as(ExampleTable.LABEL)),
                        raw)
                    .toArray(Column[]::new))
            .where(col(ExampleTable.SAMPLE_ID).isNotNull());
    new JobNames(spark.sparkContext()).now("sample " + table.path());
    Column task = pmod(hash(col(ExampleTable.SAMPLE_ID)), lit(Math.toIntExact(tasks)));
    List<Row> first =
        rows.where(task.equalTo(0)).orderBy(ExampleTable.SAMPLE_ID).limit(atMost).collectAsList();
    // Of a few rows the first task may have none.
    return first.isEmpty()
        ? rows.orderBy(ExampleTable.SAMPLE_ID).limit(atMost).collectAsList()
        : first;
  }

  /**
   * Values as a model might give them: independent and Gaussian, the label's logit raised. Nothing
   * compresses less, so real signals take no more, and much less where most values are zero.
   *
   * @param examples {@code sample_id, label}
   * @param widths of the signals, logits first
   * @param atMost that many rows, all views of an example in a row
   */
  static TrialRows assumed(List<Row> examples, int views, List<Integer> widths, int atMost) {
    Random random = new Random(SEED);
    List<Key> keys = new ArrayList<>();
    for (Row example : examples) {
      String content =
          String.format(Locale.ROOT, "%016x%016x", random.nextLong(), random.nextLong());
      OptionalInt label =
          example.isNullAt(1) ? OptionalInt.empty() : OptionalInt.of(example.getInt(1));
      for (int view = 0; view < views && keys.size() < atMost; view++) {
        keys.add(new Key(example.getString(0), view, content, label));
      }
    }
    float[][] signals = new float[widths.size()][];
    for (int s = 0; s < signals.length; s++) {
      signals[s] = gaussians(keys.size() * widths.get(s), random);
    }
    for (int row = 0; row < keys.size(); row++) {
      int classes = widths.get(0);
      int label = keys.get(row).label().orElse(classes);
      if (label >= 0 && label < classes) {
        signals[0][row * classes + label] += RAISED;
      }
    }
    return new TrialRows(keys, signals);
  }

  /**
   * The same rows where signals of another width are made up, as projected ones are: their values
   * are sums of many, so about Gaussian.
   *
   * @param widths of the signals
   */
  TrialRows ofWidths(List<Integer> widths) {
    Random random = new Random(SEED);
    float[][] fitting = signals.clone();
    for (int s = 0; s < fitting.length; s++) {
      if (fitting[s].length != count() * widths.get(s)) {
        fitting[s] = gaussians(count() * widths.get(s), random);
      }
    }
    return new TrialRows(keys, fitting);
  }

  private static float[] gaussians(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (DEVIATION * random.nextGaussian());
    }
    return values;
  }

  int count() {
    return keys.size();
  }

  /**
   * The rows as a writer takes them.
   *
   * @param columns which signal stands in each column
   */
  List<SignalRow> rows(List<Integer> columns) {
    float[][] values = columns.stream().map(s -> signals[s]).toArray(float[][]::new);
    return IntStream.range(0, count()).mapToObj(row -> row(row, values)).toList();
  }

  private SignalRow row(int row, float[][] values) {
    Key key = keys.get(row);
    return new SignalRow(key.sampleId(), key.viewId(), key.contentHash(), key.label(), values, row);
  }
}
