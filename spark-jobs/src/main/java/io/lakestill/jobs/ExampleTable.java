package io.lakestill.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.sha2;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.TableSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A lake table as examples, checked before any work is done with it.
 *
 * <p>Without a validation table, an example of the training table is held out for validation when
 * the first 32 bits of SHA-256 of its {@code sample_id} (UTF-8), as a fraction of 2^32, are below
 * {@code data.validation-fraction}. That depends on nothing but the key, and anybody can compute it
 * with the tool of their choice.
 */
public final class ExampleTable {
  /** The key: a text, never null, unique. */
  public static final String SAMPLE_ID = "sample_id";

  /** The index in the label space: an int, never null. */
  public static final String LABEL = "label";

  /** The features as stored: binary, or an array of floats; see {@link RawCell}. */
  public static final String RAW = "raw";

  private static final int SHOWN = 5;

  /** Whether an example is of validation. */
  static final String HELD_OUT = "held_out";

  private ExampleTable() {}

  /**
   * What a teacher is shown instead of {@link #RAW}, stored alike.
   *
   * @param index which of those that were asked for, from 0
   */
  static String own(int index) {
    return RAW + "_" + (index + 1);
  }

  /**
   * Checked examples.
   *
   * @param rows {@code sample_id}, {@code label}, {@code raw}, and what teachers are shown instead
   * @param count how many
   */
  public record Examples(Dataset<Row> rows, long count) {}

  /** The rows of {@link #checked}. */
  public static Dataset<Row> examples(SparkSession spark, DataSettings data, Split split) {
    return checked(spark, data, split).rows();
  }

  /**
   * The examples of a split, after one pass that counts everything that must not be.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such table, it is not
   *     Parquet, a column is missing or of a wrong type, keys are null or not unique, labels are
   *     outside the label space, features have a wrong width, or there is no example; one message
   *     for all faults of the table
   */
  public static Examples checked(SparkSession spark, DataSettings data, Split split) {
    return checked(spark, data, split, List.of());
  }

  /** As {@link #checked}, with the features that teachers are shown instead. */
  static Examples checked(
      SparkSession spark, DataSettings data, Split split, List<OwnFeatures> more) {
    Examples examples = checkedPart(spark, data, split, more);
    requireAny(data, split, examples.count());
    return examples;
  }

  /** As {@link #checked}, of a part of a table that may have no example. */
  static Examples checkedPart(
      SparkSession spark, DataSettings data, Split split, List<OwnFeatures> more) {
    Checked checked = Checked.of(spark, data, split, more);
    Dataset<Row> examples = heldOut(checked.selected(), data, split);
    ExampleChecks.Counts counts = checked.run(examples, lit(false));
    return new Examples(asExamples(examples), counts.rows());
  }

  /**
   * Checked examples to learn from and to choose a student by.
   *
   * @param rows as of {@link Examples}, and {@link #HELD_OUT}
   * @param training how many of them are not held out
   * @param validation how many are
   */
  record Learned(Dataset<Row> rows, long training, long validation) {}

  /**
   * The examples of training and validation together: one pass over a table that both are in.
   *
   * @param mayLack whether there may be none of either
   * @throws io.lakestill.error.LakestillException (exit 3) as {@link #checked}, and when two tables
   *     share examples
   */
  static Learned learned(
      SparkSession spark, DataSettings data, List<OwnFeatures> more, boolean mayLack) {
    Learned learned =
        data.validation().isPresent()
            ? ofTwoTables(spark, data, more)
            : ofOneTable(spark, data, more);
    if (!mayLack) {
      requireAny(data, Split.TRAIN, learned.training());
      requireAny(data, Split.VALIDATION, learned.validation());
    }
    return learned;
  }

