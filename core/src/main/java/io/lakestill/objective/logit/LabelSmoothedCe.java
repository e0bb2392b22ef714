package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Cross-entropy with smoothed labels.
 *
 * <p>{@code loss = sum over rows of (1 - eps) (-log q_y) + (eps/V) sum_v -log q_v} with {@code q =
 * softmax(s)}, {@code V} the number of classes. {@code reduction = sum} as in the reference, which
 * divides by the tokens of all workers afterwards; {@code token-mean} divides by the rows that
 * count in this worker's part of the batch, so that a weight means the same for any batch and
 * cores.
 *
 * <p>Shapes: {@code student.logits: [tokens, classes]}, {@code labels: [tokens]}, {@code mask:
 * [tokens]}, optional. In nats. A row whose mask is 0 or whose label is {@code padding-idx} is left
 * out; a batch of such rows has loss 0.
 *
 * <p>Source: the fairseq copy in LeslieOverfitting/selective_distillation {@code
 * label_smoothed_cross_entropy.py}, which spreads {@code eps/V}; newer fairseq spreads {@code
 * eps/(V - 1)}.
 */
public final class LabelSmoothedCe implements Objective {
  private static final long serialVersionUID = 1L;

  /** Stands for an index that was not given; no label is negative. */
  private static final int NO_PADDING = -1;

  /** What the sum over rows is divided by. */
  public enum Reduction {
    SUM,
    TOKEN_MEAN
  }

  private final double labelSmoothing;
  private final Reduction reduction;
  private final int paddingIndex;
  private double negativeLogLikelihood;
  private int tokens;
  private transient double[] studentLog;
  private transient double[] slope;

  /**
   * @param labelSmoothing {@code eps}, from 0 to 1
   * @param paddingIndex the label of rows to leave out, if any
   * @param reduction what the sum is divided by
   */
  public LabelSmoothedCe(double labelSmoothing, OptionalInt paddingIndex, Reduction reduction) {
    this.labelSmoothing = Rule.fraction("label-smoothing", labelSmoothing);
    this.paddingIndex = paddingIndex.orElse(NO_PADDING);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "labels");
  }

  @Override
  public boolean rowwise() {
    return true;
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    int classes = student.width();
    int[] labels = batch.labels(classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    slope = Scratch.atLeast(slope, classes);
    negativeLogLikelihood = 0;
    tokens = counted(batch, labels);
    double share = reduction == Reduction.SUM ? 1 : 1.0 / Math.max(1, tokens);
    float[] gradient = gradients.of("student.logits").data();
    double loss = 0;
    for (int row = 0; row < student.rows(); row++) {
      int label = labels[row];
      if (!counts(batch, row, label)) {
        continue;
      }
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      negativeLogLikelihood -= studentLog[label];
      for (int c = 0; c < classes; c++) {
        slope[c] = -labelSmoothing / classes - (c == label ? 1 - labelSmoothing : 0);
        loss += slope[c] * studentLog[c];
      }
      SoftmaxGradient.add(share, slope, studentLog, classes, gradient, offset);
    }
    return share * loss;
  }

  private int counted(Batch batch, int[] labels) {
    int count = 0;
    for (int row = 0; row < batch.rows(); row++) {
      count += counts(batch, row, labels[row]) ? 1 : 0;
    }
    return count;
  }

  private boolean counts(Batch batch, int row, int label) {
    return !batch.masked(row) && paddingIndex != label;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("nll_sum", negativeLogLikelihood, "num_tokens", (double) tokens);
  }

  /** Finds {@link LabelSmoothedCe} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "label-smoothed-ce";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double smoothing = options.number("label-smoothing");
      OptionalInt padding =
          options.has("padding-idx")
              ? OptionalInt.of(options.integer("padding-idx"))
              : OptionalInt.empty();
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new LabelSmoothedCe(smoothing, padding, reduction));
    }
  }
}
