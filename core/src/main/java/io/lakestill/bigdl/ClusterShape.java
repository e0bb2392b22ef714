package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.error.Errors;
import java.io.Serializable;

/**
 * The executors a training uses, as BigDL counts them: in {@code local[N]} one node of N cores,
 * otherwise Spark's executors and their cores.
 *
 * @param nodes executors, and so partitions of the training rows
 * @param coresPerNode replicas of the model on each
 */
public record ClusterShape(int nodes, int coresPerNode) implements Serializable {
  private static final long serialVersionUID = 1L;

  public ClusterShape {
    if (nodes < 1 || coresPerNode < 1) {
      throw new IllegalArgumentException(
          "nodes and coresPerNode must be positive, are %d and %d".formatted(nodes, coresPerNode));
    }
  }

  /**
   * Starts BigDL's engine from the configuration of the running Spark application.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when that does not say how many
   *     executors and cores there are
   */
  public static ClusterShape ofRunningSpark() {
    try {
      Engine$.MODULE$.init();
    } catch (RuntimeException e) {
      throw Errors.badRecipe(
          ("BigDL cannot tell how many executors and cores it has: %s. Use --master local[N], or"
                  + " give spark.executor.cores and, on standalone and Kubernetes, spark.cores.max"
                  + " (a multiple of it), on YARN spark.executor.instances.")
              .formatted(e.getMessage()));
    }
    return new ClusterShape(Engine$.MODULE$.nodeNumber(), Engine$.MODULE$.coreNumber());
  }

  public int cores() {
    return Math.multiplyExact(nodes, coresPerNode);
  }

  /**
   * The rows of a step on each node.
   *
   * @param batch rows per step over the whole cluster
   * @throws io.lakestill.error.LakestillException (exit 2) when the batch cannot be shared evenly
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
