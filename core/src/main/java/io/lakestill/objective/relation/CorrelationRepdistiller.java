package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Correlation of neighbours as RepDistiller computes it: what separates student and teacher should
 * not repeat from one row to the next.
 *
 * <p>{@code delta = |L_s f_s - L_t f_t|} elementwise, {@code L} linear with bias; {@code loss =
 * 1/(B - 1) sum_{b=0..B-2} sum_d delta[b,d] delta[b+1,d]}. It depends on the order of rows; both
 * projections learn.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.student_projection, weight.teacher_projection: [projection-dim, width]} and their {@code
 * bias}. A single row has no neighbour and the loss 0.
 *
 * <p>Source: HobbitLong/RepDistiller {@code CC.py}, code shared by the author of Peng et al.,
 * "Correlation Congruence for Knowledge Distillation", 2019; another function than the paper's,
 * which is {@code correlation-congruence-rbf}.
 */
public final class CorrelationRepdistiller implements Objective {
  private static final long serialVersionUID = 1L;

  private final int projectionDim;
  private final LinearHead studentHead = new LinearHead("student_projection");
  private final LinearHead teacherHead = new LinearHead("teacher_projection");
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] slope;

  CorrelationRepdistiller(int projectionDim) {
    this.projectionDim = Rule.atLeast(1, "projection-dim", projectionDim);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding",
        "teacher.embedding",
        "weight.student_projection",
        "bias.student_projection",
        "weight.teacher_projection",
        "bias.teacher_projection");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return studentHead
        .equip(dimensions.channels("student.embedding"), projectionDim)
        .and(teacherHead.equip(dimensions.channels("teacher.embedding"), projectionDim));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    int rows = ours.rows();
    if (rows < 2) {
      return 0;
    }
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    double[] s = studentHead.forward(batch, student, rows, ours.width(), 1);
    double[] t = teacherHead.forward(batch, teacher, rows, theirs.width(), 1);
    int width = studentHead.out();
    slope = Scratch.atLeast(slope, rows * width);
    double loss = 0;
    for (int i = 0; i < rows * width; i++) {
      double before = i >= width ? Math.abs(s[i - width] - t[i - width]) : 0;
      double after = i < (rows - 1) * width ? Math.abs(s[i + width] - t[i + width]) : 0;
      double delta = s[i] - t[i];
      loss += Math.abs(delta) * after / (rows - 1);
      slope[i] = Math.signum(delta) * (before + after) / (rows - 1);
    }
    Doubles.addTo(gradients.of("student.embedding"), 1, studentHead.backward(slope, gradients));
    for (int i = 0; i < rows * width; i++) {
      slope[i] = -slope[i];
    }
    teacherHead.backward(slope, gradients);
    return loss;
  }

  /** Finds {@link CorrelationRepdistiller} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "correlation-repdistiller";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int projectionDim = options.integer("projection-dim");
      return options.build(() -> new CorrelationRepdistiller(projectionDim));
    }
  }
}
