package io.lakestill.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.when;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.recipe.Encoding;
import io.lakestill.signal.SignalSchema;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What became of the examples of a table since a teacher saw them, by key and content. Only keys
 * and hashes are shuffled, never features.
 */
final class KeyComparison {
  /** What became of it, the name of a {@link State}. */
  static final String STATE = "state";

  /** How many views it has or should have; 0 when it is gone. */
  static final String VIEWS = "views";

  /** How many rows of signals there are of it. */
  static final String TAUGHT = "taught";

  /** Whether every row of signals is of the very content; null when there are none. */
  static final String CONTENT = "same_content";

  /** The hash of what a teacher is shown that is shown what a student is. */
  private static final String NOTHING_SHOWN = "";

  private static final StructType HASHED =
      new StructType()
          .add(ExampleTable.SAMPLE_ID, DataTypes.StringType)
          .add(ExampleTable.LABEL, DataTypes.IntegerType)
          .add(VIEWS, DataTypes.IntegerType)
          .add(SignalSchema.CONTENT_HASH, DataTypes.StringType)
          .add(SignalSchema.TEACHER_CONTENT_HASH, DataTypes.StringType);

  /** What became of an example. */
  enum State {
    /** Content, label and number of views are those of its signals. */
    SAME,
    /** It has no signals. */
    NEW,
    /** Its signals are of other content, or there are more or fewer of them. */
    CHANGED,
    /** There are signals, and no example. */
    GONE;

    Column is() {
      return col(STATE).equalTo(name());
    }
  }

  private KeyComparison() {}

  /**
   * @param examples {@code sample_id, label, raw, views}, and what the teacher is shown instead
   * @param cells how features are stored; those of a teacher are compared, too
   * @param signals {@code sample_id, view_id, content_hash, label} of the living rows, and {@code
   *     teacher_content_hash} where the teacher is shown something else
   * @param again {@code sample_id} of examples that count as changed in any case
   * @return {@code sample_id, state, views, taught, same_content}, a row per key
   */
  static Dataset<Row> of(
      SparkSession spark,
      Dataset<Row> examples,
      RawCells cells,
      Dataset<Row> signals,
      Dataset<Row> again) {
    String id = SignalSchema.SAMPLE_ID;
    Column shown =
        cells.teacherHasOwn() ? col(SignalSchema.TEACHER_CONTENT_HASH) : lit(NOTHING_SHOWN);
    Dataset<Row> taught =
        signals
            .groupBy(col(id).as("said"))
            .agg(
                count(lit(1)).as(TAUGHT),
                max(SignalSchema.VIEW_ID).as("last"),
                min(SignalSchema.CONTENT_HASH).as("hash"),
                max(SignalSchema.CONTENT_HASH).as("other_hash"),
                min(shown).as("shown"),
                max(shown).as("other_shown"),
                min(SignalSchema.LABEL).as("said_label"));
    Dataset<Row> marked =
        hashed(spark, examples, cells)
            .join(
                again.select(col(id).as("again")).distinct(),
                col(id).equalTo(col("again")),
                "left_outer");
    Column content =
        col(SignalSchema.CONTENT_HASH)
            .eqNullSafe(col("hash"))
            .and(col("hash").equalTo(col("other_hash")));
    Column sameShown =
        col(SignalSchema.TEACHER_CONTENT_HASH)
            .eqNullSafe(col("shown"))
            .and(col("shown").equalTo(col("other_shown")));
    Column same =
        content
            .and(sameShown)
            .and(col(ExampleTable.LABEL).eqNullSafe(col("said_label")))
            .and(col(VIEWS).equalTo(col(TAUGHT)))
            .and(col("last").plus(1).equalTo(col(VIEWS)))
            .and(col("again").isNull());
    return marked
        .join(taught, col(id).equalTo(col("said")), "full_outer")
        .select(
            coalesce(col(id), col("said")).as(id),
            when(col(id).isNull(), State.GONE.name())
                .when(col("said").isNull(), State.NEW.name())
                .when(not(same), State.CHANGED.name())
                .otherwise(State.SAME.name())
                .as(STATE),
            coalesce(col(VIEWS), lit(0)).as(VIEWS),
            coalesce(col(TAUGHT), lit(0L)).as(TAUGHT),
            content.as(CONTENT));
  }

  private static Dataset<Row> hashed(SparkSession spark, Dataset<Row> examples, RawCells cells) {
    Dataset<Row> ordered =
        examples.select(
            col(ExampleTable.SAMPLE_ID),
            col(ExampleTable.LABEL),
            col(VIEWS),
            col(ExampleTable.RAW),
            cells.teacherHasOwn() ? col(ExampleTable.own(0)) : lit(null));
    return spark.createDataFrame(
        ordered.queryExecution().toRdd().toJavaRDD().map(new Hashing(cells)), HASHED);
  }

  /** The hash of features that cannot be read is null, which is no signal's. */
  private record Hashing(RawCells cells) implements Function<InternalRow, Row> {
    private static final int RAW = 3;
    private static final int OWN = 4;

    @Override
    public Row call(InternalRow row) {
      return RowFactory.create(
          row.getUTF8String(0).toString(),
          row.getInt(1),
          row.getInt(2),
          hash(row, RAW, cells.student()),
          cells.teacherHasOwn() ? hash(row, OWN, cells.seenByTeacher()) : NOTHING_SHOWN);
    }

    private static String hash(InternalRow row, int ordinal, Encoding encoding) {
      try {
        return RawCell.read(row, ordinal, encoding).contentHash();
      } catch (BadFeaturesException e) {
        return null;
      }
    }
  }
}
