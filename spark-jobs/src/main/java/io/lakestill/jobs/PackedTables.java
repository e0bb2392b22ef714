package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.bigdl.JobNames;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.Errors;
import io.lakestill.jobs.PackReport.Finding;
import io.lakestill.jobs.TeacherSignals.Teacher;
import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.codec.Codec;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Function1;
import scala.Tuple2;

/**
 * The examples of a recipe, paired by key with their signals, decoded once and packed, a partition
 * per node. Partitions differ by at most one row, and which row lies where depends on the keys
 * alone, never on the order of a table.
 *
 * <p>Every example is decoded once, on its way into one shuffle; the tasks' reports travel with the
 * rows into a partition of their own, so that nothing is trained before all pairs were checked. An
 * example that has a view in quarantine is left out with all its views, and counted.
 *
 * @param training a partition per node, all views
 * @param validation a partition per node, first views only
 * @param rows what was counted
 */
record PackedTables(
    JavaRDD<PackedRow> training, JavaRDD<PackedRow> validation, CheckpointManifest.Rows rows) {
  private static final String VALIDATION = "validation";

  /**
   * What to pack.
   *
   * @param data the recipe's tables
   * @param features how the model sees an example
   * @param targets the layout of a target row
   * @param taught the teachers' signals, paired with when the targets have a place for them; their
   *     quarantine, whose examples are left out in any case
   * @param rowWeights the expressions among the targets that weigh rows, so never negative
   * @param nodes blocks per split
   */
  record Plan(
      DataSettings data,
      FeaturePipeline features,
      RowLayout targets,
      Taught taught,
      Set<String> rowWeights,
      int nodes) {
    Plan {
      rowWeights = Set.copyOf(rowWeights);
    }

    /** Of a loss that weighs no rows. */
    Plan(DataSettings data, FeaturePipeline features, RowLayout targets, Taught taught, int nodes) {
      this(data, features, targets, taught, Set.of(), nodes);
    }

    /** Of each signal a target row holds; the first slot is the label. */
    List<Slot> signalSlots() {
      return targets.slots().subList(1, targets.slots().size());
    }

    /** How the value of each signal slot is stored. */
    List<Codec> codecs() {
      return paired().isEmpty()
          ? List.of()
          : signalSlots().stream().map(SignalPairing::signal).map(taught::codec).toList();
    }

    /** The signals to pair with. */
    Taught paired() {
      return signalSlots().isEmpty() ? Taught.NOTHING : taught;
    }
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 2) when there are fewer examples than
   *     nodes, (exit 3) when a table breaks its contract, an example has no signals and is not in
   *     quarantine, or content or signals are not those the teacher saw and gave; the message names
   *     five of each kind; (exit 75) when a table changed meanwhile
   */
  static PackedTables pack(SparkSession spark, Plan plan) {
    Examples examples = Examples.read(spark, plan);
    examples.requireOneFor(plan.nodes());
    Dataset<Row> rows =
        plan.paired().isEmpty()
            ? examples.rows()
            : examples.joined(new SignalRows(spark, plan.paired(), plan.signalSlots()));
    RowPartitioner partitioner =
        new RowPartitioner(
            examples.cuts(Split.TRAIN, plan.nodes()),
            examples.cuts(Split.VALIDATION, plan.nodes()));
    PackTask task =
        new PackTask(
            plan.features(),
            plan.data().features().encoding(),
            plan.data().views().count(),
            plan.targets(),
            plan.paired().signals().teachers().stream().map(Teacher::id).toList(),
            plan.codecs(),
            plan.taught().kept(),
            plan.rowWeights());
    new JobNames(spark.sparkContext())
        .now(
            plan.paired().isEmpty()
                ? "order the examples"
                : "pair the examples with their signals");
    JavaPairRDD<RowKey, Packed> packed =
        rows.queryExecution()
            .toRdd()
            .toJavaRDD()
            .mapPartitionsToPair(task)
            .repartitionAndSortWithinPartitions(partitioner);
    PackReport report =
        slice(packed, partitioner.reports(), 1)
            .map(row -> ((Packed.Report) row._2()).findings())
            .fold(new PackReport(), PackReport::merge);
    requireSound(report, plan, examples);
    for (SignalVersion version : plan.paired().versions()) {
      new Coverage(version, examples.training() + examples.validation()).requireFewOrphans(report);
    }
    return new PackedTables(
        rows(packed, 0, plan.nodes()),
        rows(packed, plan.nodes(), plan.nodes()),
        new CheckpointManifest.Rows(
            examples.training(),
            examples.validation(),
            plan.data().views().count(),
            examples.leftOut(),
            report.count(Finding.ORPHAN)));
  }

  private static void requireSound(PackReport report, Plan plan, Examples examples) {
    List<String> refusals = report.refusals();
    if (!refusals.isEmpty()) {
      String fits =
          plan.paired().isEmpty() ? "model" : "signals in %s".formatted(plan.paired().tables());
      throw Errors.badInput(
          "Table '%s' does not fit its %s:%n  - %s"
              .formatted(plan.data().train().path(), fits, String.join("\n  - ", refusals)));
    }
    if (report.examples(Split.TRAIN) != examples.training()
        || report.examples(Split.VALIDATION) != examples.validation()) {
      throw Errors.tableChanged(plan.data().train().path());
    }
  }

  private static JavaRDD<PackedRow> rows(JavaPairRDD<RowKey, Packed> packed, int first, int count) {
    return slice(packed, first, count).map(row -> ((Packed.Example) row._2()).row());
  }

  /** Some partitions only; the others are not computed. */
  private static JavaRDD<Tuple2<RowKey, Packed>> slice(
      JavaPairRDD<RowKey, Packed> packed, int first, int count) {
    int end = first + count;
    Function1<Object, Object> wanted =
        (Function1<Object, Object> & Serializable)
            partition -> (int) partition >= first && (int) partition < end;
    return PartitionPruningRDD.create(packed.rdd(), wanted).toJavaRDD();
  }

  /**
   * The examples of both splits, {@code sample_id, validation, label, raw}, without those in
   * quarantine.
   */
  private record Examples(
      SparkSession spark,
      Dataset<Row> rows,
      Optional<Dataset<Row>> quarantined,
      long training,
      long validation,
      long leftOut) {

    static Examples read(SparkSession spark, Plan plan) {
      ExampleTable.Examples train = ExampleTable.checked(spark, plan.data(), Split.TRAIN);
      ExampleTable.Examples held = ExampleTable.checked(spark, plan.data(), Split.VALIDATION);
      Dataset<Row> all = marked(train.rows(), false).unionByName(marked(held.rows(), true));
      Optional<Dataset<Row>> unsaid =
          plan.taught().withQuarantine().stream()
              .map(from -> LakeTable.files(spark, from.table().quarantineFiles(from.manifest())))
              .map(rows -> rows.select(ExampleTable.SAMPLE_ID))
              .reduce(Dataset::union);
      Optional<Dataset<Row>> quarantined =
          Stream.concat(unsaid.stream(), lacking(spark, plan, train, held, unsaid))
              .reduce(Dataset::union)
              .map(Dataset::distinct);
      if (quarantined.isEmpty()) {
        return new Examples(spark, all, quarantined, train.count(), held.count(), 0);
      }
      Dataset<Row> kept = without(all, quarantined);
      long training = kept.where(col(VALIDATION).equalTo(false)).count();
      long validation = kept.where(col(VALIDATION)).count();
      if (training == 0 || validation == 0) {
        throw Errors.badInput(
            "After quarantine there are %d training and %d validation examples; see %s."
                .formatted(training, validation, plan.taught().tables()));
      }
      long leftOut = train.count() + held.count() - training - validation;
      return new Examples(spark, kept, quarantined, training, validation, leftOut);
    }

    /** For each teacher that may lack some examples beside those in quarantine: their keys. */
    private static Stream<Dataset<Row>> lacking(
        SparkSession spark,
        Plan plan,
        ExampleTable.Examples train,
        ExampleTable.Examples validation,
        Optional<Dataset<Row>> quarantined) {
      Dataset<Row> examples =
          without(
              train
                  .rows()
                  .withColumn(KeyComparison.VIEWS, lit(plan.data().views().count()))
                  .union(validation.rows().withColumn(KeyComparison.VIEWS, lit(1))),
              quarantined);
      long total = train.count() + validation.count();
      return plan.paired().versions().stream()
          .filter(version -> !version.coverage().isComplete())
          .map(version -> new Coverage(version, total))
          .map(c -> c.lacking(spark, examples, plan.data().features().encoding()));
    }

    private static Dataset<Row> marked(Dataset<Row> rows, Boolean validation) {
      return rows.select(
          col(ExampleTable.SAMPLE_ID),
          lit(validation).as(VALIDATION),
          col(ExampleTable.LABEL),
          col(ExampleTable.RAW));
    }

    private static Dataset<Row> without(Dataset<Row> rows, Optional<Dataset<Row>> keys) {
      String id = ExampleTable.SAMPLE_ID;
      return keys.map(k -> rows.join(k, rows.col(id).equalTo(k.col(id)), "left_anti")).orElse(rows);
    }

    /** A block without a row would leave its node without work, which BigDL cannot. */
    void requireOneFor(int nodes) {
      if (training < nodes || validation < nodes) {
        throw Errors.badRecipe(
            ("There are %d training and %d validation examples for %d nodes, which need one of each"
                    + " at least; run with fewer executors (spark.executor.instances), or give more"
                    + " examples.")
                .formatted(training, validation, nodes));
      }
    }

    /** With {@code views}: what the teachers said of each, as {@link SignalPairing} reads it. */
    Dataset<Row> joined(SignalRows signals) {
      Dataset<Row> said = without(signals.byExample(), quarantined);
      return rows.join(said, new String[] {ExampleTable.SAMPLE_ID}, "full_outer")
          .select(
              ExampleTable.SAMPLE_ID,
              VALIDATION,
              ExampleTable.LABEL,
              ExampleTable.RAW,
              SignalRows.VIEWS);
    }

    /** The first key of each block but the first: exact, so that blocks differ by one row. */
    List<RowKey> cuts(Split split, int nodes) {
      if (nodes == 1) {
        return List.of();
      }
      long count = split == Split.TRAIN ? training : validation;
      List<Long> places =
          LongStream.range(1, nodes).map(node -> node * count / nodes).boxed().toList();
      return rows
          .where(col(VALIDATION).equalTo(split == Split.VALIDATION))
          .select(ExampleTable.SAMPLE_ID)
          .toJavaRDD()
          .map(row -> RowKey.of(split, row.getString(0)))
          .sortBy(key -> key, true, nodes)
          .zipWithIndex()
          .filter(place -> places.contains(place._2()))
          .keys()
          .collect()
          .stream()
          .sorted()
          .toList();
    }
  }
}
