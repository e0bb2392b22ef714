package io.lakestill.train;

import io.lakestill.error.TrainingErrors;
import io.lakestill.objective.State;
import java.io.Serializable;

/**
 * The examples that one worker (one core of one executor) trains on from the first step to the
 * last, and what its loss remembers of them. A <em>sample</em> is the number of an example within
 * its shard, in {@code [0, samples)}.
 */
public final class Shard implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int worker;
  private final int[] rows;
  private final int[] labels;
  private final int[] byClass;
  private final int[] classStarts;
  private final State state;
  private int step;

  /**
   * @param worker {@code partition * cores + core}
   * @param rows the row of each sample within its partition
   * @param labels the class of each sample
   * @param state what the loss remembers before the first step; the shard's from now on
   */
  public Shard(int worker, int[] rows, int[] labels, State state) {
    if (rows.length == 0 || rows.length != labels.length) {
      throw new IllegalArgumentException(
          "a shard of %d rows and %d labels".formatted(rows.length, labels.length));
    }
    this.worker = worker;
    this.rows = rows.clone();
    this.labels = labels.clone();
    this.state = state;
    int classes = 0;
    for (int label : labels) {
      classes = Math.max(classes, Math.addExact(label, 1));
    }
    this.classStarts = new int[classes + 1];
    this.byClass = sortByClass();
  }

  /** Counting sort; leaves where each class starts behind. */
  private int[] sortByClass() {
    for (int label : labels) {
      classStarts[label + 1]++;
    }
    for (int c = 1; c < classStarts.length; c++) {
      classStarts[c] += classStarts[c - 1];
    }
    int[] next = classStarts.clone();
    int[] sorted = new int[labels.length];
    for (int sample = 0; sample < labels.length; sample++) {
      sorted[next[labels[sample]]++] = sample;
    }
    return sorted;
  }

  public int worker() {
    return worker;
  }

  public int samples() {
    return rows.length;
  }

  /** The row of a sample within its partition. */
  public int row(int sample) {
    return rows[sample];
  }

  public int label(int sample) {
    return labels[sample];
  }

  /** The class of each sample: the shard's own array. */
  int[] labels() {
    return labels;
  }

  /** The samples ordered by class, then by number: the shard's own array. */
  int[] byClass() {
    return byClass;
  }

  /** Where a class starts in {@link #byClass}; the next class's start ends it. */
  int classStart(int label) {
    return classStarts[label];
  }

  /** How many classes its labels could be of. */
  int classes() {
    return classStarts.length - 1;
  }

  /** What the loss remembers of these samples, changed in place by every step. */
  public State state() {
    return state;
  }

  /** The step that last changed the state; 0 before the first. */
  public int step() {
    return step;
  }

  /**
   * Says that a step is going to change the state.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when the state is not the one the step
   *     before left: its executor was lost, or the step is run again on what it has already changed
   */
  public void begin(int next) {
    if (next != step + 1 && States.hasTensors(state)) {
      throw TrainingErrors.memoryLost(worker, step, next);
    }
    step = next;
  }

  /**
   * What is remembered after a step: the shard's own.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when it is that of another step
   */
  public State remembered(int afterStep) {
    if (step != afterStep && States.hasTensors(state)) {
      throw TrainingErrors.memoryNotThere(worker, step, afterStep);
    }
    return state;
  }

  /**
   * Takes over what was remembered after a step of an earlier training on the same shard.
   *
   * @throws IllegalArgumentException when it holds other tensors than this shard's
   */
  public void restore(State remembered, int afterStep) {
    States.fill(state, remembered);
    step = afterStep;
  }
}
