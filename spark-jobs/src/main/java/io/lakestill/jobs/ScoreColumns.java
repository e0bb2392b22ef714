package io.lakestill.jobs;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.ScoreTable;
import io.lakestill.recipe.ScoreTable.Always;
import io.lakestill.recipe.ScoreTable.Statement;
import io.lakestill.recipe.ScoreTable.Varying;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalColumn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/**
 * The columns of a table of scores that a recipe names: whether they are there and of a usable
 * type, and how they become cells that a {@link ScoreReader} reads.
 */
final class ScoreColumns {
  private static final StructType VECTOR =
      new StructType()
          .add("type", DataTypes.ByteType)
          .add("size", DataTypes.IntegerType)
          .add("indices", "array<int>")
          .add("values", "array<double>");
  private static final String NUMBERS = "an array of numbers or a vector";

  private final DataSettings data;
  private final TeacherSettings teacher;
  private final ScoreTable scores;
  private final Dataset<Row> table;
  private final List<String> faults = new ArrayList<>();

  /**
   * @param teacher whose table it is
   * @param table its rows
   */
  ScoreColumns(DataSettings data, TeacherSettings teacher, Dataset<Row> table) {
    this.data = data;
    this.teacher = teacher;
    this.scores = teacher.table().orElseThrow();
    this.table = table;
    check(
        "table.id", id(), ExampleColumns::isKey, "a text, a whole number or a date, as data.id is");
    checkClasses();
    further()
        .forEach(
            signal ->
                check(
                    "outputs." + signal,
                    teacher.outputs().get(signal),
                    ScoreColumns::isNumbers,
                    NUMBERS));
  }

  /** What is wrong, for a person; empty when the columns can be used. */
  List<String> faults() {
    return faults;
  }

  private String id() {
    return scores.id().orElse(data.id());
  }

  private void checkClasses() {
    String key = "table." + scores.key();
    if (scores.statement() == Statement.ANSWER) {
      check(key, first(), ScoreColumns::isAnswer, "a text or a number");
      if (scores.confidence().orElseThrow() instanceof Varying varying) {
        check("table.confidence", varying.column(), NumericType.class::isInstance, "a number");
      }
    } else if (scores.columns().size() > 1) {
      scores
          .columns()
          .forEach(
              column -> check(key, column, NumericType.class::isInstance, "a number, as each is"));
    } else if (oneNumberWillDo()) {
      check(
          key,
          first(),
          type -> isNumbers(type) || type instanceof NumericType,
          NUMBERS + ", or a number for the second class");
    } else {
      check(
          key,
          first(),
          ScoreColumns::isNumbers,
          NUMBERS
              + ", or name a column for each of the %d classes".formatted(data.classes().size()));
    }
  }

  /**
   * Of two classes the logits and probabilities of one say those of the other; a share does not.
   */
  private boolean oneNumberWillDo() {
    return data.classes().size() == 2 && scores.statement() != Statement.SCORES;
  }

  private void check(String key, String column, Predicate<DataType> allowed, String expected) {
    String where = "%s of teacher '%s'".formatted(key, teacher.id());
    Optional<DataType> type = RawColumn.type(table, column);
    if (type.isEmpty()) {
      faults.add(RawColumn.missing(where, column, table));
    } else if (!allowed.test(type.get())) {
      faults.add(
          "%s names column '%s' of type %s; it must be %s"
              .formatted(where, column, type.get().simpleString(), expected));
    }
  }

  Column key() {
    return RawColumn.named(id()).cast("string");
  }

  /** Answer and confidence, or the numbers of the classes; then the further signals. */
  List<Column> cells() {
    List<Column> cells = new ArrayList<>();
    if (scores.statement() == Statement.ANSWER) {
      cells.add(answersByName() ? RawColumn.named(first()) : number(first()));
      cells.add(
          scores.confidence().orElseThrow() instanceof Always always
              ? lit(always.value())
              : number(((Varying) scores.confidence().orElseThrow()).column()));
    } else {
      cells.add(classes());
    }
    further().forEach(signal -> cells.add(numbers(teacher.outputs().get(signal))));
    return cells;
  }

  private Column classes() {
    return type(first()) instanceof NumericType
        ? array(scores.columns().stream().map(ScoreColumns::number).toArray(Column[]::new))
        : numbers(first());
  }

  /** Whether answers are class names, not indices. */
  boolean answersByName() {
    return type(first()) instanceof StringType;
  }

  /** How many numbers a row has for the classes. */
  int classWidth() {
    boolean one = scores.columns().size() == 1 && type(first()) instanceof NumericType;
    return one ? 1 : data.classes().size();
  }

  /** How the numbers of the classes are stored. */
  ScoreCell classCell() {
    return cell(String.join(", ", scores.columns()), first());
  }

  /** How a further signal is stored. */
  ScoreCell cell(String signal) {
    return cell(signal, teacher.outputs().get(signal));
  }

  private ScoreCell cell(String name, String column) {
    return new ScoreCell(name, isVector(type(column)));
  }

  /** The signals beside the logits, in the order of their columns in a signal table. */
  List<String> further() {
    return teacher.outputs().keySet().stream()
        .filter(signal -> !signal.equals(SignalColumn.LOGITS))
        .sorted()
        .toList();
  }

  private static Column number(String column) {
    return RawColumn.named(column).cast(DataTypes.DoubleType);
  }

  private Column numbers(String column) {
    DataType type = type(column);
    if (type instanceof ArrayType) {
      return RawColumn.named(column).cast("array<double>");
    }
    // A vector whose class is known is stored in the very struct, and nothing can be cast to it.
    return type instanceof UserDefinedType
        ? RawColumn.named(column)
        : RawColumn.named(column).cast(VECTOR);
  }

  private String first() {
    return scores.columns().get(0);
  }

  private DataType type(String column) {
    return RawColumn.type(table, column).orElseThrow();
  }

  private static boolean isAnswer(DataType type) {
    return type instanceof StringType || type instanceof NumericType;
  }

  private static boolean isNumbers(DataType type) {
    return (type instanceof ArrayType array && array.elementType() instanceof NumericType)
        || isVector(type);
  }

  /** Whether it is how Spark ML stores a vector, be its class known here or not. */
  private static boolean isVector(DataType type) {
    DataType stored = type instanceof UserDefinedType<?> known ? known.sqlType() : type;
    return stored instanceof StructType struct
        && Arrays.equals(struct.fieldNames(), VECTOR.fieldNames())
        && DataType.equalsIgnoreNullability(struct, VECTOR);
  }
}
