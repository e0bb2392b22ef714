package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.optim.DistriOptimizer;
import com.intel.analytics.bigdl.dllib.optim.OptimMethod;
import com.intel.analytics.bigdl.dllib.optim.ValidationMethod;
import com.intel.analytics.bigdl.dllib.visualization.TrainSummary;
import com.intel.analytics.bigdl.dllib.visualization.ValidationSummary;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Objective;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.FirstStep;
import io.lakestill.train.HeadLayout;
import io.lakestill.train.LearningRate;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import io.lakestill.train.Sharding;
import io.lakestill.train.TrainingProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.apache.spark.api.java.JavaRDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a student with BigDL's {@code DistriOptimizer}, data-parallel: each core runs a replica on
 * its share of every batch, gradients are averaged, each node updates its slice of the weights.
 *
 * <p>All epochs are one run of the optimizer. Each epoch ends in a validation; the weights of the
 * best epoch are kept. Weights and gradients travel in full precision. No BigDL checkpoint is set,
 * so BigDL retries nothing by itself and a fault shows its cause.
 *
 * <p>The same graph, seed, rows and cluster shape give the same weights, bit by bit, in local mode.
 * Another number of nodes or cores deals and adds in another order, and the last bits go with it.
 *
 * @param graph the student
 * @param loss what it minimises
 * @param targets how the rows' targets are laid out, made for {@code loss}
 * @param settings epochs, batch and optimizer
 * @param seed of the first weights and of the order of the rows
 * @param cluster where it runs
 */
