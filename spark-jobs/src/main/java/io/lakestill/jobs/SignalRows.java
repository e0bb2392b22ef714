package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import io.lakestill.error.Errors;
import io.lakestill.jobs.TeacherSignals.Source;
import io.lakestill.jobs.TeacherSignals.Teacher;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.train.RowLayout.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What all teachers said of an example as one row, {@code sample_id, views}, to pair it with: only
 * the signals a loss needs, and the value of its SQL expressions. {@link SignalPairing} reads it.
 *
 * <p>The rows of several teachers meet in one shuffle, by {@code sample_id}, which is also the one
 * that gathers the views and joins them with the examples; where they meet they are sorted, which
 * spills, and not held.
 *
 * @param taught whose tables
 * @param slots what to take from them
 */
record SignalRows(SparkSession spark, Taught taught, List<Slot> slots) {
  /** The views of an example. */
  static final String VIEWS = "views";

  /** A column that no teacher's id can be, since ids have no spaces. */
  private static final String ROWS_OF = "rows of ";

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when an expression cannot be evaluated
   *     over these tables
   */
  Dataset<Row> byExample() {
    checkExpressions();
    Dataset<Row> views = taught.versions().size() == 1 ? viewsOfOne() : viewsOfSeveral();
    return views.groupBy(col(SignalSchema.SAMPLE_ID)).agg(collect_list(col("view")).as(VIEWS));
  }

  private void checkExpressions() {
    TeacherSignals signals = taught.signals();
    for (SqlSignal expression : expressions()) {
      expression
          .refusal(signals.empty(spark))
          .ifPresent(
              refusal -> {
                throw Errors.badInput(
                    "'%s' over the signals in %s %s; their columns are %s."
                        .formatted(
                            expression.expression(),
                            taught.tables(),
                            refusal,
                            String.join(", ", signals.columns())));
              });
    }
  }

  private List<SqlSignal> expressions() {
    return slots.stream()
        .flatMap(slot -> SqlSignal.of(SignalPairing.signal(slot)).stream())
        .toList();
  }

  private Dataset<Row> files(int teacher) {
    return taught.versions().get(teacher).rows(spark);
  }

  /** With the signals as expressions see them, and as they are stored. */
  private Dataset<Row> readable(int teacher) {
    Dataset<Row> rows = files(teacher);
    for (SignalColumn signal : taught.versions().get(teacher).manifest().signals()) {
      rows = SignalCell.readable(rows, signal, kept(new Source(teacher, signal.name())));
    }
    return rows;
  }

  private Optional<KeptLogits> kept(Source source) {
    return taught.kept().entrySet().stream()
        .filter(taken -> taught.source(taken.getKey()).equals(Optional.of(source)))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private Dataset<Row> viewsOfOne() {
    Dataset<Row> rows = readable(0).as(taught.signals().teachers().get(0).id());
    return rows.select(
        col(SignalSchema.SAMPLE_ID), view(lit(1), List.of(col(SignalSchema.CONTENT_HASH))));
  }

  private Dataset<Row> viewsOfSeveral() {
    List<Teacher> teachers = taught.signals().teachers();
    Set<String> needed = needed();
    List<Dataset<Row>> tables =
        IntStream.range(0, teachers.size()).mapToObj(this::readable).toList();
    Dataset<Row> all =
        IntStream.range(0, teachers.size())
            .mapToObj(teacher -> spread(tables, teacher, needed))
            .reduce(Dataset::union)
            .orElseThrow();
    List<Column> kept = new ArrayList<>();
    for (Teacher teacher : teachers) {
      Column said = column(teacher.id());
      kept.add(first(said, true).as(teacher.id()));
      kept.add(count(said).cast(DataTypes.IntegerType).as(ROWS_OF + teacher.id()));
    }
    Dataset<Row> met =
        all.repartition(col(SignalSchema.SAMPLE_ID))
            .groupBy(col(SignalSchema.SAMPLE_ID), col(SignalSchema.VIEW_ID))
            .agg(kept.get(0), kept.subList(1, kept.size()).toArray(Column[]::new));
    Column[] rows = teachers.stream().map(t -> column(ROWS_OF + t.id())).toArray(Column[]::new);
    return met.select(
        col(SignalSchema.SAMPLE_ID),
        view(
            greatest(rows),
            teachers.stream()
                .map(t -> column(t.id()).getField(SignalSchema.CONTENT_HASH))
                .toList()));
  }

  /** One teacher's rows: what it said behind its id, null behind the ids of the others. */
  private Dataset<Row> spread(List<Dataset<Row>> tables, int teacher, Set<String> needed) {
    List<Teacher> teachers = taught.signals().teachers();
    List<Column> columns = new ArrayList<>();
    TeacherSignals.KEY.forEach(key -> columns.add(col(key)));
    for (int t = 0; t < teachers.size(); t++) {
      Teacher of = teachers.get(t);
      StructType schema = tables.get(t).schema();
      List<String> names =
          Stream.of(schema.fieldNames())
              .filter(name -> !TeacherSignals.KEY.contains(name))
              .filter(name -> isOwn(name) || needed.contains(of.id() + "." + name))
              .toList();
      Column said = struct(names.stream().map(SignalRows::column).toArray(Column[]::new));
      DataType type = DataTypes.createStructType(names.stream().map(schema::apply).toList());
      columns.add((t == teacher ? said : lit(null)).cast(type).as(of.id()));
    }
    return tables.get(teacher).select(columns.toArray(Column[]::new));
  }

  private static boolean isOwn(String column) {
    return SignalSchema.OWN_COLUMNS.contains(column);
  }

  /** The signals to carry, behind the ids of their teachers. */
  private Set<String> needed() {
    TeacherSignals signals = taught.signals();
    Set<String> needed = new TreeSet<>();
    for (Slot slot : slots) {
      taught
          .source(SignalPairing.signal(slot))
          .map(source -> signals.teachers().get(source.teacher()).id() + "." + stored(source))
          .ifPresent(needed::add);
    }
    Dataset<Row> rows = signals.empty(spark);
    expressions().forEach(expression -> needed.addAll(expression.fields(rows)));
    return needed;
  }

  private Column view(Column rows, List<Column> hashes) {
    Stream<Column> values = slots.stream().map(this::value);
    return struct(
            Stream.of(Stream.of(col(SignalSchema.VIEW_ID), rows), hashes.stream(), values)
                .flatMap(column -> column)
                .toArray(Column[]::new))
        .as("view");
  }

  private Column value(Slot slot) {
    String signal = SignalPairing.signal(slot);
    return SqlSignal.of(signal).map(SqlSignal::value).orElseGet(() -> stored(signal));
  }

  private Column stored(String signal) {
    TeacherSignals signals = taught.signals();
    Source source = signals.sources().get(signal);
    return signals.several()
        ? column(signals.teachers().get(source.teacher()).id()).getField(stored(source))
        : column(stored(source));
  }

  private String stored(Source source) {
    return SignalCell.stored(
        taught.versions().get(source.teacher()).manifest().column(source.column()));
  }

  private static Column column(String name) {
    return col("`" + name + "`");
  }
}
