package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * TinyBERT: attention scores before the softmax, layer by layer.
 *
 * <p>{@code loss = sum over selected layers of mean (a_s - a_t)^2} over all entries; an entry of
 * -100 or less (a masked one) counts as 0 on its own side, without gradient. With one selected
 * layer the last layer of the student is compared with it; else student layer {@code i} with the
 * {@code i}-th selected layer of the teacher. Negative selections count from the end.
 *
 * <p>Shapes: {@code student.attention.<i>, teacher.attention.<i>: [batch, heads, L, L]}.
 *
 * <p>Source: Jiao et al., "TinyBERT", 2020; MinhDucBui/revisiting_distillation {@code
 * feature_distill.py}, {@code att_mse}: scores that are honestly below -100 are zeroed too.
 */
public final class TinybertAttentionMse implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double MASKED = -100;

  private final List<Integer> selection;

  /**
   * @param selection layers of the teacher, at least one
   */
  public TinybertAttentionMse(List<Integer> selection) {
    this.selection = List.copyOf(selection);
    Rule.atLeast(1, "the number of selected layers", selection.size());
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.attention.*", "teacher.attention.*");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    int studentLayers = batch.allFinite("student.attention.*").size();
    int teacherLayers = batch.allFinite("teacher.attention.*").size();
    double loss = 0;
    for (int i = 0; i < selection.size(); i++) {
      String ours = "student.attention." + (selection.size() == 1 ? studentLayers - 1 : i);
      String theirs = "teacher.attention." + Math.floorMod(selection.get(i), teacherLayers);
      loss += layer(batch, ours, theirs, gradients);
    }
    return loss;
  }

  private static double layer(Batch batch, String ours, String theirs, Gradients gradients) {
    Tensor student = batch.finite(ours);
    Tensor teacher = batch.finite(theirs);
    Shapes.requireSame(ours, student, theirs, teacher);
    float[] gradient = gradients.of(ours).data();
    double loss = 0;
    for (int i = 0; i < student.size(); i++) {
      boolean masked = student.data()[i] <= MASKED;
      double s = masked ? 0 : student.data()[i];
      double t = teacher.data()[i] <= MASKED ? 0 : teacher.data()[i];
      loss += (s - t) * (s - t) / student.size();
      gradient[i] += (float) (masked ? 0 : 2 * (s - t) / student.size());
    }
    return loss;
  }

  /** Finds {@link TinybertAttentionMse} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "tinybert-attention-mse";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      List<Integer> selection =
          options.texts("layer-selection").stream()
              .flatMap(text -> Arrays.stream(text.split(",")))
              .map(text -> Integer.valueOf(text.strip()))
              .toList();
      return options.build(() -> new TinybertAttentionMse(selection));
    }
  }
}