  private static Learned ofOneTable(SparkSession spark, DataSettings data, List<OwnFeatures> more) {
    Checked checked = Checked.of(spark, data, Split.TRAIN, more);
    Dataset<Row> examples = checked.selected().withColumn(HELD_OUT, isHeldOut(data));
    ExampleChecks.Counts counts = checked.run(examples, col(HELD_OUT));
    return new Learned(asExamples(examples), counts.rows() - counts.part(), counts.part());
  }

  private static Learned ofTwoTables(
      SparkSession spark, DataSettings data, List<OwnFeatures> more) {
    Examples training = checkedPart(spark, data, Split.TRAIN, more);
    Examples validation = checkedPart(spark, data, Split.VALIDATION, more);
    refuseShared(spark, data, Split.TRAIN, Split.VALIDATION);
    return new Learned(
        training
            .rows()
            .withColumn(HELD_OUT, lit(false))
            .union(validation.rows().withColumn(HELD_OUT, lit(true))),
        training.count(),
        validation.count());
  }

  private static void requireAny(DataSettings data, Split split, long count) {
    if (count == 0) {
      TableSettings table = table(data, split);
      refuse(table, List.of(new ExampleChecks(data, name(split), table).empty()));
    }
  }

  /** A table whose columns are as they must be, and its rows before they are counted. */
  private record Checked(
      DataSettings data, Split split, Dataset<Row> selected, List<ExampleChecks.Width> widths) {
    private static Checked of(
        SparkSession spark, DataSettings data, Split split, List<OwnFeatures> more) {
      TableSettings table = table(data, split);
      Dataset<Row> stored = LakeTable.read(spark, table);
      ExampleColumns columns = new ExampleColumns(data, more, stored);
      refuse(table, columns.faults());
      List<ExampleChecks.Width> widths = new ArrayList<>();
      widths.add(
          new ExampleChecks.Width("data.features", data.features(), columns.rawWidth(col(RAW))));
      for (int k = 0; k < more.size(); k++) {
        OwnFeatures own = more.get(k);
        Column width = columns.own().get(k).width(col(own(k)));
        widths.add(new ExampleChecks.Width(own.section(), own.features(), width));
      }
      return new Checked(data, split, ExampleTable.selected(stored, columns), widths);
    }

    private ExampleChecks.Counts run(Dataset<Row> examples, Column part) {
      TableSettings table = table(data, split);
      String what = "check " + name(split) + " table " + table.path();
      new JobNames(examples.sparkSession().sparkContext()).now(what);
      return new ExampleChecks(data, name(split), table).run(examples, widths, part);
    }
  }

  private static Dataset<Row> selected(Dataset<Row> stored, ExampleColumns columns) {
    List<Column> selected = new ArrayList<>();
    selected.add(columns.id().as(SAMPLE_ID));
    selected.add(columns.label().as(LABEL));
    selected.add(columns.raw().as(RAW));
    for (int k = 0; k < columns.own().size(); k++) {
      selected.add(columns.own().get(k).column().as(own(k)));
    }
    selected.add(columns.storedLabel().as(ExampleChecks.STORED_LABEL));
    return stored.select(selected.toArray(Column[]::new));
  }

  private static Dataset<Row> asExamples(Dataset<Row> selected) {
    return selected.drop(ExampleChecks.STORED_LABEL).withColumn(LABEL, col(LABEL).cast("int"));
  }

  /**
   * The examples of a split that have a key and a class, without the pass that counts what must not
   * be: to draw a sample from, never to learn from.
   */
  static Dataset<Row> unchecked(
      SparkSession spark, DataSettings data, Split split, List<OwnFeatures> more) {
    TableSettings table = table(data, split);
    Dataset<Row> stored = LakeTable.read(spark, table);
    ExampleColumns columns = new ExampleColumns(data, more, stored);
    refuse(table, columns.faults());
    return asExamples(heldOut(selected(stored, columns), data, split))
        .where(col(SAMPLE_ID).isNotNull().and(col(LABEL).isNotNull()));
  }

