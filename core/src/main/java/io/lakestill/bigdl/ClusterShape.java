package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.train.TrainingEnvironment;
import java.io.Serializable;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * The executors a training uses: in {@code local[N]} one node of N cores, otherwise those that
 * Spark's settings ask for.
 *
 * @param nodes executors, and so partitions of the training rows
 * @param coresPerNode replicas of the model on each
 */
public record ClusterShape(int nodes, int coresPerNode) implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final Pattern LOCAL =
      Pattern.compile("local(?:\\[\\s*([0-9]+|\\*)\\s*(?:,\\s*[0-9]+\\s*)?\\])?");
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile("local-cluster\\[\\s*([0-9]+)\\s*,\\s*([0-9]+)\\s*,.*\\]");

  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";
  private static final String CORES = "spark.executor.cores";
  private static final String ALL_CORES = "spark.cores.max";
  private static final String INSTANCES = "spark.executor.instances";

  /** What Spark starts on YARN and Kubernetes when nobody says how many. */
  private static final int USUAL_INSTANCES = 2;

  public ClusterShape {
    if (nodes < 1 || coresPerNode < 1) {
      throw new IllegalArgumentException(
          "nodes and coresPerNode must be positive, are %d and %d".formatted(nodes, coresPerNode));
    }
  }

  /**
   * That of the running Spark application; BigDL is told, too.
   *
   * @throws LakestillException (exit 2) as {@link #of}
   */
  public static ClusterShape ofRunningSpark() {
    ClusterShape shape = of(SparkContext.getOrCreate().getConf());
    Engine$.MODULE$.setNodeAndCore(shape.nodes, shape.coresPerNode);
    return shape;
  }

  /**
   * What settings ask for.
   *
   * @throws LakestillException (exit 2) when they leave it open, or let it change while a training
   *     runs
   */
  static ClusterShape of(SparkConf settings) {
    String master = settings.get("spark.master", "");
    Matcher local = LOCAL.matcher(master);
    if (local.matches()) {
      String cores = local.group(1) == null ? "1" : local.group(1);
      return new ClusterShape(
          1,
          cores.equals("*")
              ? Runtime.getRuntime().availableProcessors()
              : Math.max(1, Integer.parseInt(cores)));
    }
    if (settings.getBoolean(DYNAMIC, false)) {
      throw Errors.badRecipe(
          ("%s is true, but a training needs the same executors from its first step to its last:"
                  + " its steps run on all of them at once, and each holds its rows and what it has"
                  + " learned. Give --conf %s=false and a number of executors. 'teach' alone, of a"
                  + " model that is not trained here, may have executors that come and go: run"
                  + " teach, then train, export and evaluate, each with settings of its own.")
              .formatted(DYNAMIC, DYNAMIC));
    }
    Matcher cluster = LOCAL_CLUSTER.matcher(master);
    if (cluster.matches()) {
      return new ClusterShape(
          Integer.parseInt(cluster.group(1)), Integer.parseInt(cluster.group(2)));
    }
    if (master.startsWith("spark://")) {
      return standalone(settings);
    }
    if (master.equals("yarn") || master.startsWith("k8s://")) {
      return new ClusterShape(
          positive(settings, INSTANCES).orElse(USUAL_INSTANCES),
          positive(settings, CORES).orElse(1));
    }
    throw Errors.badRecipe(
        ("A training does not run on master '%s'; give --master local[N], spark://HOST:PORT, yarn"
                + " or k8s://https://HOST:PORT.")
            .formatted(master));
  }

  /** Without either setting, executors would take whatever there is. */
  private static ClusterShape standalone(SparkConf settings) {
    OptionalInt each = positive(settings, CORES);
    OptionalInt all = positive(settings, ALL_CORES);
    if (each.isEmpty() || all.isEmpty() || all.getAsInt() % each.getAsInt() != 0) {
      throw Errors.badRecipe(
          ("A training needs to know how many executors of how many cores it gets, and on a"
                  + " standalone cluster Spark starts %s / %s of them: %s is %s and %s is %s. Give"
                  + " --executor-cores, and --total-executor-cores as a multiple of it.")
              .formatted(ALL_CORES, CORES, ALL_CORES, shown(all), CORES, shown(each)));
    }
    return new ClusterShape(all.getAsInt() / each.getAsInt(), each.getAsInt());
  }

  private static String shown(OptionalInt number) {
    return number.isPresent() ? String.valueOf(number.getAsInt()) : "not given";
  }

  private static OptionalInt positive(SparkConf settings, String key) {
    if (!settings.contains(key)) {
      return OptionalInt.empty();
    }
    String given = settings.get(key).strip();
    if (!given.matches("[0-9]{1,6}") || Integer.parseInt(given) == 0) {
      throw Errors.badRecipe("%s must be a positive number, is '%s'.".formatted(key, given));
    }
    return OptionalInt.of(Integer.parseInt(given));
  }

  public int cores() {
    return Math.multiplyExact(nodes, coresPerNode);
  }

  /** As what a training says of itself from the step after one on. */
  TrainingEnvironment.Leg leg(int after) {
    return new TrainingEnvironment.Leg(after, nodes, coresPerNode);
  }

  /** Whether it is the shape of that leg. */
  boolean isOf(TrainingEnvironment.Leg leg) {
    return leg.nodes() == nodes && leg.cores() == coresPerNode;
  }

  /** Such as {@code 2 executors of 4 cores}. */
  public String shown() {
    return "%d executor%s of %d core%s"
        .formatted(nodes, nodes == 1 ? "" : "s", coresPerNode, coresPerNode == 1 ? "" : "s");
  }

  /**
   * The rows of a step on each node.
   *
   * @param batch rows per step over the whole cluster
   * @throws LakestillException (exit 2) when the batch cannot be shared evenly
   */
  public int rowsPerNode(int batch) {
    if (batch % cores() != 0) {
      int below = batch / cores() * cores();
      String nearest =
          below == 0 ? String.valueOf(cores()) : "%d or %d".formatted(below, below + cores());
      throw Errors.badRecipe(
          ("train.batch = %d cannot be shared evenly by %d core%s (%d executor%s of %d); use %s,"
                  + " the nearest that can.")
              .formatted(
                  batch,
                  cores(),
                  cores() == 1 ? "" : "s",
                  nodes,
                  nodes == 1 ? "" : "s",
                  coresPerNode,
                  nearest));
    }
    return batch / nodes;
  }
}
