package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.error.Errors;
import io.lakestill.export.Model;
import io.lakestill.signal.Garbage;
import io.lakestill.signal.SignalTable;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gc}. */
@Command(
    name = "gc",
    description = {
      "Removes the files of a signal table that no version needs: what runs left that died,"
          + " versions above the current one, and with --keep the versions before the newest N.",
      "It takes the lease of the output folder: while a run works there it removes nothing and ends"
          + " with exit code 5. Runs of single dates do not hold that folder; what belongs to a"
          + " date that one works on is spared, and the leases of dead ones are removed."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill gc --table out/quickstart/signals/teacher --keep 3 --dry-run")
final class GcCommand implements Callable<Integer> {
  private static final int SHOWN = 20;

  @Mixin private TableOptions table;

  @Option(
      names = "--keep",
      paramLabel = "N",
      description = "Keeps the newest N versions, the current one included; all if not given.")
  private int keep = Integer.MAX_VALUE;

  @Option(
      names = "--catalogue",
      paramLabel = "DIR",
      description =
          "Keeps also what students of this catalogue learned from, for lineage. Repeatable.")
  private List<String> catalogues = List.of();

  @Option(names = "--dry-run", description = "Says what would be removed, and removes nothing.")
  private boolean dryRun;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("gc");
    Console console = Console.ofProcess();
    try (SparkSession spark = Sessions.open("gc")) {
      if (keep < 1) {
        throw Errors.badRecipe(
            "--keep must be at least 1, is %d: the current version always stays.".formatted(keep));
      }
      SignalTable opened = table.open(spark);
      summary.json().put("table", opened.root().toString()).put("dry_run", dryRun);
      String run = UUID.randomUUID().toString();
      Leased held = Leased.whole(opened);
      try (RunLease lease = RunLease.take(held, run, opened.configuration(), console)) {
        TableLeases leases = new TableLeases(opened, run, console);
        Garbage garbage = Garbage.find(opened, keep, learnedFrom(opened, spark), leases::living);
        if (!dryRun) {
          lease.requireHeld();
          garbage.delete();
          leases.removeDead();
        }
        tell(garbage, summary, console);
      }
      summary.done();
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(e);
    }
    return summary.finish();
  }

  /** The versions of a table that students of the catalogues learned from. */
  private Set<Integer> learnedFrom(SignalTable opened, SparkSession spark) {
    Set<Integer> versions = new TreeSet<>();
    for (String catalogue : catalogues) {
      for (Model model : Catalogues.open(catalogue, spark).models()) {
        model.learnedFrom().stream()
            .filter(from -> new Path(from.path()).equals(opened.root()))
            .forEach(from -> versions.add(Math.toIntExact(from.version())));
      }
    }
    return versions;
  }

  private void tell(Garbage garbage, RunSummary summary, Console console) {
    ArrayNode kept = summary.json().putArray("kept_versions");
    garbage.keptVersions().forEach(kept::add);
    summary.json().put("files", garbage.paths().size()).put("bytes", garbage.bytes());
    garbage.paths().stream().limit(SHOWN).forEach(path -> console.line("  " + path));
    if (garbage.paths().size() > SHOWN) {
      console.line("  and %d more".formatted(garbage.paths().size() - SHOWN));
    }
    console.line(
        String.format(
            Locale.ROOT,
            "%s %,d files, %,d bytes; kept versions %s.",
            dryRun ? "Would remove" : "Removed",
            garbage.paths().size(),
            garbage.bytes(),
            garbage.keptVersions()));
  }
}
