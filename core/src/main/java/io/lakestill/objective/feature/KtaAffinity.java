package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Affinity distillation: within each channel, which locations go together.
 *
 * <p>Per row and channel, {@code u} is the map over locations as a unit vector; {@code loss_b =
 * sum_c |u_s u_s^T - u_t u_t^T|_F / (h w)}; mean or sum over rows.
 *
 * <p>Shapes: {@code student.map, teacher.map: [batch, channels, h, w]}. The outer products are
 * never formed: {@code |u u^T - v v^T|_F^2 = 2 (1 - (u.v)^2) = 2 |u - (u.v) v|^2}. The reference
 * has no floor under the norm; here a channel of zeros stays zero, with gradient 0.
 *
 * <p>Source: He et al., "Knowledge Adaptation for Efficient Semantic Segmentation", 2019;
 * torchdistill {@code mid_level.py}, {@code AffinityLoss}.
 */
public final class KtaAffinity implements Objective {
  private static final long serialVersionUID = 1L;

  private final Kta.Reduction reduction;
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] norms;
  private transient double[] slope;

  public KtaAffinity(Kta.Reduction reduction) {
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.map");
    Tensor theirs = batch.finite("teacher.map");
    Shapes.requireSame("student.map", ours, "teacher.map", theirs);
    int width = ours.width() / ours.dimension(1);
    int planes = ours.rows() * ours.dimension(1);
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    norms = Scratch.atLeast(norms, planes);
    slope = Scratch.atLeast(slope, ours.size());
    UnitRows.normalise(teacher, planes, width, 0, norms);
    UnitRows.normalise(student, planes, width, 0, norms);
    double divisor = reduction == Kta.Reduction.MEAN ? ours.rows() : 1;
    double loss = 0;
    for (int plane = 0; plane < planes; plane++) {
      int from = plane * width;
      double cosine = Doubles.dot(student, from, teacher, from, width);
      double ownSquares = Doubles.dot(student, from, student, from, width);
      double theirSquares = Doubles.dot(teacher, from, teacher, from, width);
      double squares = 0;
      for (int i = from; i < from + width; i++) {
        slope[i] = student[i] * ownSquares - cosine * teacher[i];
        squares += slope[i] * slope[i];
      }
      // With both sides unit this is the residual form; a zero side leaves the other's length.
      double length =
          ownSquares > 0 && theirSquares > 0
              ? Math.sqrt(2 * squares)
              : Math.max(ownSquares, theirSquares);
      loss += length / width / divisor;
      for (int i = from; i < from + width; i++) {
        slope[i] *= length > 0 ? 2 / (length * width * divisor) : 0;
      }
    }
    UnitRows.backward(slope, student, norms, planes, width, 0);
    Doubles.addTo(gradients.of("student.map"), 1, slope);
    return loss;
  }

  /** Finds {@link KtaAffinity} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "kta-affinity";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Kta.Reduction reduction = options.choice("reduction", Kta.Reduction.class);
      return options.build(() -> new KtaAffinity(reduction));
    }
  }
}
