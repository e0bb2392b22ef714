package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code doctor}. */
@Command(
    name = "doctor",
    description = {
      "Looks at a cluster before the first run: starts Spark with the settings a run would have,"
          + " waits for its executors, and asks driver and executors for their Java, memory, local"
          + " disks and clocks, for libraries that clash, and whether ONNX Runtime and MKL load.",
      "With --output each of them also makes a small file there, and deletes it."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer =
        "  bin/lakestill --preset yarn --num-executors 8 --executor-cores 4 doctor --output"
            + " hdfs:///models/products")
final class DoctorCommand implements Callable<Integer> {
  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "A folder that runs will write to, on any Hadoop file system.")
  private String output;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("doctor");
    Console console = Console.ofProcess();
    try (SparkSession spark = Sessions.open("doctor")) {
      Examination examination = Examination.of(spark, Optional.ofNullable(output), console);
      ArrayNode machines = summary.json().putArray("machines");
      for (ExaminedMachine machine : examination.machines()) {
        console.line(shown(machine));
        machine.faults().forEach(fault -> console.line("    " + fault));
        machines.add(json(machine, machines.objectNode()));
      }
      List<String> faults = examination.faults();
      ArrayNode all = summary.json().putArray("faults");
      faults.forEach(all::add);
      if (!faults.isEmpty()) {
        throw Errors.badRecipe(
            "%d fault%s of this cluster:%n  - %s"
                .formatted(
                    faults.size(), faults.size() == 1 ? "" : "s", String.join("\n  - ", faults)));
      }
      console.line("Nothing stands in the way.");
      summary.done();
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(e);
    }
    return summary.finish();
  }

  private static String shown(ExaminedMachine machine) {
    return String.format(
        Locale.ROOT,
        "  %s on %s: Java %s, heap %,d MB, %,d MB free on local disks",
        machine.name(),
        machine.host(),
        machine.java(),
        machine.heapBytes() >> 20,
        machine.freeBytes() >> 20);
  }

  private static ObjectNode json(ExaminedMachine machine, ObjectNode json) {
    json.put("executor", machine.executor()).put("host", machine.host());
    json.put("java", machine.java()).put("heap_bytes", machine.heapBytes());
    return json.put("free_bytes", machine.freeBytes()).put("faults", machine.faults().size());
  }
}
