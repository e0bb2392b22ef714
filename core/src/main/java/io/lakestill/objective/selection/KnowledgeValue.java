package io.lakestill.objective.selection;

import io.lakestill.objective.Rule;
import java.util.List;

/**
 * Knowledge condensation: which examples still teach, and what the dropped ones leave behind.
 *
 * <p>{@code history[i][e]} is the entropy of the student's prediction of example i in epoch e,
 * negative where it was not visited. {@code value_i = (cnt_i / stageEpochs)^exponent * (sum of
 * visited entropies) / cnt_i}, {@code cnt_i} the visits with an entropy above 0. All examples
 * compete again at each stage.
 *
 * <p>Source: Li et al., "Knowledge Condensation Distillation", 2022; dzy3/KCD {@code
 * dataset/cifar100.py}, version 3: stages of 40 epochs, exponent 0.03, floor 0.7.
 *
 * @param threshold the part of the examples kept in the end
 * @param stages over how many stages the rest is dropped
 * @param stageEpochs the epochs of a stage
 * @param exponent how much visits count beside entropy
 * @param mixFloor the least share of a kept example in its mixture with a dropped one
 */
public record KnowledgeValue(
    double threshold, int stages, double stageEpochs, double exponent, double mixFloor)
    implements java.io.Serializable {
  public KnowledgeValue {
    Rule.fraction("threshold", threshold);
    Rule.atLeast(1, "stages", stages);
    Rule.positive("stage-epochs", stageEpochs);
    Rule.fraction("mix-floor", mixFloor);
  }

  /** What a stage keeps and drops; {@code lost[j]} is mixed into {@code tail[j]}. */
  public record Selection(List<Integer> keep, List<Integer> lost, List<Integer> tail) {}

  /** The value of an example by its entropies; 0 for one without any. */
  public double value(double[] entropies) {
    int count = 0;
    double sum = 0;
    for (double entropy : entropies) {
      count += entropy > 0 ? 1 : 0;
      sum += Math.max(entropy, 0);
    }
    return count == 0 ? 0 : Math.pow(count / stageEpochs, exponent) * sum / count;
  }

  /**
   * The next stage's examples.
   *
   * @param values of all examples, dropped ones too; on a tie the lower index comes first
   * @param current how many examples the present stage has
   */
  public Selection select(double[] values, int current) {
    int least = (int) (threshold * values.length);
    int step = (int) (values.length * (1 - threshold) / stages);
    int size = Math.max(least, current - step);
    List<Integer> ranked =
        java.util.stream.IntStream.range(0, values.length)
            .boxed()
            .sorted((a, b) -> Double.compare(values[b], values[a]))
            .toList();
    List<Integer> keep = ranked.subList(0, size);
    List<Integer> lost = ranked.subList(size, current);
    return new Selection(keep, lost, keep.subList(size - lost.size(), size));
  }

  /** The share of the kept example in pair {@code j} of {@code pairs}: from 1 down to the floor. */
  public double share(int j, int pairs) {
    return mixFloor + (1 - mixFloor) * (pairs - j) / pairs;
  }

  /** A value of the dropped example mixed into that of the kept one, such as a teacher's logit. */
  public static double mixed(double share, double kept, double lost) {
    return share * kept + (1 - share) * lost;
  }

  /** The same of pixels from 0 to 255: in single precision and cut, as the reference stores it. */
  public static int mixedPixel(double share, int kept, int lost) {
    return (int) ((float) share * kept + (float) (1 - share) * lost);
  }
}
