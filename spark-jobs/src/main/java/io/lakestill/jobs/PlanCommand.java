package io.lakestill.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code plan}. */
@Command(
    name = "plan",
    description = {
      "Says what a recipe will cost before it is run: rows, bytes of the signal table by each"
          + " codec, the teacher's pass, from how many epochs on that pass is cheaper than the"
          + " teacher in the training loop, and a Spark shape for each stage.",
      "It loads no model unless --time is given; rows are counted from the tables' footers, and"
          + " bytes come from a few thousand rows that are really written, to a temporary file."
          + " Nothing else is written. The last line is all of it as one JSON object."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill plan --recipe my.conf",
      "  bin/lakestill plan --recipe my.conf --time --within 1h",
      "  bin/lakestill plan --recipe my.conf --rows-per-second 40 --width embedding=2048 --cores 64"
    })
final class PlanCommand implements Callable<Integer> {
  @Mixin private RecipeOptions options;

  @Option(
      names = "--rows-per-second",
      paramLabel = "[TEACHER=]R",
      description = "What a teacher does on one core, if that is known. Repeatable.")
  private List<String> speeds = new ArrayList<>();

  @Option(
      names = "--time",
      description = {
        "Times each teacher that exists, and whose speed is not given, on one core of this machine,"
            + " and stores what it says to see what that takes."
      })
  private boolean timed;

  @Option(
      names = "--sample",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Rows to time by, at most 100000, fewer if they are large; ${DEFAULT-VALUE} if not"
              + " given.")
  private int sample;

  @Option(
      names = "--width",
      paramLabel = "[TEACHER.]SIGNAL=N",
      description = "Values of one row of a signal, where the model's file does not say it.")
  private Map<String, Integer> widths = new HashMap<>();

  @Option(
      names = "--within",
      paramLabel = "TIME",
      description = "The time the teachers may take, such as 30min or 1.5h: finds the cores.")
  private String within;

  @Option(
      names = "--cores",
      paramLabel = "N",
      description = "The cores there are; this session's if neither is given.")
  private Long cores;

  @Option(
      names = "--executor-cores",
      paramLabel = "N",
      defaultValue = "4",
      description = "Cores of an executor; ${DEFAULT-VALUE} if not given.")
  private int coresPerExecutor;

  @Option(
      names = "--core-hour",
      paramLabel = "PRICE",
      description = "What a core costs for an hour; with --gigabyte-month weighs keeping a table.")
  private Double coreHour;

  @Option(
      names = "--gigabyte-month",
      paramLabel = "PRICE",
      description = "What storing a gigabyte costs for a month.")
  private Double gigabyteMonth;

  @Option(names = "--json", description = "Prints the JSON only.")
  private boolean json;

  @Override
  public Integer call() {
    PlanWishes wishes = wishes();
    Blueprint blueprint = options.blueprint();
    wishes.requireKnown(blueprint.teachers());
    wishes.requireSpeeds(blueprint.teachers());
    RunSummary summary = new RunSummary("plan");
    summary.json().put("recipe", blueprint.recipe().name());
    try (SparkSession spark = Sessions.open("plan " + blueprint.recipe().name())) {
      report(spark, blueprint, wishes).into(summary.json());
      summary.done();
      if (!json) {
        PlanPage.lines(summary.json()).forEach(System.out::println);
      }
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(SparkFailures.worded(e, "plan"));
    }
    return summary.finish();
  }

  private PlanWishes wishes() {
    return new PlanWishes(
        widths,
        PlanWishes.speeds(speeds),
        timed,
        sample,
        within == null ? OptionalDouble.empty() : OptionalDouble.of(PlanWishes.seconds(within)),
        cores == null ? OptionalLong.empty() : OptionalLong.of(cores),
        coresPerExecutor,
        coreHour == null ? OptionalDouble.empty() : OptionalDouble.of(coreHour),
        gigabyteMonth == null ? OptionalDouble.empty() : OptionalDouble.of(gigabyteMonth));
  }

  private static PlanReport report(SparkSession spark, Blueprint blueprint, PlanWishes wishes)
      throws IOException {
    PlannedRows rows = PlannedRows.of(spark, blueprint.recipe().data());
    java.nio.file.Path folder = Files.createTempDirectory("lakestill-plan");
    try {
      TeacherFiles files =
          new TeacherFiles(
              blueprint,
              OutputFolder.of(blueprint.recipe().output(), spark),
              spark.sessionState().newHadoopConf());
      PlannedTeacher.Means means =
          new PlannedTeacher.Means(
              spark, blueprint.recipe(), wishes, rows, files, new Path(folder.toUri()));
      List<PlannedTeacher> teachers = new ArrayList<>();
      for (TeacherPlan plan : blueprint.teachers()) {
        teachers.add(PlannedTeacher.of(plan, means));
      }
      int cores = spark.sparkContext().defaultParallelism();
      return new PlanReport(blueprint, wishes, rows, teachers, cores);
    } finally {
      FileUtil.fullyDelete(folder.toFile());
    }
  }
}
