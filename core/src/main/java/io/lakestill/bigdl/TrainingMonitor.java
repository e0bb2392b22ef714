package io.lakestill.bigdl;

import io.lakestill.io.Meter;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.FirstStep;
import io.lakestill.train.LearningRate;
import io.lakestill.train.StepPhases;
import io.lakestill.train.TermReport;
import io.lakestill.train.TrainingHistory;
import io.lakestill.train.TrainingProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The driver's side of a training: tells people and event files what the nodes reported. */
final class TrainingMonitor {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingMonitor.class);

  private final EpochPlan plan;
  private final LearningRate rate;
  private final TrainingProgress progress;
  private final EventFiles events;
  private final List<Epoch> epochs = new ArrayList<>();
  private final long started = System.nanoTime();
  private int stepsDone;

  /**
   * @param before the epochs that ended before this run began
   */
  TrainingMonitor(
      EpochPlan plan,
      LearningRate rate,
      TrainingProgress progress,
      EventFiles events,
      List<Epoch> before) {
    this.plan = plan;
    this.rate = rate;
    this.progress = progress;
    this.events = events;
    for (Epoch epoch : before) {
      epochs.add(epoch);
      events.epoch(epoch, plan.lastStep(epoch.number()));
    }
  }

  /** All epochs that ended. */
  TrainingHistory history() {
    return new TrainingHistory(epochs);
  }

  /** A segment has ended. */
  void told(Segment segment, List<NodeReport.Done> nodes) {
    NodeReport.Done lead = nodes.get(0);
    if (segment.first() == 1) {
      report(FirstStep.mean(nodes.stream().flatMap(node -> node.firstStep().stream()).toList()));
    }
    double rowsPerSecond =
        (double) lead.losses().size() * plan.batch() / Math.max(lead.stepNanos() / 1e9, 1e-9);
    stepsDone += lead.losses().size();
    double perStep = (double) (System.nanoTime() - started) / Math.max(stepsDone, 1);
    Iterator<Epoch> ended = lead.epochs().iterator();
    for (int i = 0; i < lead.losses().size(); i++) {
      int step = segment.first() + i;
      double loss = lead.losses().get(i);
      events.step(step, loss, rate.at(step), rowsPerSecond);
      meter(step, loss, rowsPerSecond);
      progress.step(
          new TrainingProgress.Step(
              plan.epoch(step),
              plan.epochs(),
              step,
              plan.steps(),
              loss,
              rate.at(step),
              rowsPerSecond,
              Duration.ofNanos((long) (perStep * (plan.steps() - step)))));
      if (plan.endsEpoch(step) && ended.hasNext()) {
        Epoch epoch = ended.next();
        epochs.add(epoch);
        events.epoch(epoch, step);
        Meter.TRAIN_VALIDATION_ACCURACY.set(epoch.validationAccuracy());
        progress.epoch(epoch);
      }
    }
    meter(lead.phases());
    progress.phases(lead.phases());
  }

  private void meter(int step, double loss, double rowsPerSecond) {
    Meter.TRAIN_STEP.set(step);
    Meter.TRAIN_STEPS.set(plan.steps());
    Meter.TRAIN_EPOCH.set(plan.epoch(step));
    Meter.TRAIN_LOSS.set(loss);
    Meter.TRAIN_LEARNING_RATE.set(rate.at(step));
    Meter.TRAIN_SAMPLES_PER_SECOND.set(rowsPerSecond);
  }

  private static void meter(StepPhases phases) {
    Meter.TRAIN_DATA_SECONDS.add(phases.data() / 1e9);
    Meter.TRAIN_MODEL_SECONDS.add(phases.model() / 1e9);
    Meter.TRAIN_LOSS_SECONDS.add(phases.loss() / 1e9);
    Meter.TRAIN_EXCHANGE_SECONDS.add(phases.exchange() / 1e9);
    Meter.TRAIN_UPDATE_SECONDS.add(phases.update() / 1e9);
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
}
