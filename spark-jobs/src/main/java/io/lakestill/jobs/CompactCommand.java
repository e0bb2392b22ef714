package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.signal.RowStore;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code compact}. */
@Command(
    name = "compact",
    description = {
      "Writes slices of a signal table anew that have dead rows or several small files, as one"
          + " generation of files; a table without dates is one slice.",
      "No teacher is asked: every row keeps its bytes, and trainings that are done stay done. It"
          + " holds the date while it works on it, as teach does, and does nothing where nothing is"
          + " to be gained. The files it replaces stay until gc --keep gives up the versions that"
          + " name them."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill compact --table out/quickstart/signals/teacher",
      "  bin/lakestill compact --table out/daily/signals/teacher --dt 2026-11-03 --small 8"
    })
final class CompactCommand implements Callable<Integer> {
  private static final long MIB = 1L << 20;

  @Mixin private TableOptions table;

  @Option(
      names = "--dt",
      paramLabel = "DATE",
      description = "Looks at the slice of this date only. Repeatable; all dates if not given.")
  private List<String> dates = List.of();

  @Option(
      names = "--small",
      paramLabel = "MIB",
      defaultValue = "32",
      description =
          "Files below this size are small: two of them in a slice are written anew, into files of"
              + " about four times the size; ${DEFAULT-VALUE} if not given.")
  private int small;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("compact");
    Console console = Console.ofProcess();
    try (SparkSession spark = Sessions.open("compact")) {
      if (small < 1) {
        throw Errors.badRecipe("--small must be at least 1, is " + small + ".");
      }
      SignalTable opened = table.open(spark);
      SignalManifest current = TableOptions.current(opened);
      current.store().ifPresent(CompactCommand::refuse);
      List<Slice> chosen = TableOptions.of(current, dates).slices();
      summary.json().put("table", opened.root().toString());
      ArrayNode done = summary.json().putArray("compacted");
      String runId = UUID.randomUUID().toString();
      TableLeases leases = new TableLeases(opened, runId, console);
      SliceCompaction compaction = new SliceCompaction(spark, opened, small * MIB);
      for (Slice slice : chosen) {
        if (compaction.isNeeded(slice)) {
          compact(compaction, leases, slice.date()).ifPresent(made -> tell(made, done, console));
        }
      }
      console.line(
          String.format(Locale.ROOT, "Compacted %,d of %,d slices.", done.size(), chosen.size()));
      summary.json().put("version", TableOptions.current(opened).version());
      summary.done();
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(SparkFailures.worded(e, "compact"));
    }
    return summary.finish();
  }

  private static void refuse(RowStore store) {
    throw Errors.badRecipe(
        ("The rows are in %s, whose own maintenance compacts them: %s. Lakestill reads them the"
                + " same afterwards.")
            .formatted(store, FormatDialect.of(store.format()).compaction(store.table())));
  }

  private static void tell(Slice made, ArrayNode done, Console console) {
    ObjectNode json = done.addObject();
    made.date().ifPresent(date -> json.put("dt", date));
    json.put("rows", made.rows()).put("files", made.files().size()).put("bytes", made.bytes());
    console.line(
        String.format(
            Locale.ROOT,
            "%s: %,d rows in %,d files, %,d bytes.",
            made.date().orElse("All"),
            made.rows(),
            made.files().size(),
            made.bytes()));
  }

  /** The slice as it is now; empty when meanwhile it has gone, or another run has done it. */
  private static Optional<Slice> compact(
      SliceCompaction compaction, TableLeases leases, Optional<String> date) {
    SignalTable opened = leases.table();
    try (RunLease lease = leases.slice(date)) {
      SignalManifest current = TableOptions.current(opened);
      Optional<Slice> slice = current.slice(date).filter(compaction::isNeeded);
      if (slice.isEmpty()) {
        return Optional.empty();
      }
      opened.checkFiles(slice.get());
      Slice made = compaction.compact(current, slice.get(), leases.runId(), lease::requireHeld);
      return new TableCommit(opened, leases)
          .replace(slice.get(), made, lease::requireHeld)
          .map(version -> made);
    }
  }
}
