package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.SafeTensors;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochBook;
import io.lakestill.train.Shard;
import io.lakestill.train.StepPhases;
import io.lakestill.train.TermReport;
import io.lakestill.train.WeightSegment;
import io.lakestill.train.exchange.Door;
import io.lakestill.train.exchange.Exchange;
import io.lakestill.train.exchange.ExchangeFault;
import io.lakestill.train.exchange.Mesh;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * A training as one node has it from the first step to the last: its replicas, what it has learned,
 * and its connections with the other nodes. Lives with the node's rows; belongs to one task at a
 * time.
 */
final class NodeTraining implements AutoCloseable {
  private static final String BEST = "best";

  private final NodeSetup setup;
  private final RowSource rows;
  private final StudentGraph student;
  private final CoreThreads threads;
  private final List<Replica> replicas;
  private final NodeWeights weights;
  private final EpochBook book;
  private final Optional<Door> door;
  private final List<double[]> alone = new ArrayList<>();
  private final List<Long> aloneNanos = new ArrayList<>();
  private Optional<Exchange> company = Optional.empty();
  private float[] best = new float[0];
  private int step;
  private long exchangeNanos;
  private long updateNanos;

  /** Of the task that runs; connections outlive it. */
  private volatile BooleanSupplier cancelled = () -> false;

  /**
   * @param host by which other nodes reach this one
   */
  NodeTraining(NodeSetup setup, RowSource rows, String host) {
    this.setup = setup;
    this.rows = rows;
    this.student = setup.student();
    int cores = setup.cluster().coresPerNode();
    Engine$.MODULE$.setNodeAndCore(setup.cluster().nodes(), cores);
    this.threads = new CoreThreads(cores);
    threads.useOneNativeThreadEach();
    this.replicas =
        IntStream.range(0, cores).mapToObj(c -> new Replica(setup, student, rows, c)).toList();
    replicas.subList(1, cores).forEach(replica -> replica.readWeightsOf(replicas.get(0)));
    List<WeightSegment> segments =
        replicas.get(0).graph().segments(setup.inputs().layout().heads());
    this.weights = new NodeWeights(replicas, threads, segments, setup);
    this.book = new EpochBook(setup.rules());
    this.door = setup.cluster().nodes() > 1 ? Optional.of(Door.open(host)) : Optional.empty();
  }

  /** Where other nodes reach this one; empty without others. */
  String address() {
    return door.map(Door::address).orElse("");
  }

  /** The last step that changed the weights. */
  int step() {
    return step;
  }

  long hash() {
    return weights.hash();
  }

  /** Goes on from a checkpoint. */
  void restore(RestorePoint from) {
    CheckpointFolder folder = from.place().folder();
    Map<String, FloatTensor> stored = new HashMap<>(folder.tensors(from.state()));
    weights.restore(stored);
    best = stored.get(BEST).values();
    book.restore(from.history(), from.open());
    step = from.step();
    if (setup.sharded()) {
      for (Shard shard : rows.shards(setup.sharding())) {
        String own = "memory-" + shard.worker() + "-";
        List<ParameterFile> files =
            from.memory().stream().filter(file -> file.file().startsWith(own)).toList();
        shard.restore(folder.memory(files).part(String.valueOf(shard.worker())), memoryStep());
      }
    }
  }

  /**
   * Takes the steps of a segment, fewer when the training is over before.
   *
   * @param cancelled whether nobody waits for this node any more
   */
  NodeReport.Done run(Segment segment, BooleanSupplier cancelled) {
    this.cancelled = cancelled;
    if (segment.first() != step + 1) {
      throw new ExchangeFault(
          "Node %d has the weights of step %d where step %d begins"
              .formatted(rows.node(), step, segment.first()));
    }
    Exchange exchange = join(segment.company());
    Log log = new Log();
    while (step < segment.last() && !book.isOver(step) && log.lost.isEmpty()) {
      take(step + 1, exchange, log);
    }
    return report(segment, log);
  }

  private Exchange join(Mesh.Company all) {
    if (company.isEmpty()) {
      company =
          Optional.of(
              door.map(open -> Mesh.join(rows.node(), open, all, () -> cancelled.getAsBoolean()))
                  .orElseGet(Exchange::alone));
    }
    return company.get();
  }

  /** What a segment gave so far. */
  private static final class Log {
    private final List<Double> losses = new ArrayList<>();
    private final List<Double> lost = new ArrayList<>();
    private final List<Epoch> epochs = new ArrayList<>();
    private final List<List<TermReport>> firstStep = new ArrayList<>();
    private long nanos;
  }

