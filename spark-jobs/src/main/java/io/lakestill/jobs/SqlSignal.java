package io.lakestill.jobs;

import static org.apache.spark.sql.functions.expr;

import io.lakestill.objective.Requirements;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.trees.TreePattern;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;

/**
 * A number for each signal row that a recipe writes as an SQL expression over the signal table: the
 * condition or the weight of a term. To a loss it is one more signal, {@code sql:<expression>}.
 *
 * @param expression over the columns that {@link TeacherSignals} names
 */
record SqlSignal(String expression) {
  /** The expression, if that is what a signal is. */
  static Optional<SqlSignal> of(String signal) {
    return Requirements.expression(signal).map(SqlSignal::new);
  }

  /** One number a row, in double: true is 1, false is 0. Not finite where it has no value. */
  Column value() {
    return expr(expression).cast(DataTypes.DoubleType);
  }

  /**
   * Why it is no number of each row that is the same each time; empty when it is one.
   *
   * @param rows a table with the columns it may use
   */
  Optional<String> refusal(Dataset<Row> rows) {
    Dataset<Row> selected;
    try {
      selected = rows.select(expr(expression));
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      if (!(e instanceof SparkThrowable)) {
        throw e;
      }
      return Optional.of("is refused: " + firstLine(e));
    }
    LogicalPlan plan = selected.queryExecution().analyzed();
    if (!isOneValuePerRow(plan, rows)) {
      return Optional.of("must give one value for each row, from that row alone");
    }
    Expression value = plan.expressions().head();
    if (SubqueryExpression.hasSubquery(value)) {
      return Optional.of("must not read other tables");
    }
    if (!value.deterministic() || value.containsPattern(TreePattern.CURRENT_LIKE())) {
      return Optional.of("gives another value each time");
    }
    DataType type = selected.schema().fields()[0].dataType();
    return type instanceof NumericType || type instanceof BooleanType
        ? Optional.empty()
        : Optional.of("must be a number or a condition, is " + type.sql());
  }

  /** Aggregates, windows and generators make Spark put a step between, or another on top. */
  private static boolean isOneValuePerRow(LogicalPlan plan, Dataset<Row> rows) {
    return plan instanceof Project project
        && project.projectList().size() == 1
        && project.child().equals(rows.queryExecution().analyzed());
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).strip().lines().findFirst().orElse("");
  }

  /** The columns of nested columns that it reads, as {@code nested.column} of the table. */
  Set<String> fields(Dataset<Row> rows) {
    Set<String> fields = new TreeSet<>();
    Expression value =
        rows.select(expr(expression)).queryExecution().analyzed().expressions().head();
    collect(value, rows.queryExecution().analyzed(), fields);
    return fields;
  }

  private static void collect(Expression value, LogicalPlan rows, Set<String> fields) {
    if (value instanceof GetStructField field && field.child() instanceof AttributeReference of) {
      fields.add(column(of, rows) + "." + field.childSchema().fieldNames()[field.ordinal()]);
    } else if (value instanceof AttributeReference of && of.dataType() instanceof StructType all) {
      Stream.of(all.fieldNames()).forEach(name -> fields.add(column(of, rows) + "." + name));
    } else {
      JavaConverters.seqAsJavaList(value.children()).forEach(child -> collect(child, rows, fields));
    }
  }

  /** The table's own name of a column, which an expression may write in other letter case. */
  private static String column(AttributeReference of, LogicalPlan rows) {
    return JavaConverters.seqAsJavaList(rows.output()).stream()
        .filter(column -> column.exprId().equals(of.exprId()))
        .map(NamedExpression::name)
        .findFirst()
        .orElseThrow();
  }
}
