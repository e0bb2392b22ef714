package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.export.Model;
import io.lakestill.export.ModelVersion;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code catalogue}. */
@Command(
    name = "catalogue",
    description = {
      "Lists the models of a catalogue: every version, since when, how good it is, and which"
          + " version of which signal table it learned from.",
      "The last line is all of it as one JSON object."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill catalogue --catalogue hdfs:///models")
final class CatalogueCommand implements Callable<Integer> {
  @Option(
      names = "--catalogue",
      required = true,
      paramLabel = "DIR",
      description = "The folder of models that promote writes to.")
  private String catalogue;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("catalogue");
    try (SparkSession spark = Sessions.open("catalogue")) {
      ArrayNode models = summary.json().putArray("models");
      for (Model model : Catalogues.open(catalogue, spark).models()) {
        tell(model, models.addObject());
      }
      summary.done();
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(e);
    }
    return summary.finish();
  }

  private static void tell(Model model, ObjectNode json) {
    Optional<Integer> current = model.current();
    json.put("model", model.name());
    current.ifPresent(version -> json.put("current", version));
    ArrayNode versions = json.putArray("versions");
    System.out.println(model.name());
    for (int number : model.versions()) {
      ModelVersion version = model.version(number);
      List<SignalTableVersion> learned =
          model.unread(number).manifest().provenance().signalTables();
      ObjectNode entry = version.toJson();
      ArrayNode tables = entry.putArray("learned_from");
      learned.forEach(table -> tables.add(Lineage.json(table)));
      versions.add(entry);
      System.out.printf(
          Locale.ROOT,
          "  %s v%-4d %s  accuracy %.2f %%  from %s%n",
          current.filter(now -> now == number).isPresent() ? "*" : " ",
          number,
          version.created(),
          100 * version.accuracy().get("student"),
          learned.isEmpty()
              ? "labels alone"
              : learned.stream().map(Lineage::shown).collect(Collectors.joining(", ")));
    }
  }
}
