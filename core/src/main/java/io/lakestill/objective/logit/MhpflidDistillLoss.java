package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * The distillation loss of MH-pFLID: a messenger learns from labels and from the local model.
 *
 * <p>{@code loss = lambda-m CE(s, y) + lambda-con (1/B) sum_b KL(softmax(t_b) || softmax(s_b))}:
 * the student is the messenger, the teacher the local model; temperature 1.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code labels: [batch]}. In
 * nats.
 *
 * <p>Source: Xie et al., "MH-pFLID", 2024, by its equation; the public re-implementation uses a
 * difference of entropies in place of the divergence, which is not reproduced.
 */
public final class MhpflidDistillLoss implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final double lambdaM;
  private final double lambdaCon;
  private double crossEntropy;
  private double divergence;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;

  public MhpflidDistillLoss(double lambdaM, double lambdaCon) {
    this.lambdaM = Rule.notNegative("lambda-m", lambdaM);
    this.lambdaCon = Rule.notNegative("lambda-con", lambdaCon);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "labels");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    int[] labels = batch.labels(classes);
    rowLosses = Scratch.atLeast(rowLosses, rows);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    crossEntropy = 0;
    divergence = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(teacher.data(), offset, classes, 1.0, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      double ofLabel = -studentLog[labels[row]];
      double ofTeacher = 0;
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        double q = Math.exp(studentLog[c]);
        double target = c == labels[row] ? 1 : 0;
        ofTeacher += p * (teacherLog[c] - studentLog[c]);
        double slope = lambdaM * (q - target) + lambdaCon * (q - p);
        gradient[offset + c] += (float) (slope / rows);
      }
      crossEntropy += ofLabel / rows;
      divergence += ofTeacher / rows;
      rowLosses[row] = lambdaM * ofLabel + lambdaCon * ofTeacher;
    }
    return lambdaM * crossEntropy + lambdaCon * divergence;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("task_ce", crossEntropy, "kl", divergence);
  }

  /** Finds {@link MhpflidDistillLoss} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "mhpflid-distill-loss";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double lambdaM = options.number("lambda-m");
      double lambdaCon = options.number("lambda-con");
      return options.build(() -> new MhpflidDistillLoss(lambdaM, lambdaCon));
    }
  }
}
