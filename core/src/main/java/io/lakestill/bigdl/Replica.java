package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.objective.Objective;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.StepPhases;
import io.lakestill.train.TermReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.lang3.SerializationUtils;

/**
 * One core's module and criterion, with a gradient of its own. Weights are one array per node: the
 * first replica's, which the others read. Belongs to one thread at a time.
 */
final class Replica implements AutoCloseable {
  private final NodeSetup setup;
  private final RowSource rows;
  private final int core;
  private final BigDlGraph graph;
  private final AbstractModule<Activity, Activity, Float> module;
  private final ObjectiveCriterion criterion;
  private final TermLosses sums;
  private final BatchFeed feed;
  private final float[] weights;
  private final float[] gradient;
  private final List<Integer> featureShape;
  private final List<Optional<ValidationMeasure>> measures;
  private StepPhases phases = StepPhases.NONE;

  Replica(NodeSetup setup, StudentGraph student, RowSource rows, int core) {
    this.setup = setup;
    this.rows = rows;
    this.core = core;
    this.graph =
        BigDlGraph.training(
            student,
            setup.inputs().layout().outputs(),
            setup.inputs().layout().parameters(),
            Parameters.initial(student, setup.seed()),
            setup.seed(),
            setup.engine());
    this.module = graph.module();
    this.sums = new TermLosses(setup.rules().terms().size());
    this.criterion = new ObjectiveCriterion(setup.loss(), setup.inputs(), sums).cloneCriterion();
    this.featureShape = setup.featureShape(student);
    this.feed = new BatchFeed(featureShape, rows, setup, core);
    this.measures = measures();
    this.weights = whole(module.getParameters()._1());
    this.gradient = whole(module.getParameters()._2());
  }

  /** The array behind a flat tensor, which must be all of it. */
  private static float[] whole(Tensor<Float> flat) {
    float[] values = Floats.array(flat);
    if (Floats.offset(flat) != 0 || values.length != flat.nElement() || !flat.isContiguous()) {
      throw new IllegalStateException("BigDL's flat parameters are not an array of their own");
    }
    return values;
  }

  /** From now on reads the other's weights. To be called before the first pass. */
  void readWeightsOf(Replica other) {
    Tensor<Float>[] own = module.parameters()._1();
    Tensor<Float>[] theirs = other.module.parameters()._1();
    for (int i = 0; i < own.length; i++) {
      own[i].set(theirs[i]);
    }
  }

  BigDlGraph graph() {
    return graph;
  }

  /** The flat vector of all weights: the replica's own array, read by all if it is the first. */
  float[] weights() {
    return weights;
  }

  /** The flat gradient of the last step: the replica's own array. */
  float[] gradient() {
    return gradient;
  }

  /**
   * Computes the gradient of a step, a sum over the parts into which its rows are divided.
   *
   * @return the loss, a mean over the parts
   */
  double train(int step) {
    module.training();
    Arrays.fill(gradient, 0f);
    int parts = setup.loop().accumulate();
    double loss = 0;
    for (int part = 1; part <= parts; part++) {
      loss += pass((step - 1) * parts + part);
    }
    return loss / parts;
  }

  private double pass(int number) {
    long start = System.nanoTime();
    int cores = setup.cluster().coresPerNode();
    CoreBatch batch = feed.take(number);
    graph.at(((long) (rows.node() * cores + core) << 32) + number);
    PackedTarget target = batch.target();
    long filled = System.nanoTime();
    Activity output = module.forward(batch.input());
    long computed = System.nanoTime();
    double loss = criterion.forward(output, target);
    Activity derivative = criterion.backward(output, target);
    long judged = System.nanoTime();
    module.backward(batch.input(), derivative);
    long done = System.nanoTime();
    phases =
        phases.plus(
            new StepPhases(
                filled - start, computed - filled + done - judged, judged - computed, 0, 0));
    return loss;
  }

  /** Where the time went since the last call. */
  StepPhases takePhases() {
    StepPhases taken = phases;
    phases = StepPhases.NONE;
    return taken;
  }

  /** What the terms did at the last step. */
  List<TermReport> termReports() {
    return criterion.termReports();
  }

  /** Adds sum and weight of each term's loss since the last call. */
  void takeTerms(double[] scalars, int first) {
    for (int term = 0; term < setup.rules().terms().size(); term++) {
      MeanResult taken = sums.take(term);
      scalars[first + 2 * term] += taken.sum();
      scalars[first + 2 * term + 1] += taken.weight();
    }
  }

  /** How many running statistics the module keeps. */
  int statisticsSize() {
    return Arrays.stream(statistics()).mapToInt(Tensor::nElement).sum();
  }

  private Tensor<Float>[] statistics() {
    Tensor<Float>[] tensors = module.getExtraParameter();
    return tensors == null ? none() : tensors;
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // Generic arrays.
  private static Tensor<Float>[] none() {
    return new Tensor[0];
  }

  /** Adds the running statistics to an array. */
  void addStatistics(float[] to) {
    int at = 0;
    for (Tensor<Float> tensor : statistics()) {
      float[] values = Floats.array(tensor);
      int offset = Floats.offset(tensor);
      for (int i = 0; i < tensor.nElement(); i++) {
        to[at++] += values[offset + i];
      }
    }
  }

  /** Replaces the running statistics. */
  void useStatistics(float[] from) {
    int at = 0;
    for (Tensor<Float> tensor : statistics()) {
      System.arraycopy(from, at, Floats.array(tensor), Floats.offset(tensor), tensor.nElement());
      at += tensor.nElement();
    }
  }

  /**
   * Measures this core's part of the validation rows: every {@code cores}-th run of as many rows as
   * a batch has, the last one perhaps shorter.
   *
   * @return rights, rows, then sum and weight of each term
   */
  double[] validate() {
    module.evaluate();
    double[] tally = new double[setup.rules().epochScalars()];
    int size = setup.rowsPerCore();
    int stride = size * setup.cluster().coresPerNode();
    for (int first = core * size; first < rows.validation().rows(); first += stride) {
      int count = Math.min(size, rows.validation().rows() - first);
      CoreBatch some =
          count == size ? feed.current() : new CoreBatch(featureShape, rows.validation(), count);
      rows.fillValidation(some, first);
      Activity output = module.forward(some.input());
      for (int i = 0; i < measures.size(); i++) {
        if (measures.get(i).isPresent()) {
          MeanResult result = measures.get(i).get().measure(output, some.target());
          tally[2 * i] += result.sum();
          tally[2 * i + 1] += result.weight();
        }
      }
    }
    return tally;
  }

  /** Accuracy, then each term; empty for one that validation rows cannot have. */
  private List<Optional<ValidationMeasure>> measures() {
    List<Optional<ValidationMeasure>> all = new ArrayList<>();
    BatchLayout layout = setup.inputs().layout();
    all.add(Optional.of(ValidationMeasure.accuracy(layout.outputs(), layout.targets())));
    List<WeightedTerms.Term> terms = SerializationUtils.clone(setup.loss()).terms();
    for (int i = 0; i < terms.size(); i++) {
      boolean measured = !setup.rules().unmeasured().contains(setup.rules().terms().get(i));
      Objective term = terms.get(i).objective();
      all.add(
          measured ? Optional.of(ValidationMeasure.term(term, setup.inputs())) : Optional.empty());
    }
    return all;
  }

  @Override
  public void close() {
    feed.close();
    graph.release();
  }
}
