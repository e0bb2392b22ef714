package io.lakestill.jobs;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.ScoreTable;
import io.lakestill.recipe.TableSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.teacher.StatedScores;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * The table in which a teacher said elsewhere what it thinks of the examples.
 *
 * @param teacher its id
 * @param table where it is
 * @param rows {@code scored_id}, {@code said} (true), then the cells that {@code reader} reads
 * @param reader how a row is read
 */
record Scores(String teacher, TableSettings table, Dataset<Row> rows, ScoreReader reader)
    implements Candidate {
  private static final String KEY = "scored_id";
  private static final String SAID = "said";
  private static final int SHOWN = 5;

  /**
   * How many test examples, or others, a table knows.
   *
   * @param examples how many there are
   * @param known how many of them are in the table
   * @param missing a few of those that are not
   */
  record Coverage(long examples, long known, List<String> missing) {}

  /**
   * Opens the table of a teacher and checks its columns.
   *
   * @param teacher one that is given by a table
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such table, or one of
   *     its columns is missing or of a wrong type; the message says what the table has
   */
  static Scores open(SparkSession spark, DataSettings data, TeacherSettings teacher) {
    ScoreTable settings = teacher.table().orElseThrow();
    Dataset<Row> stored = LakeTable.read(spark, settings.table());
    ScoreColumns columns = new ScoreColumns(data, teacher, stored);
    ExampleTable.refuse(settings.table(), columns.faults());
    List<Column> selected = new ArrayList<>(List.of(columns.key().as(KEY), lit(true).as(SAID)));
    for (Column cell : columns.cells()) {
      selected.add(cell.as("cell_" + (selected.size() - 2)));
    }
    Dataset<Row> rows = stored.select(selected.toArray(Column[]::new)).where(col(KEY).isNotNull());
    List<ScoreCell> further = columns.further().stream().map(columns::cell).toList();
    int firstOfFurther = columns.cells().size() - further.size();
    List<Integer> widths = new ArrayList<>();
    for (int k = 0; k < further.size(); k++) {
      widths.add(width(rows, "cell_" + (firstOfFurther + k), further.get(k), settings.table()));
    }
    ScoreReader reader =
        new ScoreReader(
            "teacher " + teacher.id(),
            new StatedScores(settings.statement(), data.classes()),
            columns.classCell(),
            columns.classWidth(),
            columns.answersByName(),
            new ArrayList<>(further),
            widths,
            1);
    return new Scores(teacher.id(), settings.table(), rows, reader);
  }

  /** The width that most rows have, of two the larger; rows of another go to quarantine. */
  private static int width(Dataset<Row> rows, String column, ScoreCell cell, TableSettings table) {
    Map<Integer, Long> seen = new HashMap<>();
    new JobNames(rows.sparkSession().sparkContext()).now("widths of " + cell.name());
    rows.select(column)
        .where(col(column).isNotNull())
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(new Widths(cell))
        .collect()
        .forEach(width -> seen.merge(width._1(), width._2(), Long::sum));
    return seen.entrySet().stream()
        .filter(width -> width.getKey() > 0)
        .max(
            Map.Entry.<Integer, Long>comparingByValue()
                .thenComparing(Map.Entry.comparingByKey(Comparator.naturalOrder())))
        .map(Map.Entry::getKey)
        .orElseThrow(
            () ->
                Errors.badInput(
                    ("Table '%s': the column of signal '%s' has no values; correct the recipe or"
                            + " the table.")
                        .formatted(table.path(), cell.name())));
  }

  /** How many rows of a partition have each width. */
  private record Widths(ScoreCell cell)
      implements FlatMapFunction<Iterator<InternalRow>, Tuple2<Integer, Long>>, Serializable {
    @Override
    public Iterator<Tuple2<Integer, Long>> call(Iterator<InternalRow> rows) {
      Map<Integer, Long> seen = new TreeMap<>();
      while (rows.hasNext()) {
        seen.merge(cell.width(rows.next(), 0), 1L, Long::sum);
      }
      return seen.entrySet().stream()
          .map(width -> new Tuple2<>(width.getKey(), width.getValue()))
          .iterator();
    }
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when two rows have one key; the message
   *     names five
   */
  void requireUnique() {
    new JobNames(rows.sparkSession().sparkContext()).now("check keys of table " + table.path());
    List<String> repeated =
        rows
            .groupBy(KEY)
            .agg(count(lit(1)).as("rows"))
            .where(col("rows").gt(1))
            .sort(KEY)
            .limit(SHOWN)
            .collectAsList()
            .stream()
            .map(row -> "%s (%d rows)".formatted(ShownKey.of(row.getString(0)), row.getLong(1)))
            .toList();
    if (!repeated.isEmpty()) {
      throw Errors.badInput(
          ("Table '%s' of teacher '%s' has more than one row for a key, such as %s; which of them"
                  + " counts nobody can say. Keep one, or select rows with table.where.")
              .formatted(table.path(), teacher, String.join(", ", repeated)));
    }
  }

  /**
   * The same examples, and behind their columns what the table says of each: {@code said}, null
   * where it has no row, then its cells.
   *
   * @param examples with a column {@code sample_id}
   */
  Dataset<Row> joined(Dataset<Row> examples) {
    return examples
        .join(rows, examples.col(ExampleTable.SAMPLE_ID).equalTo(rows.col(KEY)), "left_outer")
        .drop(rows.col(KEY));
  }

  /**
   * The same of few examples. Their keys go to the table, so that of it no more is moved than what
   * it says of them; the rows to join would else all be.
   *
   * @param examples with a column {@code sample_id}, so few that their keys can be broadcast
   */
  Dataset<Row> joinedFew(Dataset<Row> examples) {
    Dataset<Row> asked = broadcast(examples.select(col(ExampleTable.SAMPLE_ID).as("asked")));
    Dataset<Row> own = rows.join(asked, rows.col(KEY).equalTo(asked.col("asked")), "left_semi");
    return new Scores(teacher, table, own, reader).joined(examples);
  }

  /** The shape of each signal, logits first. */
  Map<String, List<Integer>> shapes() {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    shapes.put(SignalColumn.LOGITS, List.of(reader.stated().classes().size()));
    for (int k = 0; k < reader.further().size(); k++) {
      shapes.put(reader.further().get(k).name(), List.of(reader.widths().get(k)));
    }
    return shapes;
  }

  /** How many of these examples the table knows. */
  Coverage coverage(Dataset<Row> examples) {
    Dataset<Row> keys = examples.select(ExampleTable.SAMPLE_ID);
    Dataset<Row> known =
        keys.join(
            rows.select(KEY, SAID),
            keys.col(ExampleTable.SAMPLE_ID).equalTo(rows.col(KEY)),
            "left_outer");
    Row counts = known.agg(count(lit(1)), count(col(SAID))).first();
    List<String> missing =
        known
            .where(col(SAID).isNull())
            .select(coalesce(col(ExampleTable.SAMPLE_ID), lit("a row without a key")).as("text"))
            .sort("text")
            .limit(SHOWN)
            .collectAsList()
            .stream()
            .map(row -> ShownKey.of(row.getString(0)))
            .toList();
    return new Coverage(counts.getLong(0), counts.getLong(1), missing);
  }

  /**
   * Whether this teacher can be measured on the test examples: it can when the table knows all of
   * them.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when it knows some, so that the scores
   *     would be of other rows than everybody else's
   */
  boolean measurable(SparkSession spark, DataSettings data) {
    Coverage test = coverage(ExampleTable.examples(spark, data, Split.TEST));
    if (test.known() > 0 && test.known() < test.examples()) {
      throw Errors.badInput(
          ("Table '%s' of teacher '%s' knows %d of %d test examples, but not such as %s; models are"
                  + " compared on the same rows. Score all test examples, or leave all out, or select"
                  + " those it knows with data.test-where.")
              .formatted(
                  table.path(),
                  teacher,
                  test.known(),
                  test.examples(),
                  String.join(", ", test.missing())));
    }
    return test.known() > 0;
  }
}
