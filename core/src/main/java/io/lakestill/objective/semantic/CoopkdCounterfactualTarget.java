package io.lakestill.objective.semantic;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Sigmoid;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * Cooperative distillation: a counterfactual input that moves a teacher's prediction towards the
 * truth.
 *
 * <p>The teacher is {@code f(x) = sigmoid(w.x + b)}; the target {@code y' = f(x) + alpha (y -
 * f(x))} of a row x is constant; {@code loss = sum over rows of (f(x') - y')^2 + lambda dist(x,
 * x')}, differentiated by the candidate {@code x'}. {@code distance = abs-sum}: {@code |sum_k (x_k
 * - x'_k)|}, as in the authors' notebook; {@code l1}: {@code sum_k |x_k - x'_k|}; {@code none}: 0.
 *
 * <p>Shapes: {@code teacher.input (x), student.input (x'): [batch, width]}, {@code
 * weight.teacher_classifier: [1, width]}, {@code bias.teacher_classifier: [1]}, both fixed, {@code
 * labels: [batch]}, 0 or 1.
 *
 * <p>Source: Livanos, Davidson, Wong, "Cooperative Knowledge Distillation", 2024;
 * MLivanos/Cooperative-Knowledge-Distillation {@code AutoExperimentDemo.ipynb}.
 */
public final class CoopkdCounterfactualTarget implements Objective {
  private static final long serialVersionUID = 1L;

  /** How far a counterfactual is from its row. */
  public enum Distance {
    NONE,
    ABS_SUM,
    L1
  }

  private final double alpha;
  private final Distance distance;
  private final double lambda;
  private double prediction;
  private double distances;
  private transient double[] predictions;
  private transient double[] targets;

  CoopkdCounterfactualTarget(double alpha, Distance distance, double lambda) {
    this.alpha = Rule.fraction("alpha", alpha);
    this.distance = distance;
    this.lambda = Rule.notNegative("lambda", lambda);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.input",
        "teacher.input",
        "weight.teacher_classifier",
        "bias.teacher_classifier",
        "labels");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    throw Errors.notTrainable(
        "coopkd-counterfactual-target",
        "the weights of a linear teacher and inputs that learn",
        "it makes examples, it trains no student; make the counterfactuals in code and train on"
            + " them");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor candidate = batch.finite("student.input");
    Tensor source = batch.finite("teacher.input");
    Shapes.requireSame("student.input", candidate, "teacher.input", source);
    Tensor weight = batch.finite("weight.teacher_classifier");
    double bias = batch.finite("bias.teacher_classifier").at(0);
    int[] labels = batch.labels(2);
    int width = candidate.width();
    float[] gradient = gradients.of("student.input").data();
    predictions = Scratch.atLeast(predictions, candidate.rows());
    targets = Scratch.atLeast(targets, candidate.rows());
    prediction = 0;
    distances = 0;
    for (int row = 0; row < candidate.rows(); row++) {
      int from = row * width;
      double before = Sigmoid.of(score(source, from, weight, bias));
      double target = before + alpha * (labels[row] - before);
      predictions[row] = before;
      targets[row] = target;
      double now = Sigmoid.of(score(candidate, from, weight, bias));
      prediction += (now - target) * (now - target);
      double shift = 0;
      for (int i = from; i < from + width; i++) {
        shift += candidate.at(i) - source.at(i);
      }
      distances += distance == Distance.ABS_SUM ? Math.abs(shift) : 0;
      double by = 2 * (now - target) * now * (1 - now);
      for (int i = 0; i < width; i++) {
        double moved = candidate.at(from + i) - source.at(from + i);
        distances += distance == Distance.L1 ? Math.abs(moved) : 0;
        double sign =
            switch (distance) {
              case NONE -> 0;
              case ABS_SUM -> Math.signum(shift);
              case L1 -> Math.signum(moved);
            };
        gradient[from + i] += (float) (by * weight.at(i) + lambda * sign);
      }
    }
    return prediction + lambda * distances;
  }

  /** {@code f(x)} of each row of the last {@link #evaluate}. */
  double[] predictions() {
    return predictions;
  }

  /** {@code y'} of each row of the last {@link #evaluate}. */
  double[] targets() {
    return targets;
  }

  private static double score(Tensor rows, int from, Tensor weight, double bias) {
    double sum = bias;
    for (int i = 0; i < weight.size(); i++) {
      sum += weight.at(i) * rows.at(from + i);
    }
    return sum;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("prediction", prediction, "distance", distances);
  }

  /** Finds {@link CoopkdCounterfactualTarget} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "coopkd-counterfactual-target";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double alpha = options.number("alpha");
      Distance distance = options.choice("distance", Distance.class);
      double lambda = options.number("lambda");
      options.has("adam-learning-rate");
      options.has("adam-max-iterations");
      options.has("adam-tolerance");
      return options.build(() -> new CoopkdCounterfactualTarget(alpha, distance, lambda));
    }
  }
}
