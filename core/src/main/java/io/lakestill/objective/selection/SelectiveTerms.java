package io.lakestill.objective.selection;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The terms of selective distillation over tokens: smoothed cross-entropy on all of them,
 * divergence from the teacher on those the student finds hard.
 *
 * <p>{@code loss = sum_i [(1 - eps)(-log q_y) + (eps/V) sum_v -log q_v] + sum over {i: nll_i >=
 * gate} of KL(p_i || q_i)}, {@code nll_i = -log q_y}. {@code p} is the teacher's softmax; {@code
 * teacher-logit-multiplier} multiplies its logits, {@code teacher-schedule = topk} keeps
 * probabilities above 0.01 (all when there is none) and renormalises. Which tokens are selected is
 * not differentiated; ties at the gate are all selected. {@code reduction = token-mean} divides by
 * the tokens that count.
 */
final class SelectiveTerms implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final double KEPT = 0.01;

  /** Stands for an index that was not given; no label is negative. */
  private static final int NO_PADDING = -1;

  /** What the teacher's distribution goes through. */
  enum TeacherSchedule {
    NONE,
    TOPK
  }

  /** What the sum over tokens is divided by. */
  enum Reduction {
    /** Nothing: the reference's, which divides by the tokens of all workers later. */
    SUM,
    /** The tokens that count. */
    TOKEN_MEAN
  }

  private final double ratio;
  private final double labelSmoothing;
  private final int paddingIndex;
  private final TeacherSchedule schedule;
  private final double multiplier;
  private final Reduction reduction;
  private double smoothed;
  private double divergence;
  private double negativeLogLikelihood;
  private double gate;
  private int tokens;
  private transient double[] losses;
  private transient boolean[] selected;
  private transient double[] sorted;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] slope;

  private SelectiveTerms(
      double ratio,
      double labelSmoothing,
      OptionalInt paddingIndex,
      TeacherSchedule schedule,
      double multiplier,
      Reduction reduction) {
    this.ratio = Rule.fraction("ratio", ratio);
    this.labelSmoothing = Rule.fraction("label-smoothing", labelSmoothing);
    this.paddingIndex = paddingIndex.orElse(NO_PADDING);
    this.schedule = schedule;
    this.multiplier = Rule.positive("teacher-logit-multiplier", multiplier);
    this.reduction = reduction;
  }

  /** Reads the options; the values are checked by {@code build}. */
  static java.util.function.Supplier<SelectiveTerms> read(Settings options) {
    double ratio = options.number("ratio");
    double smoothing = options.number("label-smoothing");
    OptionalInt padding =
        options.has("padding-idx")
            ? OptionalInt.of(options.integer("padding-idx"))
            : OptionalInt.empty();
    TeacherSchedule schedule = options.choice("teacher-schedule", TeacherSchedule.class);
    double multiplier = options.number("teacher-logit-multiplier");
    Reduction reduction = options.choice("reduction", Reduction.class);
    return () -> new SelectiveTerms(ratio, smoothing, padding, schedule, multiplier, reduction);
  }

  /** The likelihood losses of the tokens that count, in their order. */
  double[] losses(Batch batch) {
    Tensor student = batch.finite("student.logits");
    int classes = student.width();
    int[] labels = batch.labels(classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    losses = Scratch.atLeast(losses, batch.rows());
    tokens = 0;
    for (int row = 0; row < batch.rows(); row++) {
      if (counts(batch, row, labels[row])) {
        LogSoftmax.of(student.data(), row * classes, classes, 1.0, studentLog);
        losses[tokens++] = -studentLog[labels[row]];
      }
    }
    return losses;
  }

  /** How many tokens counted in the last {@link #losses}. */
  int tokens() {
    return tokens;
  }

  /** The {@code ceil(ratio n)}-th largest of {@code n} values. */
  double gate(double[] values, int n) {
    sorted = Scratch.atLeast(sorted, n);
    System.arraycopy(values, 0, sorted, 0, n);
    Arrays.sort(sorted, 0, n);
    int chosen = (int) Math.ceil(ratio * n);
    return chosen < 1 ? Double.POSITIVE_INFINITY : sorted[n - chosen];
  }

  /** The whole loss, the teacher asked where the likelihood loss reaches the gate. */
  double evaluate(Batch batch, Gradients gradients, double gate) {
    Tensor student = batch.tensor("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int classes = student.width();
    int[] labels = batch.labels(classes);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    slope = Scratch.atLeast(slope, classes);
    float[] gradient = gradients.of("student.logits").data();
    this.gate = gate;
    selected =
        selected != null && selected.length >= batch.rows() ? selected : new boolean[batch.rows()];
    Arrays.fill(selected, false);
    smoothed = 0;
    divergence = 0;
    negativeLogLikelihood = 0;
    double share = reduction == Reduction.SUM ? 1 : 1.0 / tokens;
    for (int row = 0; row < batch.rows(); row++) {
      int label = labels[row];
      if (!counts(batch, row, label)) {
        continue;
      }
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      negativeLogLikelihood -= studentLog[label];
      for (int c = 0; c < classes; c++) {
        slope[c] = -labelSmoothing / classes - (c == label ? 1 - labelSmoothing : 0);
        smoothed += slope[c] * studentLog[c];
      }
      selected[row] = -studentLog[label] >= gate;
      if (selected[row]) {
        addTeacher(teacher, offset, classes);
      }
      SoftmaxGradient.add(share, slope, studentLog, classes, gradient, offset);
    }
    return share * (smoothed + divergence);
  }

  /** The tokens on which the teacher spoke in the last {@link #evaluate}. */
  boolean[] selected() {
    return selected;
  }

  private void addTeacher(Tensor teacher, int offset, int classes) {
    LogSoftmax.of(teacher.data(), offset, classes, 1 / multiplier, teacherLog);
    double floor = schedule == TeacherSchedule.TOPK ? KEPT : 0;
    double kept = 0;
    for (int c = 0; c < classes; c++) {
      kept += Math.exp(teacherLog[c]) > floor ? Math.exp(teacherLog[c]) : 0;
    }
    if (kept == 0) {
      floor = 0;
      kept = 1;
    }
    double logKept = schedule == TeacherSchedule.TOPK ? Math.log(kept) : 0;
    for (int c = 0; c < classes; c++) {
      if (Math.exp(teacherLog[c]) > floor) {
        double p = Math.exp(teacherLog[c] - logKept);
        divergence += p * (teacherLog[c] - logKept - studentLog[c]);
        slope[c] -= p;
      }
    }
  }

  private boolean counts(Batch batch, int row, int label) {
    return !batch.masked(row) && paddingIndex != label;
  }

  Map<String, Double> parts() {
    return Map.of(
        "label_smoothed_ce_sum", smoothed,
        "kd_sum", divergence,
        "nll_sum", negativeLogLikelihood,
        "num_tokens", (double) tokens,
        "loss_per_token", (smoothed + divergence) / Math.max(1, tokens),
        "gate", gate);
  }
}
