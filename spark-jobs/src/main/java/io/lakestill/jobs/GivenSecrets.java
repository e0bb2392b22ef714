package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.error.Secrets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/** Secrets that this process was given: which it refuses, and which it must not repeat. */
final class GivenSecrets {
  private GivenSecrets() {}

  /**
   * Every user of a machine sees the arguments of its processes, and schedulers keep them: those of
   * the command, and those that spark-submit was given before it.
   *
   * @return an error (exit 2) when one of them is a secret
   */
  static Optional<LakestillException> refusal(String... arguments) {
    String submitted = System.getProperty("sun.java.command", "");
    return Stream.concat(Arrays.stream(arguments), Arrays.stream(submitted.split(" ", -1)))
        .flatMap(argument -> Secrets.in(argument).stream())
        .findFirst()
        .map(
            shown ->
                Errors.badRecipe(
                    ("'%s' is a secret among the arguments, which every user of this machine can"
                            + " see; nothing was run. Put it into a Hadoop credential provider"
                            + " (hadoop credential create, and --conf"
                            + " spark.hadoop.hadoop.security.credential.provider.path=...) or a"
                            + " Kubernetes secret; see core/docs/operations.md.")
                        .formatted(shown)));
  }

  /** Has the secrets among the settings of Spark and Hadoop left out of every message. */
  static void remember(SparkSession spark) {
    SparkConf settings = spark.sparkContext().getConf();
    Secrets.know(
        Arrays.stream(settings.getAll()).collect(Collectors.toMap(Tuple2::_1, Tuple2::_2)));
    Configuration hadoop = spark.sessionState().newHadoopConf();
    Secrets.know(
        StreamSupport.stream(hadoop.spliterator(), false)
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> b)));
  }
}
