package io.lakestill.objective.contrastive;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * CorrKD's response term: mutual information of student and teacher responses, for the label's
 * class and the others apart.
 *
 * <p>{@code I(a, b) = mean_i -softplus(-Q(a_i, b_i)) - mean_i softplus(Q(a_i, b_perm(i)))} with a
 * critic {@code Q = W1 relu(W0 [a; b] + b0) + b1} per part, a from the teacher, b from the student;
 * {@code loss = -(I(p^t_y, p^s_y) + I(p^t_other, p^s_other))}, {@code p} the softmax at temperature
 * 1; the others keep the order of their classes and their mass, unless {@code
 * renormalize-nontarget}. Only the student's side is permuted.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code labels,
 * index.permutation: [batch]}; {@code weight.target.0: [hidden, 2]}, {@code weight.nontarget.0:
 * [hidden, 2 (classes - 1)]}, {@code weight.*.1: [1, hidden]}, with {@code bias}.
 *
 * <p>Experimental: a reconstruction of CorrKD's term (Li et al., 2024), not checked against the
 * paper.
 */
public final class ResponseDisentangledJsd implements Objective {
  private static final long serialVersionUID = 1L;

  private final int hiddenUnits;
  private final boolean renormalise;
  private final PairCritic targetCritic = new PairCritic("target");
  private final PairCritic otherCritic = new PairCritic("nontarget");
  private double target;
  private double other;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] studentTarget;
  private transient double[] teacherTarget;
  private transient double[] studentOther;
  private transient double[] teacherOther;
  private transient double[] slope;
  private transient double[] row;

  ResponseDisentangledJsd(int hiddenUnits, boolean renormalise) {
    this.hiddenUnits = Rule.atLeast(1, "hidden", hiddenUnits);
    this.renormalise = renormalise;
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.logits",
        "teacher.logits",
        "labels",
        "index.permutation",
        "weight.target.0",
        "weight.target.1",
        "weight.nontarget.0",
        "weight.nontarget.1",
        "bias.target.0",
        "bias.target.1",
        "bias.nontarget.0",
        "bias.nontarget.1");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    Draw permutation = new Draw.Permutation("index.permutation");
    int others = dimensions.channels("teacher.logits") - 1;
    return targetCritic
        .equip(1, hiddenUnits)
        .and(otherCritic.equip(others, hiddenUnits))
        .and(new Equipment(List.of(), List.of(), List.of(permutation)));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    int[] labels = batch.labels(classes);
    int[] permutation = batch.indices("index.permutation", rows, 1, rows);
    studentLog = Scratch.atLeast(studentLog, rows * classes);
    teacherLog = Scratch.atLeast(teacherLog, rows * classes);
    studentTarget = Scratch.atLeast(studentTarget, rows);
    teacherTarget = Scratch.atLeast(teacherTarget, rows);
    studentOther = Scratch.atLeast(studentOther, rows * (classes - 1));
    teacherOther = Scratch.atLeast(teacherOther, rows * (classes - 1));
    split(student, labels, studentLog, studentTarget, studentOther);
    split(teacher, labels, teacherLog, teacherTarget, teacherOther);
    target =
        targetCritic.information(
            batch, teacherTarget, studentTarget, rows, 1, permutation, gradients);
    other =
        otherCritic.information(
            batch, teacherOther, studentOther, rows, classes - 1, permutation, gradients);
    backward(labels, rows, classes, gradients.of("student.logits").data());
    return -(target + other);
  }

  private void split(Tensor logits, int[] labels, double[] log, double[] hit, double[] rest) {
    int classes = logits.width();
    row = Scratch.atLeast(row, classes);
    for (int b = 0; b < logits.rows(); b++) {
      LogSoftmax.of(logits.data(), b * classes, classes, 1.0, row);
      System.arraycopy(row, 0, log, b * classes, classes);
      hit[b] = Math.exp(row[labels[b]]);
      double whole = renormalise ? LogSums.logSumWithout(labels[b], row, classes) : 0;
      int to = b * (classes - 1);
      for (int c = 0; c < classes; c++) {
        if (c != labels[b]) {
          rest[to++] = Math.exp(row[c] - whole);
        }
      }
    }
  }

  private void backward(int[] labels, int rows, int classes, float[] gradient) {
    slope = Scratch.atLeast(slope, classes);
    for (int b = 0; b < rows; b++) {
      int from = b * (classes - 1);
      double shared = 0;
      for (int i = from; renormalise && i < from + classes - 1; i++) {
        shared += otherCritic.byStudent()[i] * studentOther[i];
      }
      int at = from;
      for (int c = 0; c < classes; c++) {
        if (c == labels[b]) {
          slope[c] = -targetCritic.byStudent()[b] * studentTarget[b];
        } else {
          slope[c] = -(otherCritic.byStudent()[at] - shared) * studentOther[at];
          at++;
        }
      }
      System.arraycopy(studentLog, b * classes, row, 0, classes);
      SoftmaxGradient.add(1, slope, row, classes, gradient, b * classes);
    }
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("mi_target", target, "mi_nontarget", other);
  }

  /** Finds {@link ResponseDisentangledJsd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "response-disentangled-jsd";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("CorrKD's response term as reconstructed, not checked against the paper");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      boolean renormalise = options.flag("renormalize-nontarget");
      int hidden = options.integer("hidden");
      return options.build(() -> new ResponseDisentangledJsd(hidden, renormalise));
    }
  }
}