  private void take(int next, Exchange exchange, Log log) {
    long start = System.nanoTime();
    double[] losses = new double[replicas.size()];
    threads.each(core -> losses[core] = replicas.get(core).train(next));
    if (next == 1) {
      replicas.forEach(replica -> log.firstStep.add(replica.termReports()));
    }
    double[] scalars = new double[setup.rules().stepScalars()];
    for (int core = 0; core < losses.length; core++) {
      scalars[0] += losses[core];
      replicas.get(core).takeTerms(scalars, 1);
    }
    long computed = System.nanoTime();
    weights.gather();
    boolean together = setup.loop().localSteps() == 1;
    if (together) {
      weights.exchangeGradients(exchange, scalars, next);
    }
    int workers = together ? setup.cluster().cores() : replicas.size();
    scalars[0] /= workers;
    double norm = weights.norm();
    if (!Double.isFinite(norm)) {
      scalars[0] = Double.NaN;
    }
    long exchanged = System.nanoTime();
    boolean lostAlready = !alone.isEmpty() && !Double.isFinite(alone.get(alone.size() - 1)[0]);
    if (Double.isFinite(scalars[0]) && !lostAlready) {
      int parts = workers * setup.loop().accumulate();
      weights.update(next, setup.rate().at(next), parts, norm);
    } else {
      scalars[0] = Double.NaN;
    }
    exchangeNanos += exchanged - computed;
    updateNanos += System.nanoTime() - exchanged;
    if (together) {
      note(scalars, 0, System.nanoTime() - start, log);
    } else {
      alone.add(scalars);
      aloneNanos.add(System.nanoTime() - start);
      meet(next, exchange, log);
    }
    if (log.lost.isEmpty()) {
      step = next;
      if (setup.rules().plan().endsEpoch(next)) {
        validate(exchange, log);
      }
    }
  }

  /** After steps that nodes took on their own, when it is time. */
  private void meet(int next, Exchange exchange, Log log) {
    if (!setup.meetsAfter(next)) {
      return;
    }
    int each = setup.rules().stepScalars();
    double[] all = new double[each * alone.size()];
    for (int i = 0; i < alone.size(); i++) {
      System.arraycopy(alone.get(i), 0, all, i * each, each);
    }
    weights.exchangeWeights(exchange, all, next);
    for (int i = 0; i < alone.size(); i++) {
      all[i * each] /= exchange.nodes();
      note(all, i * each, aloneNanos.get(i), log);
    }
    alone.clear();
    aloneNanos.clear();
  }

  private void note(double[] scalars, int first, long nanos, Log log) {
    if (!log.lost.isEmpty()) {
      return;
    }
    if (Double.isFinite(scalars[first])) {
      book.step(scalars, first, nanos);
      log.losses.add(scalars[first]);
      log.nanos += nanos;
    } else {
      log.lost.add(scalars[first]);
    }
  }

  private void validate(Exchange exchange, Log log) {
    weights.showAverage();
    double[][] tallies = new double[replicas.size()][];
    threads.each(core -> tallies[core] = replicas.get(core).validate());
    double[] sums = new double[setup.rules().epochScalars()];
    for (double[] tally : tallies) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += tally[i];
      }
    }
    exchange.sumExactly(new float[0], sums, step);
    double loss = book.validationLoss(sums);
    if (Double.isFinite(loss)) {
      log.epochs.add(book.end(sums));
      best = book.lastIsBest() ? weights.shown() : best;
    } else {
      log.lost.add(loss);
    }
    weights.showWeights();
  }

  private NodeReport.Done report(Segment segment, Log log) {
    NodeReport.State state =
        new NodeReport.State(weights.hash(), weights.isFinite(), List.copyOf(log.lost));
    boolean isWell = log.lost.isEmpty() && state.isFinite();
    boolean isOver = isWell && book.isOver(step);
    StepPhases phases =
        replicas.get(0).takePhases().plus(new StepPhases(0, 0, 0, exchangeNanos, updateNanos));
    exchangeNanos = 0;
    updateNanos = 0;
    return new NodeReport.Done(
        rows.node(),
        step,
        List.copyOf(log.losses),
        log.nanos,
        List.copyOf(log.epochs),
        book.open(),
        state,
        List.copyOf(log.firstStep),
        phases,
        isOver,
        isWell && !isOver ? store(segment) : List.of(),
        isOver && rows.node() == 0 ? bestStudent() : List.of());
  }

  /** The first node has what all share, every node the memory of its own workers. */
  private List<ParameterFile> store(Segment segment) {
    List<ParameterFile> files = new ArrayList<>();
    for (CheckpointPlace place : segment.stores()) {
      CheckpointFolder folder = place.folder();
      if (rows.node() == 0) {
        Map<String, FloatTensor> all = weights.stored();
        all.put(BEST, FloatTensor.of(List.of(best.length), best));
        files.add(folder.storeState(all));
      }
      if (setup.sharded()) {
        for (Shard shard : rows.shards(setup.sharding())) {
          folder.storeMemory(shard.worker(), shard.remembered(memoryStep())).ifPresent(files::add);
        }
      }
    }
    return files;
  }

  /** The number that shards give to the last step: each part of a step counts there. */
  private int memoryStep() {
    return step * setup.loop().accumulate();
  }

  private List<byte[]> bestStudent() {
    weights.show(best);
    BigDlGraph graph = replicas.get(0).graph();
    Parameters initial = Parameters.initial(student, setup.seed());
    return List.of(
        graph.parameters(initial).toSafeTensors(),
        SafeTensors.write(setup.inputs().layout().heads().tensors(graph.heads())));
  }

  @Override
  public void close() {
    company.ifPresent(Exchange::close);
    threads.close();
    replicas.forEach(Replica::close);
    door.ifPresent(Door::close);
  }
}
