package io.lakestill.objective;

import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.recipe.Schedule;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The loss a recipe asks for.
 *
 * <p>{@code loss = sum_i weight_i(progress) * loss_i}
 *
 * <p>A term whose weight is 0 now is off and costs nothing, unless it has memory, which a step must
 * not miss.
 */
public final class WeightedTerms implements Objective {
  private static final long serialVersionUID = 1L;

  /**
   * One addend.
   *
   * @param name as the recipe calls it
   * @param weight what loss and gradient are multiplied by; finite, never negative
   */
  public record Term(String name, Schedule weight, Objective objective) implements Serializable {
    private static final long serialVersionUID = 1L;

    public Term {
      Rule.notNegative("weight", weight);
    }

    /** A term of the same weight always. */
    public Term(String name, double weight, Objective objective) {
      this(name, Schedule.of(weight), objective);
    }
  }

  private final List<Term> terms;
  private final Requirements requirements;
  private final double[] losses;
  private final double[] ownLosses;
  private final double[] weights;
  private final boolean[] off;
  private final boolean[] remembers;
  private transient Batch shapedFor;
  private transient Gradients[] scratch;
  private transient Gradients[] own;

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
    this.ownLosses = new double[terms.size()];
    this.weights = new double[terms.size()];
    this.off = new boolean[terms.size()];
    this.remembers = new boolean[terms.size()];
    for (int i = 0; i < remembers.length; i++) {
      remembers[i] = remembers(terms.get(i).objective());
    }
  }

  public List<Term> terms() {
    return terms;
  }

  @Override
  public Requirements requires() {
    return requirements;
  }

  /**
   * The equipment of all terms. Terms that are {@link Bound} have names of their own, see {@link
   * TermName}; two terms that are not must not need the same head.
   */
  @Override
  public Equipment equip(Dimensions dimensions) {
    Equipment all =
        terms.stream()
            .map(term -> term.objective().equip(dimensions))
            .reduce(Equipment.NONE, Equipment::and);
    Set<String> names = new HashSet<>();
    for (String name : all.names()) {
      if (!names.add(name)) {
        throw new IllegalArgumentException(
            "two terms need '%s'; bind each to its number in the loss".formatted(name));
      }
    }
    return all;
  }

  @Override
  public List<Classifier> classifiers() {
    return terms.stream().flatMap(term -> term.objective().classifiers().stream()).toList();
  }

  @Override
  public boolean rowwise() {
    return terms.stream().allMatch(term -> term.objective().rowwise());
  }

  /** Whether one term was left out of the last {@link #evaluate}: it has weight 0, no memory. */
  public boolean isOff(int term) {
    return off[term];
  }

  /** The loss of one term in the last {@link #evaluate}, before its weight; 0 when it was off. */
  public double lossOf(int term) {
    return losses[term];
  }

  /**
   * What {@link #lossOf} is a mean over, 0 when it was off; {@code batch} is that of the last
   * {@link #evaluate}.
   */
  public double countedOf(int term, Batch batch) {
    return off[term] ? 0 : terms.get(term).objective().counted(batch);
  }

  /** The weight of one term in the last {@link #evaluate}. */
  public double weightOf(int term) {
    return weights[term];
  }

  /**
   * The Euclidean norm of one term's gradient in the last {@link #evaluate}, before its weight;
   * measured when asked for, so that a step nobody asks about does not pay for it.
   */
  public double gradientNormOf(int term) {
    return scratch == null ? 0 : scratch[term].norm();
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    shapeScratch(batch);
    evaluateTerms(batch);
    return sum(gradients);
  }

  /**
   * The loss of rows each of which is a mixture of two.
   *
   * <p>{@code loss = share * loss(rows' own targets) + (1 - share) * loss(partners' targets)}, of
   * the same outputs of the student. So a loss that is linear in its target, such as cross-entropy
   * with labels or with a teacher's probabilities, is that of the mixed target; a divergence from
   * it differs by a constant, and so does a squared error.
   *
   * @param share of a row's own targets, from 0 to 1
   * @param partners replaces labels and signals of the batch by those of every row's partner
   */
  public double evaluateMixed(Batch batch, Gradients gradients, double share, Runnable partners) {
    shapeScratch(batch);
    own = own == null ? accumulators(batch) : own;
    evaluateTerms(batch);
    for (int i = 0; i < losses.length; i++) {
      ownLosses[i] = losses[i];
      own[i].zero();
      own[i].add(1, scratch[i]);
    }
    partners.run();
    evaluateTerms(batch);
    for (int i = 0; i < losses.length; i++) {
      losses[i] = share * ownLosses[i] + (1 - share) * losses[i];
      scratch[i].blend(1 - share, share, own[i]);
    }
    return sum(gradients);
  }

  private void evaluateTerms(Batch batch) {
    for (int i = 0; i < losses.length; i++) {
      Term term = terms.get(i);
      scratch[i].zero();
      weights[i] = term.weight().at(batch.progress());
      off[i] = weights[i] == 0 && !remembers[i];
      losses[i] = off[i] ? 0 : term.objective().evaluate(batch, scratch[i]);
    }
  }

  private double sum(Gradients gradients) {
    double total = 0;
    for (int i = 0; i < losses.length; i++) {
      if (!off[i]) {
        gradients.add(weights[i], scratch[i]);
        total += weights[i] * losses[i];
      }
    }
    return total;
  }

  private static boolean remembers(Objective objective) {
    return objective.requires().inputs().stream().anyMatch(name -> name.startsWith("state."));
  }

  /**
   * The loss of the scratch twin: the terms that ask nothing of a teacher, their weights scaled to
   * sum to one at every step; {@code cross-entropy} when there is none that ever has a weight.
   * Terms are counted anew, so that recipes of one method and another have the same twin.
   */
  public WeightedTerms withoutTeacher() {
    List<Term> kept =
        terms.stream().filter(term -> term.objective().requires().teacher().isEmpty()).toList();
    if (kept.stream().allMatch(term -> term.weight().largest() == 0)) {
      Objective labels = new Bound(new CrossEntropy(), Map.of(), 0);
      return new WeightedTerms(List.of(new Term(CrossEntropy.NAME, 1.0, labels)));
    }
    List<Schedule> all = kept.stream().map(Term::weight).toList();
    List<Term> twin = new ArrayList<>();
    for (Term term : kept) {
      Objective objective =
          term.objective() instanceof Bound bound ? bound.numbered(twin.size()) : term.objective();
      twin.add(new Term(term.name(), share(term.weight(), all), objective));
    }
    return new WeightedTerms(twin);
  }

  private static Schedule share(Schedule weight, List<Schedule> all) {
    boolean constant = all.stream().allMatch(each -> each.smallest() == each.largest());
    return constant
        ? Schedule.of(weight.largest() / all.stream().mapToDouble(Schedule::largest).sum())
        : new Schedule.Share(weight, all);
  }

  /** Scratch follows the batch object, which callers keep for as long as its shape stays. */
  private void shapeScratch(Batch batch) {
    if (shapedFor == batch) {
      return;
    }
    scratch = accumulators(batch);
    own = null;
    shapedFor = batch;
  }

  private Gradients[] accumulators(Batch batch) {
    return terms.stream()
        .map(term -> batch.present(term.objective().requires().differentiable()))
        .map(names -> Gradients.of(batch, names))
        .toArray(Gradients[]::new);
  }
}
