package io.lakestill.objective;

import io.lakestill.objective.logit.CrossEntropy;
import java.io.Serializable;
import java.util.List;

/**
 * The loss a recipe asks for.
 *
 * <p>{@code loss = sum_i weight_i * loss_i}
 */
public final class WeightedTerms implements Objective {
  private static final long serialVersionUID = 1L;

  /**
   * One addend.
   *
   * @param name as the recipe calls it
   * @param weight what loss and gradient are multiplied by; finite, not negative
   */
  public record Term(String name, double weight, Objective objective) implements Serializable {
    private static final long serialVersionUID = 1L;

    public Term {
      if (!(weight >= 0) || Double.isInfinite(weight)) {
        throw new IllegalArgumentException("weight must not be negative, is " + weight);
      }
    }
  }

  private final List<Term> terms;
  private final Requirements requirements;
  private final double[] losses;
  private final double[] gradientNorms;
  private transient Batch shapedFor;
  private transient Gradients[] scratch;

  public WeightedTerms(List<Term> terms) {
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("a loss needs at least one term");
    }
    this.terms = List.copyOf(terms);
    this.requirements =
        terms.stream()
            .map(term -> term.objective().requires())
            .reduce(Requirements::and)
            .orElseThrow();
    this.losses = new double[terms.size()];
    this.gradientNorms = new double[terms.size()];
  }

  public List<Term> terms() {
    return terms;
  }

  @Override
  public Requirements requires() {
    return requirements;
  }

  /** The loss of one term in the last {@link #evaluate}, before its weight. */
  public double lossOf(int term) {
    return losses[term];
  }

  /** The Euclidean norm of one term's gradient in the last {@link #evaluate}, before its weight. */
  public double gradientNormOf(int term) {
    return gradientNorms[term];
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    shapeScratch(batch);
    double total = 0;
    for (int i = 0; i < losses.length; i++) {
      Term term = terms.get(i);
      scratch[i].zero();
      losses[i] = term.objective().evaluate(batch, scratch[i]);
      gradientNorms[i] = scratch[i].norm();
      gradients.add(term.weight(), scratch[i]);
      total += term.weight() * losses[i];
    }
    return total;
  }

  /**
   * The loss of the scratch twin: the terms that ask nothing of a teacher, their weights scaled to
   * sum to one; {@code cross-entropy} when there is none with a weight.
   */
  public WeightedTerms withoutTeacher() {
    List<Term> kept =
        terms.stream().filter(term -> term.objective().requires().teacher().isEmpty()).toList();
    double sum = kept.stream().mapToDouble(Term::weight).sum();
    if (sum == 0) {
      return new WeightedTerms(List.of(new Term(CrossEntropy.NAME, 1.0, new CrossEntropy())));
    }
    return new WeightedTerms(
        kept.stream()
            .map(term -> new Term(term.name(), term.weight() / sum, term.objective()))
            .toList());
  }

  /** Scratch follows the batch object, which callers keep for as long as its shape stays. */
  private void shapeScratch(Batch batch) {
    if (shapedFor == batch) {
      return;
    }
    scratch = new Gradients[terms.size()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] =
          Gradients.of(batch, batch.present(terms.get(i).objective().requires().differentiable()));
    }
    shapedFor = batch;
  }
}
