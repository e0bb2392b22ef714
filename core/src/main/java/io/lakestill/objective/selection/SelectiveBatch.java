package io.lakestill.objective.selection;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * Selective distillation within a batch: the teacher speaks on the tokens the student finds
 * hardest.
 *
 * <p>Smoothed cross-entropy on all tokens plus {@code KL(teacher || student)} where {@code nll_i >=
 * gate}; the gate is the {@code ceil(ratio n)}-th largest {@code nll} of the batch's n tokens.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [tokens, classes]}, {@code labels: [tokens]},
 * {@code mask: [tokens]}, optional. In nats. Tokens whose mask is 0 or whose label is {@code
 * padding-idx} do not count. {@code reduction = sum} as in the reference, which divides by the
 * tokens of all workers afterwards; where nobody does, a term's weight would depend on batch and
 * cores, and {@code token-mean} divides by the tokens of this worker's part of the batch.
 *
 * <p>Source: Wang, Yan, Meng, Zhou, "Selective Knowledge Distillation for Neural Machine
 * Translation", 2021; LeslieOverfitting/selective_distillation {@code
 * label_smoothed_cross_entropy.py}, {@code batch_level}.
 */
public final class SelectiveBatch implements Objective {
  private static final long serialVersionUID = 1L;

  private final SelectiveTerms terms;

  SelectiveBatch(SelectiveTerms terms) {
    this.terms = terms;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "labels");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] losses = terms.losses(batch);
    if (terms.tokens() == 0) {
      return 0;
    }
    return terms.evaluate(batch, gradients, terms.gate(losses, terms.tokens()));
  }

  /** The tokens on which the teacher spoke in the last {@link #evaluate}. */
  boolean[] selected() {
    return terms.selected();
  }

  @Override
  public Map<String, Double> parts() {
    return terms.parts();
  }

  /** Finds {@link SelectiveBatch} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "selective-batch";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var terms = SelectiveTerms.read(options);
      return options.build(() -> new SelectiveBatch(terms.get()));
    }
  }
}
