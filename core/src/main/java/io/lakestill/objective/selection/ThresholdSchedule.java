package io.lakestill.objective.selection;

import io.lakestill.objective.Rule;

/**
 * When a distilled sentence replaces the raw one: while the teacher's evaluator gets less of the
 * raw target right than a threshold that moves with training.
 *
 * <p>{@code tau(u) = tau0 + (u/U) dtau}, not limited beyond U; {@code score} is the evaluator's
 * accuracy on the raw target, or its square root; the distilled target is used when {@code score <
 * tau(u)}, strictly.
 *
 * <p>Source: Liu et al., "Selective Knowledge Distillation for Non-Autoregressive Neural Machine
 * Translation", 2023; NJUNLP/SelectiveKD {@code get_sample}: the square root is in its standard
 * task, not in its deep-shallow task.
 *
 * @param tau0 the threshold at the start
 * @param change how far it moves over the training
 * @param updates the steps of the training, U
 * @param score what is compared with it
 */
public record ThresholdSchedule(double tau0, double change, int updates, Score score)
    implements java.io.Serializable {
  /** What is compared with the threshold. */
  public enum Score {
    ACCURACY,
    ROOT_OF_ACCURACY
  }

  public ThresholdSchedule {
    Rule.atLeast(1, "updates", updates);
  }

  public double threshold(int update) {
    return tau0 + (double) update / updates * change;
  }

  /**
   * The evaluator's score on one sentence: positions it predicts right, over those that are not
   * {@code padding}.
   */
  public double score(int[] target, int[] predicted, int padding) {
    int right = 0;
    int length = 0;
    for (int i = 0; i < target.length; i++) {
      right += target[i] == predicted[i] ? 1 : 0;
      length += target[i] != padding ? 1 : 0;
    }
    double accuracy = (double) right / length;
    return score == Score.ACCURACY ? accuracy : Math.sqrt(accuracy);
  }

  public boolean usesDistilled(double score, int update) {
    return score < threshold(update);
  }
}
