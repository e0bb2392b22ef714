package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.export.Bundle;
import io.lakestill.export.BundleComparison;
import io.lakestill.export.BundleManifest;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code compare}. */
@Command(
    name = "compare",
    description = {
      "Says whether two bundles hold the same model, byte by byte, and in what they differ: recipe,"
          + " signals, code, and on what they were trained.",
      "The same recipe and seed on the same executors, cores and processors give the same bytes."
          + " The last line is all of it as one JSON object."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill compare --bundle out/monday/student --with out/tuesday/student")
final class CompareCommand implements Callable<Integer> {
  @Option(
      names = "--bundle",
      required = true,
      paramLabel = "FOLDER",
      description = "A bundle's folder.")
  private String bundle;

  @Option(
      names = "--with",
      required = true,
      paramLabel = "FOLDER",
      description = "The other bundle's folder.")
  private String other;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("compare");
    try (SparkSession spark = Sessions.open("compare")) {
      Configuration configuration = spark.sessionState().newHadoopConf();
      BundleManifest left = Bundle.open(new Path(bundle), configuration).manifest();
      BundleManifest right = Bundle.open(new Path(other), configuration).manifest();
      BundleComparison found = BundleComparison.of(left, right);
      summary.json().put("same", found.isSame());
      summary.json().put("content", left.contentHash()).put("other_content", right.contentHash());
      ArrayNode differences = summary.json().putArray("differences");
      System.out.println(
          found.isSame()
              ? "The same model, byte by byte."
              : "Not the same bytes; what the manifests say differs in:");
      for (BundleComparison.Difference difference : found.differences()) {
        System.out.printf(
            "  %-40s %s | %s%n", difference.key(), difference.left(), difference.right());
        differences
            .addObject()
            .put("key", difference.key())
            .put("left", difference.left())
            .put("right", difference.right());
      }
      summary.done();
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(SparkFailures.worded(e, "compare"));
    }
    return summary.finish();
  }
}
