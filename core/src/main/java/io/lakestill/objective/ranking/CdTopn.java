package io.lakestill.objective.ranking;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Sigmoid;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Collaborative distillation for top-N recommendation.
 *
 * <p>{@code q = sigmoid((t + t2)/t1)}, {@code p = sigmoid(s)} at each user's sampled items; {@code
 * loss = -sum over users and items of q log(p + 1e-10) + (1 - q) log(1 - p + 1e-10)}. An item drawn
 * twice counts twice.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [users, items]}, {@code index.items: [users,
 * sampled]}.
 *
 * <p>Source: Lee, Choi, Lee, Shim, "Collaborative Distillation for Top-N Recommendation", 2019;
 * woriazzc/KDs {@code baseline.py}.
 */
public final class CdTopn implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double EPS = 1e-10;

  private final double t1;
  private final double t2;

  /**
   * @param t1 the temperature of the teacher's scores
   * @param t2 what is added to them
   */
  public CdTopn(double t1, double t2) {
    this.t1 = Rule.positive("t1", t1);
    this.t2 = t2;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "index.items");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int items = student.width();
    int sampled = batch.indices("index.items").width();
    int[] chosen = batch.indices("index.items", rows, sampled, items);
    float[] gradient = gradients.of("student.logits").data();
    double loss = 0;
    for (int i = 0; i < rows * sampled; i++) {
      int at = i / sampled * items + chosen[i];
      double q = Sigmoid.of((teacher.at(at) + t2) / t1);
      double p = Sigmoid.of(student.at(at));
      double rest = Sigmoid.of(-student.at(at));
      loss -= q * Math.log(p + EPS) + (1 - q) * Math.log(rest + EPS);
      gradient[at] -= (float) ((q / (p + EPS) - (1 - q) / (rest + EPS)) * p * rest);
    }
    return loss;
  }

  /** Finds {@link CdTopn} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "cd-topn";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double t1 = options.number("t1");
      double t2 = options.number("t2");
      return options.build(() -> new CdTopn(t1, t2));
    }
  }
}
