package io.lakestill.bigdl;

import io.lakestill.train.Epoch;
import io.lakestill.train.FirstStep;
import io.lakestill.train.TrainingProgress;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a training says. */
final class Listener implements TrainingProgress {
  final List<String> notices = new ArrayList<>();
  final List<FirstStep> firstSteps = new ArrayList<>();
  final List<String> order = new ArrayList<>();

  @Override
  public void firstStep(FirstStep report) {
    firstSteps.add(report);
    order.add("first");
  }

  @Override
  public void notice(String message) {
    notices.add(message);
  }

  @Override
  public void step(Step step) {
    order.add("step " + step.step());
  }

  @Override
  public void epoch(Epoch epoch) {}
}
