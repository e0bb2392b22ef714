package io.lakestill.jobs;

import io.lakestill.signal.SignalSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What a loss can ask of a recipe's teachers, known before any of them has said a word.
 *
 * <p>The signals of one teacher are {@code logits}, {@code embedding}, ...; those of several are
 * {@code logits.1}, {@code logits.2}, ..., numbered as the recipe lists them. An SQL expression
 * sees the columns of the signal tables: those of one teacher as they are, those of several behind
 * the teacher's id, as in {@code resnet.entropy}.
 *
 * @param teachers in the order of the recipe
 */
record TeacherSignals(List<Teacher> teachers) {
  /** The columns that several tables have in common: what a row is about. */
  static final List<String> KEY = List.of(SignalSchema.SAMPLE_ID, SignalSchema.VIEW_ID);

  /**
   * One teacher.
   *
   * @param signals the names of its signals
   */
  record Teacher(String id, List<String> signals) {
    Teacher {
      signals = List.copyOf(signals);
    }

    /** The columns of its signal table, as Spark reads them. */
    StructType columns() {
      List<StructField> columns = new ArrayList<>();
      columns.add(DataTypes.createStructField(SignalSchema.SAMPLE_ID, DataTypes.StringType, true));
      columns.add(DataTypes.createStructField(SignalSchema.VIEW_ID, DataTypes.IntegerType, true));
      Stream.of(SignalSchema.CONTENT_HASH, SignalSchema.TEACHER_ID)
          .forEach(c -> columns.add(DataTypes.createStructField(c, DataTypes.StringType, true)));
      Stream.of(SignalSchema.LABEL, SignalSchema.ARGMAX)
          .forEach(c -> columns.add(DataTypes.createStructField(c, DataTypes.IntegerType, true)));
      Stream.of(SignalSchema.ENTROPY, SignalSchema.MARGIN)
          .forEach(c -> columns.add(DataTypes.createStructField(c, DataTypes.FloatType, true)));
      signals.forEach(
          s ->
              columns.add(
                  DataTypes.createStructField(
                      s, DataTypes.createArrayType(DataTypes.FloatType, true), true)));
      return DataTypes.createStructType(columns);
    }

    /** The columns that are about more than the key. */
    List<String> said() {
      return Stream.of(columns().fieldNames()).filter(name -> !KEY.contains(name)).toList();
    }
  }

  /**
   * Where a signal is.
   *
   * @param teacher its place in the list, from 0
   * @param column of that teacher's signal table
   */
  record Source(int teacher, String column) {}

  TeacherSignals {
    teachers = List.copyOf(teachers);
  }

  boolean several() {
    return teachers.size() > 1;
  }

  /** Every signal by the name that a loss uses. */
  Map<String, Source> sources() {
    Map<String, Source> sources = new LinkedHashMap<>();
    for (int teacher = 0; teacher < teachers.size(); teacher++) {
      for (String signal : teachers.get(teacher).signals()) {
        String name = several() ? signal + "." + (teacher + 1) : signal;
        sources.put(name, new Source(teacher, signal));
      }
    }
    return sources;
  }

  /** The signals that a need such as {@code logits} or {@code logits.*} means; none when absent. */
  List<String> named(String need) {
    return sources().keySet().stream()
        .filter(
            name ->
                need.endsWith("*")
                    ? name.startsWith(need.substring(0, need.length() - 1))
                    : name.equals(need))
        .toList();
  }

  /** A table without rows that has the columns an expression can use. */
  Dataset<Row> empty(SparkSession spark) {
    if (!several()) {
      return spark.createDataFrame(List.of(), teachers.get(0).columns()).as(teachers.get(0).id());
    }
    List<StructField> columns = new ArrayList<>();
    KEY.forEach(key -> columns.add(field(teachers.get(0).columns(), key)));
    for (Teacher teacher : teachers) {
      StructField[] said =
          teacher.said().stream()
              .map(name -> field(teacher.columns(), name))
              .toArray(StructField[]::new);
      columns.add(
          DataTypes.createStructField(teacher.id(), DataTypes.createStructType(said), true));
    }
    return spark.createDataFrame(List.of(), DataTypes.createStructType(columns));
  }

  private static StructField field(StructType columns, String name) {
    return columns.fields()[columns.fieldIndex(name)];
  }

  /** The columns as an expression names them. */
  List<String> columns() {
    if (!several()) {
      return List.of(teachers.get(0).columns().fieldNames());
    }
    List<String> columns = new ArrayList<>(KEY);
    teachers.forEach(t -> t.said().forEach(name -> columns.add(quoted(t.id()) + "." + name)));
    return columns;
  }

  private static String quoted(String id) {
    return id.matches("[A-Za-z_][0-9A-Za-z_]*") ? id : "`" + id + "`";
  }
}