  /**
   * Refuses tables that share examples: a model must not be chosen by, or measured on, what it
   * learned from. An example that is held out of the training table counts as one of that table.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when a key is in two of the tables; the
   *     message names both and five keys
   */
  static void refuseShared(SparkSession spark, DataSettings data) {
    refuseShared(spark, data, Split.TRAIN, Split.TEST);
    if (data.validation().isPresent()) {
      refuseShared(spark, data, Split.TRAIN, Split.VALIDATION);
      refuseShared(spark, data, Split.VALIDATION, Split.TEST);
    }
  }

  /** As {@link #refuseShared(SparkSession, DataSettings)}, of the tables of two splits only. */
  static void refuseShared(SparkSession spark, DataSettings data, Split one, Split other) {
    new JobNames(spark.sparkContext()).now("compare keys of " + name(one) + " and " + name(other));
    List<String> shared =
        keys(spark, data, one)
            .intersect(keys(spark, data, other))
            .sort(SAMPLE_ID)
            .limit(SHOWN)
            .collectAsList()
            .stream()
            .map(row -> ShownKey.of(row.getString(0)))
            .toList();
    if (!shared.isEmpty()) {
      throw Errors.badInput(
          ("Tables %s and %s share keys in column '%s', such as %s; an example must not be in both."
                  + " Correct the paths, or select rows with data.%s-where and data.%s-where.")
              .formatted(
                  shown(data, one),
                  shown(data, other),
                  data.id(),
                  String.join(", ", shared),
                  name(one),
                  name(other)));
    }
  }

  /** The keys of a whole table; a missing one is the concern of {@link #checked}. */
  private static Dataset<Row> keys(SparkSession spark, DataSettings data, Split split) {
    TableSettings table = table(data, split);
    Dataset<Row> stored = LakeTable.read(spark, table);
    ExampleColumns columns = new ExampleColumns(data, stored);
    refuse(table, columns.faults());
    return stored.select(columns.id().as(SAMPLE_ID)).where(col(SAMPLE_ID).isNotNull());
  }

  private static String shown(DataSettings data, Split split) {
    TableSettings table = table(data, split);
    return "'%s' (%s%s)"
        .formatted(table.path(), name(split), table.where().map(where -> ", " + where).orElse(""));
  }

  /** The table a split is read from. */
  static TableSettings table(DataSettings data, Split split) {
    return switch (split) {
      case TRAIN -> data.train();
      case VALIDATION -> data.validation().orElse(data.train());
      case TEST -> data.test();
    };
  }

  static String name(Split split) {
    return split.name().toLowerCase(Locale.ROOT);
  }

  /** Refuses a table, naming everything that is wrong with it; nothing when nothing is. */
  static void refuse(TableSettings table, List<String> faults) {
    if (!faults.isEmpty()) {
      throw Errors.badInput(
          faults.size() == 1
              ? "Table '%s': %s.".formatted(table.path(), faults.get(0))
              : "Table '%s' has %d faults:%n  - %s"
                  .formatted(table.path(), faults.size(), String.join("\n  - ", faults)));
    }
  }

  private static Dataset<Row> heldOut(Dataset<Row> examples, DataSettings data, Split split) {
    if (data.validation().isPresent() || split == Split.TEST) {
      return examples;
    }
    Column held = isHeldOut(data);
    return examples.where(split == Split.VALIDATION ? held : not(held));
  }

  private static Column isHeldOut(DataSettings data) {
    long threshold = Math.round(data.validationFraction() * 0x1p32);
    String hexadecimal = String.format(Locale.ROOT, "%08x", threshold);
    // What begins with less is less, and what begins with the same is longer, so not less.
    Column validation = sha2(col(SAMPLE_ID).cast("binary"), 256).lt(lit(hexadecimal));
    // A null key belongs to training, so that the check there finds it.
    return coalesce(validation, lit(false));
  }
}
