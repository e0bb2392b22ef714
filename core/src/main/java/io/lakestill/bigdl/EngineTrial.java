package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * Times engines on a node, all its cores at once: forward and back over the rows of the first step.
 * Nothing is learned, and the loss is not asked, since it is the same for all.
 *
 * @param setup of the training, whatever its engine
 * @param engines to be timed
 */
record EngineTrial(Broadcast<NodeSetup> setup, List<TrainingEngine> engines)
    implements FlatMapFunction<Iterator<RowSource>, EngineTrial.Times> {
  /** At least, until compilers have done their work. */
  private static final Duration WARM_UP = Duration.ofMillis(800);

  private static final Duration MEASURED = Duration.ofMillis(1200);
  private static final int FEWEST = 3;
  private static final float GRADIENT = 1e-3f;

  /**
   * What a node found.
   *
   * @param stepNanos of the engines in their order, medians; {@link #NEVER} by one that cannot run
   */
  record Times(List<Long> stepNanos) implements Serializable {
    static final long NEVER = Long.MAX_VALUE;

    private static final long serialVersionUID = 1L;
  }

  @Override
  public Iterator<Times> call(Iterator<RowSource> sources) {
    RowSource source = sources.next();
    NodeSetup told = setup.value();
    int cores = told.cluster().coresPerNode();
    StudentGraph student = told.student();
    try (CoreThreads threads = new CoreThreads(cores)) {
      threads.useOneNativeThreadEach();
      List<Runner> runners =
          engines.stream()
              .map(engine -> new Runner(threads, contenders(told, student, source, engine)))
              .toList();
      try {
        return Collections.singleton(new Times(times(runners))).iterator();
      } finally {
        runners.forEach(Runner::close);
        source.dealAgain();
      }
    }
  }

  private static List<Contender> contenders(
      NodeSetup setup, StudentGraph student, RowSource source, TrainingEngine engine) {
    int cores =
        engine == TrainingEngine.ONEDNN && !OneDnnPass.isAvailable()
            ? 0
            : setup.cluster().coresPerNode();
    return IntStream.range(0, cores)
        .mapToObj(core -> new Contender(setup, student, source, engine, core))
        .toList();
  }

  /** In turn, so that whatever else the machine does meets them alike. */
  private static List<Long> times(List<Runner> runners) {
    List<List<Long>> all =
        runners.stream().map(runner -> (List<Long>) new ArrayList<Long>()).toList();
    List<Runner> able = runners.stream().filter(Runner::isAble).toList();
    for (Runner runner : able) {
      long start = System.nanoTime();
      do {
        runner.step();
      } while (System.nanoTime() - start < WARM_UP.toNanos());
    }
    long start = System.nanoTime();
    int rounds = 0;
    while (rounds++ < FEWEST || System.nanoTime() - start < MEASURED.toNanos() * able.size()) {
      able.forEach(runner -> all.get(runners.indexOf(runner)).add(runner.step()));
    }
    return all.stream().map(nanos -> nanos.isEmpty() ? Times.NEVER : median(nanos)).toList();
  }

  private static long median(List<Long> nanos) {
    return nanos.stream().sorted().toList().get(nanos.size() / 2);
  }

  /** An engine on all cores. */
  private record Runner(CoreThreads threads, List<Contender> cores) {
    boolean isAble() {
      return !cores.isEmpty();
    }

    long step() {
      long start = System.nanoTime();
      threads.each(core -> cores.get(core).step());
      return System.nanoTime() - start;
    }

    void close() {
      cores.forEach(contender -> contender.graph.release());
    }
  }

  /** An engine on one core. */
  private static final class Contender {
    private final BigDlGraph graph;
    private final CoreBatch batch;
    private final Tensor<Float> towards;
    private final float[] gradient;

    Contender(
        NodeSetup setup, StudentGraph student, RowSource source, TrainingEngine engine, int core) {
      BatchLayout layout = setup.inputs().layout();
      this.graph =
          BigDlGraph.training(
              student,
              layout.outputs(),
              layout.parameters(),
              Parameters.initial(student, setup.seed()),
              setup.seed(),
              engine);
      this.gradient = Floats.array(graph.module().getParameters()._2());
      graph.module().training();
      this.batch = new CoreBatch(student.input().sizes(), source.training(), setup.rowsPerCore());
      int cores = setup.cluster().coresPerNode();
      source.fill(batch, source.batch(1, core, cores, setup.rowsPerCore(), Optional.empty()));
      this.towards = Floats.empty();
    }

    void step() {
      Arrays.fill(gradient, 0f);
      Activity output = graph.module().forward(batch.input());
      towards.resizeAs(output.toTensor(Floats.numeric())).fill(GRADIENT);
      graph.module().backward(batch.input(), towards);
    }
  }
}
