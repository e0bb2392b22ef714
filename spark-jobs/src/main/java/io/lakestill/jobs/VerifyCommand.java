package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.error.Errors;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.TableFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code verify}. */
@Command(
    name = "verify",
    description = {
      "Compares a version of a signal table with its manifest.",
      "It reads every byte of every file: a flipped bit, a file that was shortened, taken away or"
          + " added, another number of rows or other columns are all found, and the file is named"
          + " with what to do. Exit code 3 then."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill verify --table out/quickstart/signals/teacher",
      "  bin/lakestill verify --table out/daily/signals/teacher --dt 2026-11-03"
    })
final class VerifyCommand implements Callable<Integer> {
  private static final int CURRENT = 0;

  @Mixin private TableOptions table;

  @Option(
      names = "--version",
      paramLabel = "N",
      description = "The version to look at; the current one if not given.")
  private int number = CURRENT;

  @Option(
      names = "--dt",
      paramLabel = "DATE",
      description = "Looks at the slice of this date only. Repeatable; all dates if not given.")
  private List<String> dates = List.of();

  // Not the standard help options: their --version means Lakestill's own.
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  @SuppressWarnings("unused") // Picocli itself looks at it.
  private boolean help;

  @Override
  public Integer call() {
    Console console = Console.ofProcess();
    RunSummary summary = new RunSummary("verify");
    try (SparkSession spark = Sessions.open("verify")) {
      SignalTable opened = table.open(spark);
      summary.json().put("table", opened.root().toString());
      SignalManifest manifest =
          TableOptions.of(
              number == CURRENT ? TableOptions.current(opened) : opened.manifest(number), dates);
      List<TableFile> files = opened.files(manifest);
      long bytes = files.stream().mapToLong(file -> file.expected().bytes()).sum();
      summary
          .json()
          .put("version", manifest.version())
          .put("files", files.size())
          .put("rows", manifest.rows())
          .put("bytes", bytes);
      SignalVersion version = new SignalVersion(opened, manifest);
      TableCheck check = new TableCheck(version);
      List<String> faults = new ArrayList<>(check.projectorFaults());
      faults.addAll(
          check.faults(
              spark, TableCheck.Depth.BYTES, progress -> console.progress("  " + progress)));
      ArrayNode found = summary.json().putArray("faults");
      faults.forEach(found::add);
      if (!faults.isEmpty()) {
        throw Errors.badInput(check.refusal(faults));
      }
      summary.done();
      console.line(
          String.format(
              Locale.ROOT,
              "Version %d of '%s' is sound: %,d files%s, %,d rows, %,d bytes, all read.",
              manifest.version(),
              opened.root(),
              files.size(),
              manifest.store().map(store -> " and " + store).orElse(""),
              manifest.rows(),
              bytes));
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(e);
    }
    return summary.finish();
  }
}
