package io.lakestill.bigdl;

import io.lakestill.error.LakestillException;
import io.lakestill.train.exchange.ExchangeFault;
import java.io.PrintWriter;
import java.io.Serializable;
import java.io.StringWriter;
import java.util.List;
import org.apache.spark.TaskContext;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/**
 * A node's task of a segment. What it throws comes back as its report: Spark would hand on no more
 * than the text of the first failure of a barrier stage, and kill the other nodes' tasks.
 */
final class NodeTask extends AbstractFunction1<Iterator<RowSource>, Iterator<NodeReport>>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Segment segment;

  NodeTask(Segment segment) {
    this.segment = segment;
  }

  @Override
  public Iterator<NodeReport> apply(Iterator<RowSource> sources) {
    TaskContext context = TaskContext.get();
    RowSource source = sources.next();
    NodeReport report;
    try {
      NodeTraining training =
          source
              .learning()
              .orElseThrow(
                  () ->
                      new ExchangeFault(
                          "Node %d has its rows, but not what it learned from them"
                              .formatted(source.node())));
      report = training.run(segment, context::isInterrupted);
    } catch (RuntimeException e) {
      // The other nodes wait for this one: its connections end, and they know.
      source.forget();
      report = new NodeReport.Failed(source.node(), portable(e));
    }
    return JavaConverters.asScalaIterator(List.of(report).iterator());
  }

  /** As it is if it is ours; else its stack as text, since Spark must be able to serialise it. */
  private static RuntimeException portable(RuntimeException failure) {
    if (failure instanceof LakestillException || failure instanceof ExchangeFault) {
      return failure;
    }
    StringWriter stack = new StringWriter();
    failure.printStackTrace(new PrintWriter(stack, true));
    return new IllegalStateException(stack.toString());
  }
}
