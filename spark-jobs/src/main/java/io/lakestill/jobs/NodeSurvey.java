package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.Executors;
import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.error.TrainingErrors;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * Asks all nodes of a training at once, by a barrier stage with a task for each of their cores: so
 * it also finds out whether they can work at once.
 *
 * @param context of the application
 * @param shape that the training will have
 */
record NodeSurvey(SparkContext context, ClusterShape shape) {
  private static final ClassTag<Node> NODE = ClassTag$.MODULE$.apply(Node.class);

  /**
   * Waits for the executors, and asks them.
   *
   * @param told that it has to wait
   * @return one entry per node
   * @throws LakestillException (exit 75) when executors do not come in time, (exit 2) when there
   *     are others than the settings ask for
   */
  List<Node> ask(Consumer<String> told) {
    if (context.isLocal()) {
      return List.of(Node.here());
    }
    Executors executors = new Executors(context);
    boolean complete =
        executors.await(
            shape.nodes(),
            present ->
                told.accept(
                    "waiting for %s: %d there, %d s at most"
                        .formatted(shape.shown(), present, executors.timeout().toSeconds())));
    if (!complete) {
      throw missing(executors);
    }
    Map<String, Node> found = new LinkedHashMap<>();
    answers(executors).forEach(node -> found.put(node.executor(), node));
    if (found.size() != shape.nodes()) {
      throw Errors.badRecipe(
          ("The settings ask for %s, and %d executors share %d cores; let spark.executor.cores and"
                  + " the number of executors be what the cluster starts.")
              .formatted(shape.shown(), found.size(), shape.cores()));
    }
    return new ArrayList<>(found.values());
  }

  private LakestillException missing(Executors executors) {
    return TrainingErrors.executorsMissing(
        shape.shown(), executors.present(), executors.timeout(), Executors.TIMEOUT);
  }

  private List<Node> answers(Executors executors) {
    new JobNames(context).now("ask %s".formatted(shape.shown()));
    List<Integer> cores = IntStream.range(0, shape.cores()).boxed().toList();
    RDD<Node> answers =
        JavaSparkContext.fromSparkContext(context)
            .parallelize(cores, shape.cores())
            .rdd()
            .barrier()
            .mapPartitions(new Ask(), false, NODE);
    JavaFutureAction<List<Node>> asked = JavaRDD.fromRDD(answers, NODE).collectAsync();
    Duration timeout = executors.timeout();
    try {
      return asked.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      asked.cancel(true);
      throw missing(executors);
    } catch (ExecutionException e) {
      throw SparkFailures.worded(e, "check");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for executors", e);
    }
  }

  private static final class Ask extends AbstractFunction1<Iterator<Integer>, Iterator<Node>>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Node> apply(Iterator<Integer> nothing) {
      return JavaConverters.asScalaIterator(List.of(Node.here()).iterator());
    }
  }
}
