package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Two experts that teach each other: a distance that favours large differences, and the
 * Jensen-Shannon divergence.
 *
 * <p>{@code loss = (1/B) sum_b sum_k |x_bk - y_bk|^3 / sqrt(|x_b - y_b|^2 + 1e-9) + (1/B) sum_b
 * [KL(q^y || m) + KL(q^x || m)]/2}, with {@code q^x = softmax(x)}, {@code q^y = softmax(y)}, {@code
 * m = (q^x + q^y)/2}. Both sides get gradients.
 *
 * <p>Shapes: {@code student.logits.1, student.logits.2: [batch, classes]}.
 *
 * <p>Source: Rao et al., "Dual Expert Distillation Network", 2024; zjrao/DEDN {@code DEDN_Sun.py}
 * and {@code DEDN_Awa2.py}, {@code compute_contrastive_loss1}; its CUB file lacks the 1e-9 and is
 * NaN for equal rows.
 */
public final class DednMutual implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private static final double EPS = 1e-9;

  private transient double[] rowLosses;
  private transient double[] firstLog;
  private transient double[] secondLog;
  private transient double[] firstSlope;
  private transient double[] secondSlope;

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits.1", "student.logits.2");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor first = batch.finite("student.logits.1");
    Tensor second = batch.finite("student.logits.2");
    Shapes.requireSame("student.logits.1", first, "student.logits.2", second);
    int rows = first.rows();
    int classes = first.width();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    firstLog = Scratch.atLeast(firstLog, classes);
    secondLog = Scratch.atLeast(secondLog, classes);
    firstSlope = Scratch.atLeast(firstSlope, classes);
    secondSlope = Scratch.atLeast(secondSlope, classes);
    float[] firstGradient = gradients.of("student.logits.1").data();
    float[] secondGradient = gradients.of("student.logits.2").data();
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      double ofRow = distance(first, second, offset, firstGradient, secondGradient);
      LogSoftmax.of(first.data(), offset, classes, 1.0, firstLog);
      LogSoftmax.of(second.data(), offset, classes, 1.0, secondLog);
      for (int c = 0; c < classes; c++) {
        double mixture = LogSums.logAdd(firstLog[c], secondLog[c]) - Math.log(2);
        double a = Math.exp(firstLog[c]);
        double b = Math.exp(secondLog[c]);
        ofRow += 0.5 * (a * (firstLog[c] - mixture) + b * (secondLog[c] - mixture));
        // The parts that pass through the mixture cancel against the ones of the logarithm.
        firstSlope[c] = 0.5 * a * (firstLog[c] - mixture);
        secondSlope[c] = 0.5 * b * (secondLog[c] - mixture);
      }
      SoftmaxGradient.add(1.0 / rows, firstSlope, firstLog, classes, firstGradient, offset);
      SoftmaxGradient.add(1.0 / rows, secondSlope, secondLog, classes, secondGradient, offset);
      rowLosses[row] = ofRow;
      loss += ofRow / rows;
    }
    return loss;
  }

  private static double distance(
      Tensor first, Tensor second, int offset, float[] firstGradient, float[] secondGradient) {
    int classes = first.width();
    double squares = 0;
    double cubes = 0;
    for (int i = offset; i < offset + classes; i++) {
      double difference = (double) first.data()[i] - second.data()[i];
      squares += difference * difference;
      cubes += Math.abs(difference * difference * difference);
    }
    double norm = Math.sqrt(squares + EPS);
    for (int i = offset; i < offset + classes; i++) {
      double difference = (double) first.data()[i] - second.data()[i];
      double slope =
          (3 * Math.abs(difference) - cubes / (squares + EPS)) * difference / norm / first.rows();
      firstGradient[i] += (float) slope;
      secondGradient[i] -= (float) slope;
    }
    return cubes / norm;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link DednMutual} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "dedn-mutual";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(DednMutual::new);
    }
  }
}
