package io.lakestill.objective.logit;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Indices;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Cross-entropy of zero-shot scores with a margin for seen classes.
 *
 * <p>The scores carry a margin: {@code +bias} on unseen classes, {@code -bias} on seen ones; it is
 * taken off first. When {@code margin-aware}, {@code seen-add} is added to every seen class and
 * {@code true-class-subtract} taken from the label's. Then {@code loss = (1/B) sum_b -log
 * softmax(z_b)[y_b]} over all classes.
 *
 * <p>Shapes: {@code student.logits: [batch, classes]}, {@code labels: [batch]}, {@code index.seen}:
 * the seen classes, in a training those of the option {@code seen}.
 *
 * <p>Source: zjrao/DEDN {@code compute_aug_cross_entropy}; {@code true-class-subtract} is 3 in its
 * CUB file, 2 in SUN, {@code 2 bias} in AWA2.
 */
public final class DednMarginCe implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final double bias;
  private final boolean marginAware;
  private final double seenAdd;
  private final double trueClassSubtract;
  private final List<Integer> seen;
  private transient double[] rowLosses;
  private transient double[] shift;
  private transient double[] scores;

  DednMarginCe(
      double bias,
      boolean marginAware,
      double seenAdd,
      double trueClassSubtract,
      List<Integer> seen) {
    this.seen = List.copyOf(seen);
    this.bias = bias;
    this.marginAware = marginAware;
    this.seenAdd = seenAdd;
    this.trueClassSubtract = trueClassSubtract;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "labels", "index.seen");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int[] classes = seen.stream().mapToInt(Integer::intValue).toArray();
    if (classes.length == 0
        || Arrays.stream(classes).anyMatch(c -> c < 0 || c >= dimensions.classes())) {
      throw Errors.badRecipe(
          "dedn-margin-ce has seen = %s; name the seen classes by their numbers, from 0 to %d."
              .formatted(seen, dimensions.classes() - 1));
    }
    Draw fixed = new Draw.Fixed("index.seen", Indices.of(classes));
    return new Equipment(List.of(), List.of(), List.of(fixed));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    int rows = student.rows();
    int classes = student.width();
    int[] labels = batch.labels(classes);
    Indices seen = batch.indices("index.seen");
    rowLosses = Scratch.atLeast(rowLosses, rows);
    shift = Scratch.atLeast(shift, classes);
    scores = Scratch.atLeast(scores, classes);
    Arrays.fill(shift, 0, classes, -bias);
    for (int i = 0; i < seen.rows(); i++) {
      shift[seen.data()[i]] = marginAware ? bias + seenAdd : bias;
    }
    float[] gradient = gradients.of("student.logits").data();
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      for (int c = 0; c < classes; c++) {
        scores[c] = student.data()[offset + c] + shift[c];
      }
      scores[labels[row]] -= marginAware ? trueClassSubtract : 0;
      LogSoftmax.normalise(scores, classes);
      rowLosses[row] = -scores[labels[row]];
      loss += rowLosses[row] / rows;
      for (int c = 0; c < classes; c++) {
        double target = c == labels[row] ? 1 : 0;
        gradient[offset + c] += (float) ((Math.exp(scores[c]) - target) / rows);
      }
    }
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Whose constants hold where an option is silent: the data sets of the paper. */
  public enum Variant {
    CUB,
    SUN,
    AWA2;

    double trueClassSubtract(double bias) {
      return switch (this) {
        case CUB -> 3;
        case SUN -> 2;
        case AWA2 -> 2 * bias;
      };
    }
  }

  /** Finds {@link DednMarginCe} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "dedn-margin-ce";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Variant variant = options.choice("variant", Variant.class);
      double bias = options.number("bias");
      boolean marginAware = options.flag("margin-aware");
      double seenAdd = options.number("seen-add");
      double subtract =
          options.has("true-class-subtract")
              ? options.number("true-class-subtract")
              : variant.trueClassSubtract(bias);
      List<Integer> seen = options.integers("seen");
      return options.build(() -> new DednMarginCe(bias, marginAware, seenAdd, subtract, seen));
    }
  }
}
