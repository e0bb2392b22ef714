package io.lakestill.objective.ranking;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Sigmoid;
import io.lakestill.recipe.Settings;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * Collaborative distillation for top-N recommendation.
 *
 * <p>{@code q = sigmoid((t + t2)/t1)}, {@code p = sigmoid(s)} at each user's sampled items; {@code
 * loss = -sum over users and items of q log(p + 1e-10) + (1 - q) log(1 - p + 1e-10)}. An item drawn
 * twice counts twice.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [users, items]}, {@code index.items: [users,
 * sampled]}. In a training the teacher guides: of two items drawn among the {@code among} it scores
 * highest, by {@code exp(-rank / (among flatness))}, the higher is taken, until there are {@code
 * items} distinct ones, anew in each step (the third-party code draws the teacher's once). What a
 * user has seen is among them unless the teacher scores it low.
 *
 * <p>Source: Lee, Choi, Lee, Shim, "Collaborative Distillation for Top-N Recommendation", 2019;
 * woriazzc/KDs {@code baseline.py}.
 */
public final class CdTopn implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double EPS = 1e-10;

  /**
   * How items are drawn.
   *
   * @param count items per user
   * @param among the user's best items that are drawn from
   * @param flatness how little an item's rank says of its weight
   */
  record Sampling(int count, int among, double flatness) implements Serializable {
    Sampling {
      Rule.atLeast(1, "items", count);
      Rule.atLeast(count, "among", among);
      Rule.positive("flatness", flatness);
    }
  }

  private final Sampling sampling;
  private final double t1;
  private final double t2;

  /**
   * @param t1 the temperature of the teacher's scores
   * @param t2 what is added to them
   */
  CdTopn(Sampling sampling, double t1, double t2) {
    this.sampling = sampling;
    this.t1 = Rule.positive("t1", t1);
    this.t2 = t2;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "index.items");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int items = dimensions.channels("teacher.logits");
    if (sampling.count() > items) {
      throw Errors.badRecipe(
          "cd-topn draws items = %d, but the teacher scores %d; lower it."
              .formatted(sampling.count(), items));
    }
    int among = Math.min(sampling.among(), items);
    Draw drawn =
        new Draw.Tournament(
            "index.items", "teacher.logits", among, sampling.flatness(), sampling.count());
    return new Equipment(List.of(), List.of(), List.of(drawn));
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
      int count = options.integer("items");
      int among = options.integer("among");
      double flatness = options.number("flatness");
      return options.build(() -> new CdTopn(new Sampling(count, among, flatness), t1, t2));
    }
  }
}