public record StudentTrainer(
    StudentGraph graph,
    WeightedTerms loss,
    RowLayout targets,
    TrainSettings settings,
    long seed,
    ClusterShape cluster) {
  /** How Spark and BigDL say that an executor, or what it held, is gone. */
  private static final List<String> LOST =
      List.of("ExecutorLostFailure", "Didn't find weight block", "Didn't find gradient block");

  private static final Logger LOG = LoggerFactory.getLogger(StudentTrainer.class);

  /**
   * @throws LakestillException (exit 2) when the batch cannot be shared evenly by the cores
   */
  public StudentTrainer {
    int rowsPerCore = cluster.rowsPerNode(settings.batch()) / cluster.coresPerNode();
    boolean normalises = graph.layers().stream().anyMatch(BatchNormalisation.class::isInstance);
    if (rowsPerCore < 2 && normalises) {
      throw Errors.badRecipe(
          ("train.batch = %d leaves one row per core, and batch normalisation has no variance over"
                  + " one row; use at least %d.")
              .formatted(settings.batch(), 2 * cluster.cores()));
    }
  }

  /**
   * @param training one block per node; balanced to differ by at most one row
   * @param validation one block per node, with the same layout; only first views are used
   * @param events a folder, not yet there, on the driver's local disk, for TensorBoard event files
   * @throws LakestillException (exit 2) when there are fewer rows than a batch has or they do not
   *     fit into memory, (exit 4) when the loss is no longer finite, (exit 75) when an executor is
   *     lost
   */
  public TrainedStudent train(
      JavaRDD<PackedRows> training,
      JavaRDD<PackedRows> validation,
      Path events,
      TrainingProgress progress) {
    return train(training, validation, events, progress, (trained, memory) -> trained);
  }

  /**
   * The same for a caller who keeps what the loss remembers.
   *
   * @param keep is given what was learned while the executors still remember
   * @return what {@code keep} does
   */
  public <R> R train(
      JavaRDD<PackedRows> training,
      JavaRDD<PackedRows> validation,
      Path events,
      TrainingProgress progress,
      BiFunction<TrainedStudent, LossMemory, R> keep) {
    List<Integer> shape = graph.input().sizes();
    int cores = cluster.coresPerNode();
    int rowsPerNode = cluster.rowsPerNode(settings.batch());
    try (PackedDataSet trainingSet = new PackedDataSet(training, shape, rowsPerNode, cores, seed);
        PackedDataSet validationSet =
            new PackedDataSet(validation, shape, rowsPerNode, cores, seed)) {
      requireBatch(trainingSet);
      TrainedStudent trained = train(trainingSet, validationSet, events, progress);
      int steps = plan(trainingSet).steps();
      return keep.apply(trained, folder -> trainingSet.storeMemory(folder, steps));
    }
  }

  private void requireBatch(PackedDataSet trainingSet) {
    if (trainingSet.size() < cluster.cores()) {
      throw Errors.badRecipe(
          ("There are only %d training rows for %d cores, and every core needs one in each batch;"
                  + " run with fewer cores or give more rows.")
              .formatted(trainingSet.size(), cluster.cores()));
    }
    if (trainingSet.size() < settings.batch()) {
      throw Errors.badRecipe(
          "train.batch = %d, but there are only %d training rows; use a batch of at most %d."
              .formatted(
                  settings.batch(),
                  trainingSet.size(),
                  trainingSet.size() / cluster.cores() * cluster.cores()));
    }
  }

  private TrainedStudent train(
      PackedDataSet trainingSet,
      PackedDataSet validationSet,
      Path events,
      TrainingProgress progress) {
    EpochPlan plan = plan(trainingSet);
    LearningRate rate = LearningRate.of(settings.optimizer(), plan.steps());
    LossInputs inputs = inputs(trainingSet, plan);
    RowLayout outputs = inputs.layout().outputs();
    Parameters initial = Parameters.initial(graph, seed);
    BigDlGraph student =
        BigDlGraph.training(graph, outputs, inputs.layout().parameters(), initial, seed);
    Set<String> unmeasured = shard(trainingSet, inputs, progress);
    TrainingMonitor monitor =
        new TrainingMonitor(
            plan,
            settings.bestBy(),
            rate,
            loss,
            unmeasured,
            validationSet.size(),
            progress,
            new RunningEngine(trainingSet, student, initial, inputs.layout().heads()));
    TermLosses sums = new TermLosses(loss.terms().size());
    ObjectiveCriterion criterion = new ObjectiveCriterion(loss, inputs, sums);
    DistriOptimizer<Float> optimizer =
        new DistriOptimizer<>(
            student.module(), trainingSet, criterion, Floats.tag(), Floats.numeric());
    optimizer.setCompressType("none");
    optimizer.setOptimMethod(method(rate));
    optimizer.setValidation(monitor::validates, validationSet, measures(inputs, unmeasured, sums));
    optimizer.setEndWhen(monitor::ends);
    run(optimizer, monitor, events);
    if (monitor.divergedLoss().isPresent()) {
      int step = monitor.divergedStep();
      throw Errors.diverged(plan.epoch(step), step, monitor.divergedLoss().getAsDouble());
    }
    TrainedWeights best = monitor.best().orElseThrow();
    return new TrainedStudent(best.student(), best.heads(), monitor.history());
  }

  private EpochPlan plan(PackedDataSet trainingSet) {
    return new EpochPlan(trainingSet.size(), settings.batch(), settings.epochs());
  }

  private int rowsPerCore() {
    return cluster.rowsPerNode(settings.batch()) / cluster.coresPerNode();
  }

  private LossInputs inputs(PackedDataSet trainingSet, EpochPlan plan) {
    int samples = Collections.min(trainingSet.partitionRows()) / cluster.coresPerNode();
    BatchLayout layout = BatchLayout.of(loss, graph, targets, rowsPerCore(), samples);
    return new LossInputs(layout, plan, seed, samples);
  }

  /**
   * Deals the rows to the cores if a term asks for that.
   *
   * @return the names of those terms, which validation rows cannot have
   */
  private Set<String> shard(
      PackedDataSet trainingSet, LossInputs inputs, TrainingProgress progress) {
    Dimensions dimensions = inputs.layout().dimensions(rowsPerCore(), inputs.samples());
    List<String> names = LossNames.of(loss);
    Set<String> sharded = new LinkedHashSet<>();
    for (int i = 0; i < names.size(); i++) {
      if (loss.terms().get(i).objective().equip(dimensions).needsShard()) {
        sharded.add(names.get(i));
      }
    }
    if (!sharded.isEmpty()) {
      trainingSet.requireRoom(4L * cluster.coresPerNode() * loss.equip(dimensions).memorySize());
      trainingSet.shard(
          new Sharding(loss, inputs.layout(), cluster.coresPerNode(), rowsPerCore(), seed));
      LOG.info("event=no-validation-loss terms={}", sharded);
      progress.notice(
          ("The validation loss leaves out %s: what it remembers or draws from is of training rows"
                  + " only.%s")
              .formatted(
                  String.join(", ", sharded),
                  sharded.size() < names.size()
                      ? ""
                      : " No term is left, so the best epoch is the one of the best accuracy."));
    }
    return sharded;
  }

  /** What the monitor sees of the run. */
  private record RunningEngine(
      PackedDataSet trainingSet, BigDlGraph student, Parameters initial, HeadLayout heads)
      implements TrainingMonitor.Engine {
    @Override
    public void startStep(int step) {
      trainingSet.startStep(step);
    }

    @Override
    public Optional<FirstStep> firstStep() {
      return trainingSet.firstStep();
    }

    @Override
    public TrainedWeights weights() {
      return new TrainedWeights(student.parameters(initial), heads.tensors(student.heads()));
    }
  }

  private static void run(DistriOptimizer<Float> optimizer, TrainingMonitor monitor, Path events) {
    TrainSummary trainSummary = EventFiles.training(events, monitor);
    ValidationSummary validationSummary = EventFiles.validation(events, monitor);
    optimizer.setTrainSummary(trainSummary);
    optimizer.setValidationSummary(validationSummary);
    try {
      optimizer.optimize();
    } catch (Exception e) { // BigDL's Scala throws checked ones it does not declare.
      trainSummary.close();
      validationSummary.close();
      throw cause(e);
    }
    EventFiles.close(trainSummary, validationSummary, monitor);
  }

  /** BigDL and Spark wrap what a task threw; the message for a person is the innermost one. */
  private static RuntimeException cause(Exception failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof LakestillException known) {
        return known;
      }
    }
    for (Throwable t = failure; t != null; t = t.getCause()) {
      String message = String.valueOf(t.getMessage());
      if (LOST.stream().anyMatch(message::contains)) {
        return Errors.executorLost(failure);
      }
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException("The training failed: " + failure.getMessage(), failure);
  }

  private OptimMethod<Float> method(LearningRate rate) {
    OptimizerSettings optimizer = settings.optimizer();
    return switch (optimizer.type()) {
      case ADAM -> new ScheduledAdam(rate, optimizer.weightDecay());
      case SGD -> new ScheduledSgd(rate, optimizer.weightDecay(), optimizer.momentum());
      case ADAMW, NESTEROV, LAMB ->
          throw Errors.badRecipe("train.optimizer.type = %s".formatted(optimizer.type()));
    };
  }

  /** Accuracy first: BigDL calls the first one the score. */
  @SuppressWarnings("unchecked") // Generic arrays.
  private ValidationMethod<Float>[] measures(
      LossInputs inputs, Set<String> unmeasured, TermLosses sums) {
    List<ValidationMethod<Float>> measures = new ArrayList<>();
    RowLayout outputs = inputs.layout().outputs();
    measures.add(ValidationMeasure.accuracy(TrainingMonitor.ACCURACY, outputs, targets));
    List<String> names = LossNames.of(loss);
    for (int i = 0; i < names.size(); i++) {
      Objective term = loss.terms().get(i).objective();
      if (!unmeasured.contains(names.get(i))) {
        measures.add(ValidationMeasure.term("Loss/" + names.get(i), term, inputs));
      }
      measures.add(ValidationMeasure.trained("TrainingLoss/" + names.get(i), i, sums));
    }
    return measures.toArray(ValidationMethod[]::new);
  }
}
