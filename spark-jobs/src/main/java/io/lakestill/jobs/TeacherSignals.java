package io.lakestill.jobs;

import io.lakestill.objective.Requirements;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Topk;
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
   * @param topk of those that are stored so, the codec
   */
  record Teacher(String id, List<String> signals, Map<String, Topk> topk) {
    Teacher {
      signals = List.copyOf(signals);
      topk = Map.copyOf(topk);
    }

    /** A teacher whose signals an expression sees as lists of numbers. */
    Teacher(String id, List<String> signals) {
      this(id, signals, Map.of());
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
          s -> columns.add(DataTypes.createStructField(s, SignalCell.type(topk, s), true)));
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
    return Requirements.members(need, sources().keySet());
  }

  /** Whose outputs a tensor must be named in, so that there is such a signal; for messages. */
  String owner(String signal) {
    int numbered = number(signal) - 1;
    int owner = several() ? numbered : 0;
    return owner >= 0 && owner < teachers.size()
        ? "teacher '%s'".formatted(teachers.get(owner).id())
        : "a teacher";
  }

  /** The name of a signal among its own teacher's. */
  String own(String signal) {
    return several() && number(signal) > 0 ? signal.substring(0, signal.lastIndexOf('.')) : signal;
  }

  /** The teacher's number in a name such as {@code logits.2}; 0 when there is none. */
  private static int number(String signal) {
    String last = signal.substring(signal.lastIndexOf('.') + 1);
    return last.length() < signal.length() && last.matches("[1-9]\\d{0,3}")
        ? Integer.parseInt(last)
        : 0;
  }

  /** The same with the codecs of those that are stored by {@code topk}. */
  TeacherSignals storedBy(Map<Source, Topk> topk) {
    List<Teacher> stored = new ArrayList<>();
    for (int teacher = 0; teacher < teachers.size(); teacher++) {
      Map<String, Topk> own = new LinkedHashMap<>();
      for (Map.Entry<Source, Topk> entry : topk.entrySet()) {
        if (entry.getKey().teacher() == teacher) {
          own.put(entry.getKey().column(), entry.getValue());
        }
      }
      stored.add(new Teacher(teachers.get(teacher).id(), teachers.get(teacher).signals(), own));
    }
    return new TeacherSignals(stored);
  }

  /** The codec of each signal that is stored by {@code topk}, by the name a loss uses. */
  Map<String, Topk> topk() {
    Map<String, Topk> stored = new LinkedHashMap<>();
    sources()
        .forEach(
            (name, source) -> {
              Topk codec = teachers.get(source.teacher()).topk().get(source.column());
              if (codec != null) {
                stored.put(name, codec);
              }
            });
    return stored;
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
