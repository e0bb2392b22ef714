package io.lakestill.train;

import io.lakestill.recipe.BestBy;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the steps and epochs of a training gave so far. Every node keeps one and comes to the same
 * decisions by it, since it is told sums over all nodes.
 */
public final class EpochBook {
  private final Rules rules;
  private final List<Epoch> epochs = new ArrayList<>();
  private double lossSum;
  private int steps;
  private final double[] terms;
  private long stepNanos;
  private long epochStarted = System.nanoTime();

  /**
   * By what epochs are measured and compared.
   *
   * @param plan how steps and epochs relate
   * @param bestBy which epoch is the best
   * @param patience epochs without a better one after which to end; 0 for never
   * @param terms the names of the loss's terms
   * @param weights of the terms at the end of all schedules
   * @param unmeasured the names of the terms that have no validation loss
   */
  public record Rules(
      EpochPlan plan,
      BestBy bestBy,
      int patience,
      List<String> terms,
      List<Double> weights,
      Set<String> unmeasured)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    public Rules {
      terms = List.copyOf(terms);
      weights = List.copyOf(weights);
      unmeasured = Set.copyOf(unmeasured);
    }

    /** The numbers that {@link #step} is told: the loss, then sum and weight of each term. */
    public int stepScalars() {
      return 1 + 2 * terms.size();
    }

    /** The numbers that {@link #end} is told: rights, rows, then sum and weight of each term. */
    public int epochScalars() {
      return 2 + 2 * terms.size();
    }
  }

  /**
   * What an unfinished epoch has gathered.
   *
   * @param lossSum of its steps
   * @param steps of it that are done
   * @param terms sum and weight of each
   */
  public record Open(double lossSum, int steps, List<Double> terms) implements Serializable {
    private static final long serialVersionUID = 1L;

    public Open {
      terms = List.copyOf(terms);
    }
  }

  public EpochBook(Rules rules) {
    this.rules = rules;
    this.terms = new double[2 * rules.terms().size()];
  }

  /** Goes on from what was written down. */
  public void restore(TrainingHistory history, Open open) {
    epochs.clear();
    epochs.addAll(history.epochs());
    lossSum = open.lossSum();
    steps = open.steps();
    for (int i = 0; i < terms.length; i++) {
      terms[i] = open.terms().get(i);
    }
  }

  public Open open() {
    List<Double> copies = new ArrayList<>();
    for (double value : terms) {
      copies.add(value);
    }
    return new Open(lossSum, steps, copies);
  }

  public TrainingHistory history() {
    return new TrainingHistory(epochs);
  }

  /**
   * A step has ended.
   *
   * @param scalars from {@code first} on: the mean loss, then sum and weight of each term
   * @param nanos that it took
   */
  public void step(double[] scalars, int first, long nanos) {
    lossSum += scalars[first];
    steps++;
    stepNanos += nanos;
    for (int i = 0; i < terms.length; i++) {
      terms[i] += scalars[first + 1 + i];
    }
  }

  /** The weighted sum of the terms in a validation, by which epochs compare. */
  public double validationLoss(double[] scalars) {
    double loss = 0;
    for (int i = 0; i < rules.terms().size(); i++) {
      loss += measured(i) ? rules.weights().get(i) * mean(scalars, 2 + 2 * i) : 0;
    }
    return loss;
  }

  private boolean measured(int term) {
    return !rules.unmeasured().contains(rules.terms().get(term));
  }

  private static double mean(double[] scalars, int at) {
    return scalars[at + 1] == 0 ? scalars[at] : scalars[at] / scalars[at + 1];
  }

  /**
   * The epoch has ended with a validation whose loss is finite.
   *
   * @param scalars rights and rows, then sum and weight of each term
   * @return what it gave
   */
  public Epoch end(double[] scalars) {
    Map<String, Double> training = new LinkedHashMap<>();
    Map<String, Double> validation = new LinkedHashMap<>();
    for (int i = 0; i < rules.terms().size(); i++) {
      training.put(rules.terms().get(i), mean(terms, 2 * i));
      if (measured(i)) {
        validation.put(rules.terms().get(i), mean(scalars, 2 + 2 * i));
      }
    }
    long now = System.nanoTime();
    Epoch epoch =
        new Epoch(
            epochs.size() + 1,
            lossSum / steps,
            training,
            scalars[0] / scalars[1],
            validationLoss(scalars),
            validation,
            (now - epochStarted) / 1e9,
            (double) steps * rules.plan().batch() / Math.max(stepNanos / 1e9, 1e-9));
    epochs.add(epoch);
    lossSum = 0;
    steps = 0;
    stepNanos = 0;
    epochStarted = now;
    Arrays.fill(terms, 0);
    return epoch;
  }

  /** Whether the last epoch is the best so far. */
  public boolean lastIsBest() {
    return !epochs.isEmpty() && best().number() == epochs.size();
  }

  private Epoch best() {
    return history().best(rules.bestBy());
  }

  /** Whether nothing is to come, after a step. */
  public boolean isOver(int step) {
    boolean impatient =
        rules.patience() > 0
            && !epochs.isEmpty()
            && epochs.size() - best().number() >= rules.patience();
    return step >= rules.plan().steps() || impatient;
  }
}
