package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Cross-entropy with the labels.
 *
 * <p>{@code loss = (1/B) sum_b -log softmax(s_b)[y_b]}
 *
 * <p>Shapes: {@code student.logits: [batch, classes]}, {@code labels: [batch]}. In nats.
 *
 * <p>Finite for logits of any finite size (the log-softmax is shifted by its largest entry).
 * Refuses a label outside {@code [0, classes)}.
 */
public final class CrossEntropy implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  public static final String NAME = "cross-entropy";

  private transient double[] rowLosses;
  private transient double[] logProbabilities;

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", Requirements.LABELS);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor logits = batch.finite("student.logits");
    int rows = logits.rows();
    int classes = logits.width();
    int[] labels = batch.labels(classes);
    float[] gradient = gradients.of("student.logits").data();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    logProbabilities = Scratch.atLeast(logProbabilities, classes);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(logits.data(), offset, classes, 1.0, logProbabilities);
      rowLosses[row] = -logProbabilities[labels[row]];
      loss += rowLosses[row];
      for (int c = 0; c < classes; c++) {
        double target = c == labels[row] ? 1 : 0;
        gradient[offset + c] += (float) ((Math.exp(logProbabilities[c]) - target) / rows);
      }
    }
    return loss / rows;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link CrossEntropy} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(CrossEntropy::new);
    }
  }
}
