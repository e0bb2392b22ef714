package io.lakestill.objective.contrastive;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Discriminative and consistent distillation: a row is told from its batch, and both directions of
 * telling agree.
 *
 * <p>{@code a = normalise(W_s f_s + b_s)}, {@code c = normalise(W_t f_t + b_t)}; {@code G = scale a
 * c^T + b} with {@code scale = clamp(exp(log_scale), 0, max-scale)}. {@code contrastive} is the
 * mean row cross-entropy with the diagonal; {@code consistency = (1/B) sum_i KL(q_i || p_i)},
 * {@code p_i} the softmax of row i, {@code q_i} that of column i. {@code loss = contrastive + alpha
 * consistency}. All parts learn; where the scale is clamped it gets no gradient. With {@code
 * trainable = false} the scale is {@code fixed-scale}, which multiplies too, and {@code b = 0}.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.*_projection: [projection-dim, width]} with {@code bias}; {@code weight.log_scale: [1]},
 * {@code bias.logit: [1]}, unless the scale is fixed. In distributed training the batch is one
 * worker's part.
 *
 * <p>Source: Giakoumoglou, Stathaki, "Discriminative and Consistent Representation Distillation",
 * 2024; giakoumoglou/distillers {@code DCD.py}.
 */
public final class Dcd implements Objective {
  private static final long serialVersionUID = 1L;

  private final UnitHead student = new UnitHead("student.embedding", "student_projection", 1e-12);
  private final UnitHead teacher = new UnitHead("teacher.embedding", "teacher_projection", 1e-12);

  private final int projectionDim;
  private final double alpha;
  private final double maxScale;
  private final boolean trainable;
  private final double fixedScale;
  private double contrastive;
  private double consistency;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] logits;
  private transient double[] rowLog;
  private transient double[] columnLog;
  private transient double[] line;
  private transient double[] byLogits;
  private transient double[] slope;

  Dcd(int projectionDim, double alpha, double maxScale, boolean trainable, double fixedScale) {
    this.projectionDim = Rule.atLeast(1, "projection-dim", projectionDim);
    this.alpha = Rule.notNegative("alpha", alpha);
    this.maxScale = Rule.positive("max-scale", maxScale);
    this.trainable = trainable;
    this.fixedScale = Rule.positive("fixed-scale", fixedScale);
  }

  @Override
  public Requirements requires() {
    Requirements embeddings =
        Requirements.of(
            "student.embedding",
            "teacher.embedding",
            "weight.student_projection",
            "bias.student_projection",
            "weight.teacher_projection",
            "bias.teacher_projection");
    return trainable
        ? embeddings.and(Requirements.of("weight.log_scale", "bias.logit"))
        : embeddings;
  }

  /** The scale starts at e. */
  @Override
  public Equipment equip(Dimensions dimensions) {
    Equipment projections =
        student.equip(dimensions, projectionDim).and(teacher.equip(dimensions, projectionDim));
    if (!trainable) {
      return projections;
    }
    Head logScale = new Head("weight.log_scale", List.of(1), new InitialValues.Constant(1));
    Head offset = new Head("bias.logit", List.of(1), InitialValues.ZERO);
    return projections.and(new Equipment(List.of(logScale, offset), List.of(), List.of()));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] a = student.forward(batch);
    double[] c = teacher.forward(batch);
    int rows = batch.rows();
    int width = student.width();
    double grown = trainable ? Math.exp(batch.finite("weight.log_scale").at(0)) : fixedScale;
    double scale = trainable ? Math.min(grown, maxScale) : fixedScale;
    double offset = trainable ? batch.finite("bias.logit").at(0) : 0;
    logits = Scratch.atLeast(logits, rows * rows);
    rowLog = Scratch.atLeast(rowLog, rows * rows);
    columnLog = Scratch.atLeast(columnLog, rows * rows);
    byLogits = Scratch.atLeast(byLogits, rows * rows);
    slope = Scratch.atLeast(slope, rows * width);
    matrices.multiplyTransposed(a, c, rows, width, rows, logits);
    distributions(rows, scale, offset);
    bothDirections(rows);
    double byScale = Doubles.dot(byLogits, 0, logits, 0, rows * rows);
    if (trainable) {
      gradients.of("weight.log_scale").data()[0] +=
          (float) (grown <= maxScale ? byScale * scale : 0);
      double byOffset = 0;
      for (int i = 0; i < rows * rows; i++) {
        byOffset += byLogits[i];
      }
      gradients.of("bias.logit").data()[0] += (float) byOffset;
    }
    for (int i = 0; i < rows * rows; i++) {
      byLogits[i] *= scale;
    }
    matrices.multiply(byLogits, c, rows, rows, width, slope);
    student.backward(slope, gradients);
    matrices.transposedMultiply(byLogits, a, rows, rows, width, slope);
    teacher.backward(slope, gradients);
    return contrastive + alpha * consistency;
  }

  /** {@code rowLog[i,j] = log p_i(j)}, {@code columnLog[i,j] = log q_i(j)}. */
  private void distributions(int rows, double scale, double offset) {
    line = Scratch.atLeast(line, rows);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        rowLog[i * rows + j] = scale * logits[i * rows + j] + offset;
        columnLog[i * rows + j] = scale * logits[j * rows + i] + offset;
      }
      normalise(rowLog, i, rows);
      normalise(columnLog, i, rows);
    }
  }

  private void normalise(double[] log, int row, int rows) {
    System.arraycopy(log, row * rows, line, 0, rows);
    LogSoftmax.normalise(line, rows);
    System.arraycopy(line, 0, log, row * rows, rows);
  }

  private void bothDirections(int rows) {
    contrastive = 0;
    consistency = 0;
    Arrays.fill(byLogits, 0, rows * rows, 0.0);
    for (int i = 0; i < rows; i++) {
      contrastive -= rowLog[i * rows + i] / rows;
      double divergence = 0;
      for (int j = 0; j < rows; j++) {
        int at = i * rows + j;
        divergence += Math.exp(columnLog[at]) * (columnLog[at] - rowLog[at]);
      }
      consistency += divergence / rows;
      for (int j = 0; j < rows; j++) {
        int at = i * rows + j;
        double p = Math.exp(rowLog[at]);
        double q = Math.exp(columnLog[at]);
        double target = i == j ? 1 : 0;
        byLogits[at] += (p - target + alpha * (p - q)) / rows;
        byLogits[j * rows + i] += alpha * q * (columnLog[at] - rowLog[at] - divergence) / rows;
      }
    }
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("contrastive", contrastive, "consistency_unweighted", consistency);
  }

  /** Finds {@link Dcd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "dcd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int projectionDim = options.integer("projection-dim");
      double alpha = options.number("alpha");
      double maxScale = options.number("max-scale");
      boolean trainable = options.flag("trainable");
      double fixedScale = options.number("fixed-scale");
      return options.build(() -> new Dcd(projectionDim, alpha, maxScale, trainable, fixedScale));
    }
  }
}
