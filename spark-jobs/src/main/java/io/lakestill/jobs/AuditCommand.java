package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.metric.StorageLoss;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code audit}. */
@Command(
    name = "audit",
    description = {
      "Says what the logits of a signal table would lose, and how many bytes they would take, by"
          + " each way of storing them: for each k and type of number and at each temperature the"
          + " mass that is kept, the KL divergence in nats, and how often the likeliest class"
          + " stays the same. Picks the smallest k whose KL at the largest temperature meets a"
          + " target, and prints the lines for a recipe.",
      "It reads a sample, the same one each time. The last line is all of it as one JSON object."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill audit --table out/quickstart/signals/teacher",
      "  bin/lakestill audit --recipe my.conf --k 8,32,128 --temperatures 1,4 --kl-target 0.001"
    })
final class AuditCommand implements Callable<Integer> {
  private static final int CURRENT = 0;
  private static final int ROWS = 4096;
  private static final int MOST_VALUES = 1 << 24;
  private static final List<Integer> KEPT = List.of(1, 2, 4, 8, 16, 32, 64, 128);
  private static final List<Double> TEMPERATURES = List.of(1.0, 2.0, 4.0);

  /** Which signal table. */
  static final class Source {
    @Option(
        names = "--table",
        paramLabel = "PATH",
        description = "The folder of a signal table, such as out/quickstart/signals/teacher.")
    private String path;

    @ArgGroup(exclusive = false)
    private RecipeOptions recipe;
  }

  @ArgGroup(multiplicity = "1")
  private Source source;

  @Option(
      names = "--teacher",
      paramLabel = "ID",
      description = "Whose table, where the recipe has several teachers.")
  private String teacher;

