package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.BestBy;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.FirstStep;
import io.lakestill.train.LearningRate;
import io.lakestill.train.TermReport;
import io.lakestill.train.TrainingHistory;
import io.lakestill.train.TrainingProgress;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's side of a training: what BigDL's triggers and summaries ask and tell, in the order
 * BigDL does it after each step: {@link #validates}, the validation's scalars, {@link #keeps} (the
 * driver's module then receives the weights), {@link #ends}. {@code neval} counts the step that
 * comes next.
 */
final class TrainingMonitor {
  static final String ACCURACY = "Accuracy";

  private static final Logger LOG = LoggerFactory.getLogger(TrainingMonitor.class);

  private final EpochPlan plan;
  private final BestBy bestBy;
  private final LearningRate rate;
  private final List<String> terms;
  private final List<Double> weights;
  private final long validationRows;
  private final TrainingProgress progress;
  private final Set<String> unmeasured;
  private final Engine engine;

  private final Map<String, Double> scalars = new HashMap<>();
  private final long started = System.nanoTime();
  private TrainingHistory history = TrainingHistory.empty();
  private Optional<TrainedWeights> best = Optional.empty();
  private OptionalDouble divergedLoss = OptionalDouble.empty();
  private int divergedStep;
  private int steps;
  private int validations;
  private boolean weightsAreBest;
  private double lossSum;
  private int epochSteps;
  private long stepStarted = started;
  private long epochStarted = started;
  private long stepNanos;

  /** What the monitor asks and tells the engine. */
  interface Engine {
    /** Tells the number of each step before it starts. */
    void startStep(int step);

    /** What the terms did at the first step; empty before it has ended. */
    Optional<FirstStep> firstStep();

    /** Reads what the driver's module holds. */
    TrainedWeights weights();
  }

  /**
   * Epochs are compared by the weights that terms have at the end, whatever their schedules.
   *
   * @param bestBy which epoch's weights are kept
   * @param unmeasured the names of the terms that have no validation loss
   */
  TrainingMonitor(
      EpochPlan plan,
      BestBy bestBy,
      LearningRate rate,
      WeightedTerms loss,
      Set<String> unmeasured,
      long validationRows,
      TrainingProgress progress,
      Engine engine) {
    this.plan = plan;
    this.bestBy = bestBy;
    this.rate = rate;
    this.terms = LossNames.of(loss);
    this.weights = loss.terms().stream().map(term -> term.weight().at(plan.end())).toList();
    this.unmeasured = Set.copyOf(unmeasured);
    this.validationRows = validationRows;
    this.progress = progress;
    this.engine = engine;
  }

  /** BigDL's validation trigger: after the last step of an epoch, unless the loss is lost. */
  boolean validates(Table state) {
    int step = state.<Integer>apply("neval") - 1;
    double loss = state.<Float>apply("Loss");
    stepNanos += System.nanoTime() - stepStarted;
    lossSum += loss;
    steps = step;
    epochSteps++;
    if (!Double.isFinite(loss)) {
      diverge(step, loss);
      return false;
    }
    if (step == 1) {
      engine.firstStep().ifPresent(this::report);
    }
    progress.step(progressAt(step, loss));
    return plan.endsEpoch(step);
  }

  private void report(FirstStep first) {
    for (TermReport term : first.terms()) {
      LOG.info(
          "event=first-step term={} weight={} loss={} gradient-norm={}",
          term.name(),
          term.weight(),
          term.loss(),
          term.gradientNorm());
    }
    progress.firstStep(first);
    first.imbalance().ifPresent(warning -> LOG.warn("event=unbalanced reason=\"{}\"", warning));
  }

  private TrainingProgress.Step progressAt(int step, double loss) {
    double perStep = (double) (System.nanoTime() - started) / step;
    return new TrainingProgress.Step(
        plan.epoch(step),
        plan.epochs(),
        step,
        plan.steps(),
        loss,
        rate.at(step),
        rowsPerSecond(),
        Duration.ofNanos((long) (perStep * (plan.steps() - step))));
  }

  private double rowsPerSecond() {
    return (double) epochSteps * plan.batch() / Math.max(stepNanos / 1e9, 1e-9);
  }

  private void diverge(int step, double loss) {
    divergedStep = step;
    divergedLoss = OptionalDouble.of(loss);
  }

  /** A validation's result, by the name of its measure. */
  void scalar(String tag, float value) {
    scalars.put(tag, (double) value);
    validations += tag.equals(ACCURACY) ? 1 : 0;
  }

  /** BigDL's summary trigger: whether the driver is to receive the weights, the best so far. */
  boolean keeps(Table state) {
    int step = state.<Integer>apply("neval") - 1;
    if (divergedLoss.isPresent() || !plan.endsEpoch(step)) {
      return false;
    }
    Map<String, Double> validation = measured("Loss/");
    validation.keySet().removeAll(unmeasured);
    double loss = 0;
    for (int i = 0; i < terms.size(); i++) {
      loss += unmeasured.contains(terms.get(i)) ? 0 : weights.get(i) * validation.get(terms.get(i));
    }
    if (!Double.isFinite(loss)) {
      diverge(step, loss);
      return false;
    }
    long now = System.nanoTime();
    Epoch epoch =
        new Epoch(
            plan.epoch(step),
            lossSum / epochSteps,
            measured("TrainingLoss/"),
            // BigDL hands over single precision; the count behind it is known exactly.
            Math.rint(scalars.get(ACCURACY) * validationRows) / validationRows,
            loss,
            validation,
            (now - epochStarted) / 1e9,
            rowsPerSecond());
    epochStarted = now;
    stepNanos = 0;
    lossSum = 0;
    epochSteps = 0;
    history = history.with(epoch);
    weightsAreBest = history.best(bestBy) == epoch;
    progress.epoch(epoch);
    return weightsAreBest;
  }

  private Map<String, Double> measured(String prefix) {
    Map<String, Double> values = new LinkedHashMap<>();
    terms.forEach(term -> values.put(term, scalars.get(prefix + term)));
    return values;
  }

  /** BigDL's end trigger, asked before each step. */
  boolean ends(Table state) {
    if (weightsAreBest) {
      best = Optional.of(engine.weights());
      weightsAreBest = false;
    }
    int step = state.<Integer>apply("neval");
    if (divergedLoss.isPresent() || step > plan.steps()) {
      return true;
    }
    engine.startStep(step);
    stepStarted = System.nanoTime();
    return false;
  }

  /** The steps that ended. */
  int steps() {
    return steps;
  }

  /** The validations that ended. */
  int validations() {
    return validations;
  }

  TrainingHistory history() {
    return history;
  }

  /** The weights of the best epoch; empty before the first one has ended. */
  Optional<TrainedWeights> best() {
    return best;
  }

  /** The loss that stopped the training, if one did. */
  OptionalDouble divergedLoss() {
    return divergedLoss;
  }

  /** The step of {@link #divergedLoss}. */
  int divergedStep() {
    return divergedStep;
  }
}
