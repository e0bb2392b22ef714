package io.lakestill.bigdl;

import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * Makes a node ready: replicas, weights, an open door.
 *
 * @param setup of the training
 * @param from where it goes on; none at the beginning
 */
record NodeStart(Broadcast<NodeSetup> setup, List<RestorePoint> from)
    implements FlatMapFunction<Iterator<RowSource>, NodeStart.Ready> {

  /**
   * A node that is ready.
   *
   * @param node its number
   * @param executor where it is
   * @param address of its door
   * @param step after which it begins
   * @param hash of its weights
   */
  record Ready(int node, String executor, String address, int step, long hash)
      implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  @Override
  public Iterator<Ready> call(Iterator<RowSource> sources) {
    RowSource source = sources.next();
    String host = SparkEnv.get().blockManager().blockManagerId().host();
    source.dealAgain();
    NodeTraining training = new NodeTraining(setup.value(), source, host);
    source.learns(training);
    from.forEach(training::restore);
    return Collections.singleton(
            new Ready(
                source.node(),
                SparkEnv.get().executorId(),
                training.address(),
                training.step(),
                training.hash()))
        .iterator();
  }
}
