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
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Optional;

/**
 * Relaxed list-wise ranking: the teacher's items in the teacher's order, above all uninteresting
 * ones.
 *
 * <p>Per user, scores {@code s_1..s_K} of the ranked items and {@code u_1..u_M} of uninteresting
 * ones, each at most {@code clamp-max}: {@code loss = -sum_k [ s_k - log( sum_{j>=k} e^{s_j} +
 * sum_m e^{u_m} + epsilon ) ]}, summed over users. A clamped score gets no gradient.
 *
 * <p>Shapes: {@code student.logits: [users, items]}, {@code index.ranked: [users, K]} in the
 * teacher's order, {@code index.uninteresting: [users, M]}. In a training they are the {@code
 * ranked} largest of {@code teacher.logits: [users, items]} and {@code uninteresting} others, drawn
 * anew in each step (the reference: every ten epochs); the loss itself reads no teacher's score.
 *
 * <p>Source: Kang et al., "DE-RRD", 2020, as Lee et al., "Continual Collaborative Distillation",
 * 2024 use it; Gyu-Seok0/CCD_KDD24 {@code Utils/utils.py}, {@code relaxed_ranking_loss}.
 */
public final class CcdRelaxedRanking implements Objective {
  private static final long serialVersionUID = 1L;

  private final int ranked;
  private final int uninteresting;
  private final double clampMax;
  private final double epsilon;

  CcdRelaxedRanking(int ranked, int uninteresting, double clampMax, double epsilon) {
    this.ranked = Rule.atLeast(1, "ranked", ranked);
    this.uninteresting = Rule.atLeast(1, "uninteresting", uninteresting);
    this.clampMax = clampMax;
    this.epsilon = Rule.positive("epsilon", epsilon);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.logits", "teacher.logits", "index.ranked", "index.uninteresting");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int items = dimensions.channels("teacher.logits");
    if (ranked + uninteresting > items) {
      throw Errors.badRecipe(
          ("ccd-relaxed-ranking has ranked = %d and uninteresting = %d, but the teacher scores %d"
                  + " items; lower them.")
              .formatted(ranked, uninteresting, items));
    }
    Draw best = new Draw.Largest("index.ranked", "teacher.logits", ranked);
    Draw rest =
        new Draw.OutsideLargest("index.uninteresting", "teacher.logits", ranked, uninteresting);
    return new Equipment(List.of(), List.of(), List.of(best, rest));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    int rows = student.rows();
    int items = student.width();
    int k = batch.indices("index.ranked").width();
    int m = batch.indices("index.uninteresting").width();
    int[] ranked = batch.indices("index.ranked", rows, k, items);
    int[] others = batch.indices("index.uninteresting", rows, m, items);
    float[] gradient = gradients.of("student.logits").data();
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int from = row * items;
      double uninteresting = 0;
      for (int i = row * m; i < (row + 1) * m; i++) {
        uninteresting += Math.exp(score(student, from + others[i]));
      }
      double mass = uninteresting + epsilon;
      double inverse = 0;
      for (int i = (row + 1) * k - 1; i >= row * k; i--) {
        double score = score(student, from + ranked[i]);
        mass += Math.exp(score);
        loss -= score - Math.log(mass);
      }
      for (int i = row * k; i < (row + 1) * k; i++) {
        double score = score(student, from + ranked[i]);
        inverse += 1 / massFrom(student, from, ranked, i, (row + 1) * k, uninteresting);
        add(gradient, student, from + ranked[i], Math.exp(score) * inverse - 1);
      }
      for (int i = row * m; i < (row + 1) * m; i++) {
        double score = score(student, from + others[i]);
        add(gradient, student, from + others[i], Math.exp(score) * inverse);
      }
    }
    return loss;
  }

  private double score(Tensor student, int at) {
    return Math.min(student.at(at), clampMax);
  }

  private double massFrom(
      Tensor student, int from, int[] ranked, int first, int end, double uninteresting) {
    double mass = uninteresting + epsilon;
    for (int i = first; i < end; i++) {
      mass += Math.exp(score(student, from + ranked[i]));
    }
    return mass;
  }

  private void add(float[] gradient, Tensor student, int at, double by) {
    gradient[at] += (float) (student.at(at) <= clampMax ? by : 0);
  }

  /** Finds {@link CcdRelaxedRanking} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "ccd-relaxed-ranking";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int ranked = options.integer("ranked");
      int uninteresting = options.integer("uninteresting");
      double clampMax = options.number("clamp-max");
      double epsilon = options.number("epsilon");
      return options.build(() -> new CcdRelaxedRanking(ranked, uninteresting, clampMax, epsilon));
    }
  }
}
