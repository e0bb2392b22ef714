package io.lakestill.train;

import io.lakestill.recipe.OptimizerSettings;
import java.io.Serializable;
import java.util.List;

/**
 * How an optimizer changes weights by their gradient: a pure function over flat arrays, so that
 * threads and nodes can each update their slice. Weights are the same bit by bit however they are
 * sliced.
 *
 * <p>Weight decay spares the segments that do not decay. Names of state arrays are PyTorch's.
 */
public sealed interface UpdateRule extends Serializable permits Adam, Lamb, Sgd {
  /**
   * @param segments all parameters in the order of the flat vector, without gaps
   */
  static UpdateRule of(OptimizerSettings settings, List<WeightSegment> segments) {
    DecayMap decay = new DecayMap(settings.weightDecay(), segments);
    return switch (settings.type()) {
      case ADAM -> new Adam(Adam.Decay.IN_GRADIENT, decay);
      case ADAMW -> new Adam(Adam.Decay.DECOUPLED, decay);
      case SGD -> new Sgd(settings.momentum(), Sgd.Momentum.CLASSIC, decay);
      case NESTEROV -> new Sgd(settings.momentum(), Sgd.Momentum.NESTEROV, decay);
      case LAMB -> new Lamb(decay);
    };
  }

  /** What it remembers of each weight, for checkpoints. */
  List<String> stateNames();

  /** How many arrays it remembers, each as long as the weights and zero before the first step. */
  default int stateArrays() {
    return stateNames().size();
  }

  /** Whether a slice must begin and end where segments do. */
  default boolean needsWholeSegments() {
    return false;
  }

  /**
   * Updates the weights {@code [from, to)} in place. Threads may update disjoint slices at the same
   * time.
   *
   * @param weights all weights
   * @param gradient as long as the weights; not changed
   * @param state one array per {@link #stateNames}, as long as the weights
   * @throws IllegalArgumentException when the slice cuts a segment that must be whole
   */
  void update(
      float[] weights, float[] gradient, float[][] state, int from, int to, UpdateStep step);
}
