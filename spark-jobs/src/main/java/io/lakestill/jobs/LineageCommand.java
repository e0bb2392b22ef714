package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.export.Bundle;
import io.lakestill.export.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lineage}. */
@Command(
    name = "lineage",
    description = {
      "Says which students learned from an example, for requests to delete it: saw, may have seen,"
          + " did not see, or cannot tell, with the reason.",
      "It looks the key up in the versions of signal tables that each student learned from, so ask"
          + " before gc removes them. The last line is all of it as one JSON object."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill lineage --catalogue hdfs:///models --sample-id 4711")
final class LineageCommand implements Callable<Integer> {
  @Option(
      names = "--sample-id",
      required = true,
      paramLabel = "KEY",
      description = "The key of an example. Repeatable.")
  private List<String> samples = List.of();

  @Option(
      names = "--catalogue",
      paramLabel = "DIR",
      description = "Asks about every version of every model there. Repeatable.")
  private List<String> catalogues = List.of();

  @Option(
      names = "--bundle",
      paramLabel = "DIR",
      description = "Asks about this bundle, such as out/daily/student. Repeatable.")
  private List<String> bundles = List.of();

  /**
   * @param name for a person
   * @param bundle whose manifest says what it learned from
   */
  private record Student(String name, Bundle bundle) {}

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("lineage");
    samples.forEach(summary.json().putArray("sample_ids")::add);
    try (SparkSession spark = Sessions.open("lineage")) {
      if (catalogues.isEmpty() && bundles.isEmpty()) {
        throw Errors.badRecipe("Name students to ask about: --catalogue DIR or --bundle DIR.");
      }
      Lineage lineage = new Lineage(spark, samples);
      for (Student student : students(spark)) {
        tell(student, lineage, summary.json().withArray("students").addObject());
      }
      summary.done();
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(SparkFailures.worded(e, "lineage"));
    }
    return summary.finish();
  }

  private List<Student> students(SparkSession spark) {
    List<Student> students = new ArrayList<>();
    for (String catalogue : catalogues) {
      for (Model model : Catalogues.open(catalogue, spark).models()) {
        Optional<Integer> current = model.current();
        for (int version : model.versions()) {
          String now = current.filter(number -> number == version).isPresent() ? ", current" : "";
          students.add(new Student(model.name() + " v" + version + now, model.unread(version)));
        }
      }
    }
    for (String bundle : bundles) {
      students.add(new Student(bundle, required(spark, new Path(bundle))));
    }
    return students;
  }

  /** Its manifest is enough: a model file that is damaged has learned what it has learned. */
  private static Bundle required(SparkSession spark, Path folder) {
    return Bundle.unread(folder, spark.sessionState().newHadoopConf())
        .orElseThrow(
            () ->
                Errors.badInput(
                    "There is no bundle in '%s' (no %s); name the folder of an exported model."
                        .formatted(folder, Bundle.MANIFEST)));
  }

  private void tell(Student student, Lineage lineage, ObjectNode json) {
    Lineage.Answer answer = lineage.of(student.bundle().manifest());
    json.put("student", student.name()).put("bundle", student.bundle().folder().toString());
    ObjectNode seen = json.putObject("seen");
    new TreeMap<>(answer.seen()).forEach((sample, said) -> seen.put(sample, said.words()));
    var learned = json.putArray("learned_from");
    student
        .bundle()
        .manifest()
        .provenance()
        .signalTables()
        .forEach(table -> learned.add(Lineage.json(table)));
    answer.reasons().forEach(json.withArray("reasons")::add);
    System.out.println(student.name());
    for (String sample : samples) {
      System.out.printf("  %-14s %s%n", answer.seen().get(sample).words(), sample);
    }
    answer.reasons().forEach(reason -> System.out.println("  since " + reason));
  }
}
