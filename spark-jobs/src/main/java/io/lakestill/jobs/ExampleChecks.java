package io.lakestill.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.data.LabelSpace;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.TableSettings;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Counts, in one pass over the examples, everything that must not be; the rows to show for it are
 * looked up only when there are any.
 *
 * @param data the label space, the width
 * @param split the name of the split, for messages
 * @param table where the examples come from
 */
record ExampleChecks(DataSettings data, String split, TableSettings table) {
  static final String STORED_LABEL = "stored_label";
  private static final int SHOWN = 5;

  /**
   * Features that must have a width.
   *
   * @param section where the recipe names them
   * @param features what is asked for
   * @param width how many values there are, null where nobody knows yet
   */
  record Width(String section, FeatureSettings features, Column width) {
    private Column isWrong() {
      return coalesce(width.notEqual(features.width()), lit(false));
    }
  }

  /**
   * How many examples there are.
   *
   * @param rows all of them
   * @param part those of the part that was asked about
   */
  record Counts(long rows, long part) {}

  /**
   * @param examples {@code sample_id}, {@code label}, features and {@link #STORED_LABEL}
   * @param widths of all features, at least one
   * @param part which examples to count apart
   */
  Counts run(Dataset<Row> examples, List<Width> widths, Column part) {
    Column id = col(ExampleTable.SAMPLE_ID);
    Column label = col(ExampleTable.LABEL);
    Column outside = coalesce(label.lt(0).or(label.geq(data.classes().size())), lit(true));
    List<Column> counted = new ArrayList<>();
    counted.add(count(id));
    counted.add(countDistinct(id));
    counted.add(count_if(outside));
    counted.add(count_if(part));
    widths.forEach(each -> counted.add(count_if(each.isWrong())));
    Row counts = examples.agg(count(lit(1)), counted.toArray(Column[]::new)).first();
    long rows = counts.getLong(0);
    long keyed = counts.getLong(1);
    List<String> faults = new ArrayList<>();
    if (keyed < rows) {
      faults.add(
          "column '%s' is null in %s; every row needs a key"
              .formatted(data.id(), counted(rows - keyed)));
    }
    if (counts.getLong(2) < keyed) {
      faults.add(duplicates(examples, keyed - counts.getLong(2)));
    }
    if (counts.getLong(3) > 0) {
      Column shown = concat(id, lit("="), coalesce(col(STORED_LABEL), lit("null")));
      faults.add(
          new LabelSpace(data.classes())
              .outside(data.label(), counts.getLong(3), shown(examples.where(outside), shown)));
    }
    for (int k = 0; k < widths.size(); k++) {
      long wrong = counts.getLong(5 + k);
      if (wrong > 0) {
        faults.add(otherWidth(examples, widths.get(k), wrong));
      }
    }
    ExampleTable.refuse(table, faults);
    return new Counts(rows, counts.getLong(4));
  }

  private static String otherWidth(Dataset<Row> examples, Width asked, long wrong) {
    Column id = col(ExampleTable.SAMPLE_ID);
    Column shown = concat(id, lit(" ("), asked.width().cast("string"), lit(" values)"));
    return "%s features of another width than %s.shape = %s asks for (%d), such as %s"
        .formatted(
            wrong == 1 ? "1 row has" : counted(wrong) + " have",
            asked.section(),
            asked.features().shape(),
            asked.features().width(),
            String.join(", ", shown(examples.where(asked.isWrong()), shown)));
  }

  private static String counted(long rows) {
    return rows == 1 ? "1 row" : rows + " rows";
  }

  /** What is wrong when there is none and must be one. */
  String empty() {
    return "there is no %s example%s; %s"
        .formatted(
            split,
            table.where().map(condition -> " where " + condition).orElse(""),
            table.where().isPresent() || data.validation().isPresent()
                ? "correct the path or the condition"
                : "the table is empty, or data.validation-fraction leaves nothing");
  }

  private String duplicates(Dataset<Row> examples, long surplus) {
    List<String> shown =
        shown(
            examples
                .groupBy(ExampleTable.SAMPLE_ID)
                .agg(count(lit(1)).as("rows"))
                .where(col("rows").gt(1).and(col(ExampleTable.SAMPLE_ID).isNotNull())),
            concat(col(ExampleTable.SAMPLE_ID), lit(" ("), col("rows"), lit(" rows)")));
    return "column '%s' is not a key: %s repeat one, such as %s; make it unique"
        .formatted(data.id(), counted(surplus), String.join(", ", shown));
  }

  private static List<String> shown(Dataset<Row> rows, Column text) {
    return rows
        .select(coalesce(text, lit("a row without a key")).as("text"))
        .sort("text")
        .limit(SHOWN)
        .collectAsList()
        .stream()
        .map(row -> ShownKey.of(row.getString(0)))
        .toList();
  }
}