  @Option(
      names = "--version",
      paramLabel = "N",
      description = "The version of the table; the current one if not given.")
  private int version = CURRENT;

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "Rows of the sample; if not given 4096, fewer of more than 4096 classes.")
  private Integer rows;

  @Option(
      names = "--k",
      split = ",",
      paramLabel = "K",
      description =
          "How many logits topk would keep, such as 1,2,4,8; the powers of two up to 128, as far as"
              + " they are below the number of classes, if not given.")
  private List<Integer> kept;

  @Option(
      names = "--temperatures",
      split = ",",
      paramLabel = "T",
      description =
          "The temperatures of the losses that will learn from it; if not given the recipe's"
              + " signals.topk.temperatures, or 1,2,4.")
  private List<Double> temperatures;

  @Option(
      names = "--kl-target",
      paramLabel = "NATS",
      defaultValue = "0.01",
      description = "The mean KL to stay below; ${DEFAULT-VALUE} if not given.")
  private double target;

  @Option(names = "--json", description = "Prints the JSON only.")
  private boolean json;

  // Not the standard help options: their --version means Lakestill's own.
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  @SuppressWarnings("unused") // Picocli itself looks at it.
  private boolean help;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("audit");
    Optional<Blueprint> blueprint =
        Optional.ofNullable(source.recipe).map(RecipeOptions::blueprint);
    try (SparkSession spark = Sessions.open("audit")) {
      List<Double> asked = temperatures(blueprint);
      requireSound();
      SignalTable table = table(spark, blueprint);
      SignalManifest manifest =
          version == CURRENT ? TableOptions.current(table) : table.manifest(version);
      table.checkFiles(manifest);
      int classes = manifest.column(SignalColumn.LOGITS).width();
      List<Integer> sizes = kept(classes);
      LogitsSample sample =
          LogitsSample.of(spark, new SignalVersion(table, manifest), sampled(classes));
      summary
          .json()
          .put("table", table.root().toString())
          .put("version", manifest.version())
          .put("rows", manifest.rows())
          .put("sampled_rows", sample.rows())
          .put("classes", classes)
          .put("stored", manifest.column(SignalColumn.LOGITS).codec().type());
      tell(audit(sample, sizes, asked, table), asked, summary.json());
      summary.done();
      if (!json) {
        AuditPage.lines(summary.json()).forEach(System.out::println);
      }
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(SparkFailures.worded(e, "audit"));
    }
    return summary.finish();
  }

  private static LogitsAudit audit(
      LogitsSample sample, List<Integer> sizes, List<Double> asked, SignalTable table)
      throws IOException {
    java.nio.file.Path folder = Files.createTempDirectory("lakestill-audit");
    try {
      return LogitsAudit.of(sample, sizes, asked, new Path(folder.toUri()), table.configuration());
    } finally {
      FileUtil.fullyDelete(folder.toFile());
    }
  }

  private void requireSound() {
    if (rows != null && rows < 1) {
      throw Errors.badRecipe("--rows must be at least 1, is %d.".formatted(rows));
    }
    if (!(target > 0) || Double.isInfinite(target)) {
      throw Errors.badRecipe("--kl-target must be a positive number, is %s.".formatted(target));
    }
  }

  private SignalTable table(SparkSession spark, Optional<Blueprint> blueprint) {
    if (blueprint.isEmpty()) {
      return TableOptions.open(spark, source.path);
    }
    List<String> ids = blueprint.get().teachers().stream().map(TeacherPlan::id).toList();
    if (ids.isEmpty()) {
      throw Errors.badRecipe("The recipe has no teacher, so no signal table to audit.");
    }
    if (teacher == null ? ids.size() > 1 : !ids.contains(teacher)) {
      throw Errors.badRecipe(
          "Name one of the recipe's teachers by --teacher: " + String.join(", ", ids) + ".");
    }
    OutputFolder output = OutputFolder.of(blueprint.get().recipe().output(), spark);
    String id = teacher == null ? ids.get(0) : teacher;
    return TableOptions.open(spark, output.signals(id).toString());
  }

  private List<Double> temperatures(Optional<Blueprint> blueprint) {
    List<Double> given =
        temperatures != null
            ? temperatures
            : blueprint
                .map(b -> b.recipe().signals().codecs().topk().temperatures())
                .orElse(TEMPERATURES);
    boolean sound = given.stream().allMatch(t -> t > 0 && !Double.isInfinite(t));
    if (!sound || given.stream().distinct().count() < given.size()) {
      throw Errors.badRecipe(
          "--temperatures must be positive numbers, each once, are %s.".formatted(given));
    }
    return given.stream().sorted().toList();
  }

  private List<Integer> kept(int classes) {
    if (kept == null) {
      return KEPT.stream().filter(k -> k < classes).toList();
    }
    for (int k : kept) {
      if (k < 1 || k >= classes) {
        throw Errors.badRecipe(
            "--k = %d, but the table has %d classes: give numbers from 1 to %d."
                .formatted(k, classes, classes - 1));
      }
    }
    return kept.stream().distinct().sorted().toList();
  }

  /** So many that the driver can hold them. */
  private int sampled(int classes) {
    int most = Math.max(1, MOST_VALUES / classes);
    if (rows != null && rows > most) {
      throw Errors.badRecipe(
          "--rows = %d with %d classes each is more than the driver should hold; give at most %d."
              .formatted(rows, classes, most));
    }
    return rows != null ? rows : Math.min(ROWS, most);
  }

  private void tell(LogitsAudit audit, List<Double> asked, ObjectNode summary) {
    double largest = asked.get(asked.size() - 1);
    summary.put("kl_target", target).put("largest_temperature", largest);
    ArrayNode refused = summary.putArray("refused");
    audit.refused().forEach(refused::add);
    ArrayNode forms = summary.putArray("forms");
    audit.forms().forEach(form -> tell(form, forms.addObject()));
    Optional<LogitsAudit.Form> smallest = audit.smallest(target);
    smallest.ifPresent(form -> summary.put("k", form.k()));
    List<String> lines = new ArrayList<>();
    smallest.ifPresent(
        form -> {
          String at = asked.stream().map(String::valueOf).collect(Collectors.joining(", "));
          lines.add("signals.codecs.logits = topk");
          lines.add("signals.topk { k = %d, temperatures = [%s] }".formatted(form.k(), at));
        });
    summary.put("recipe", String.join("\n", lines));
    audit
        .cheapest(target)
        .ifPresent(
            form ->
                summary
                    .putObject("cheapest")
                    .put("codec", form.codec())
                    .put("k", form.k())
                    .put("bytes_per_row", form.bytesPerRow()));
  }

  private static void tell(LogitsAudit.Form form, ObjectNode to) {
    to.put("codec", form.codec())
        .put("k", form.k())
        .put("type", form.type())
        .put("available", form.available())
        .put("bytes_per_row", form.bytesPerRow());
    ArrayNode at = to.putArray("temperatures");
    for (StorageLoss loss : form.losses()) {
      at.addObject()
          .put("temperature", loss.temperature())
          .put("retained_mass", loss.retainedMass())
          .put("retained_mass_p1", loss.retainedMass(0.01))
          .put("kl", loss.divergence())
          .put("kl_largest", loss.largestDivergence())
          .put("agreement", loss.agreement());
    }
  }
}
