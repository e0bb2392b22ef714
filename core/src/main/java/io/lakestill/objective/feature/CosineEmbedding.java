package io.lakestill.objective.feature;

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
import io.lakestill.objective.numeric.Cosine;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * The angle between student and teacher embeddings.
 *
 * <p>{@code loss = (1/B) sum_b (1 - cos(s_b, t_b))}. {@code mode = torch-cosine-embedding-loss}:
 * {@code cos = s.t / sqrt((s.s + eps)(t.t + eps))}, eps 1e-12; {@code mode = cosine-similarity}:
 * each norm is at least eps, 1e-8. They differ only near zero vectors, where cos is 0.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]}.
 *
 * <p>Source: PyTorch's {@code cosine_embedding_loss} with target 1, as DistilBERT (Sanh et al.,
 * 2019) uses it.
 */
public final class CosineEmbedding implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  /** How the norms are kept from zero. */
  public enum Mode {
    TORCH_COSINE_EMBEDDING_LOSS,
    COSINE_SIMILARITY
  }

  private final Mode mode;
  private final double eps;
  private transient double[] rowLosses;
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] slope;

  public CosineEmbedding(Mode mode, double eps) {
    this.mode = mode;
    this.eps = Rule.positive("eps", eps);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.embedding", "teacher.embedding");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    Shapes.requireSame("student.embedding", ours, "teacher.embedding", theirs);
    int rows = ours.rows();
    int width = ours.width();
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    rowLosses = Scratch.atLeast(rowLosses, rows);
    slope = Scratch.atLeast(slope, ours.size());
    Arrays.fill(slope, 0, ours.size(), 0.0);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      rowLosses[row] = 1 - cosine(row * width, width, -1.0 / rows);
      loss += rowLosses[row] / rows;
    }
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  private double cosine(int at, int width, double factor) {
    if (mode == Mode.COSINE_SIMILARITY) {
      return Cosine.withGradient(student, at, teacher, at, width, eps, factor, slope);
    }
    double own = Doubles.dot(student, at, student, at, width) + eps;
    double divisor = Math.sqrt(own * (Doubles.dot(teacher, at, teacher, at, width) + eps));
    double cosine = Doubles.dot(student, at, teacher, at, width) / divisor;
    for (int i = at; i < at + width; i++) {
      slope[i] += factor * (teacher[i] / divisor - cosine * student[i] / own);
    }
    return cosine;
  }

  /** Finds {@link CosineEmbedding} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "cosine-embedding";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Mode mode = options.choice("mode", Mode.class);
      double eps = options.number("eps");
      return options.build(() -> new CosineEmbedding(mode, eps));
    }
  }
}
