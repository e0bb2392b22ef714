package io.lakestill.objective;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An objective some of whose inputs are known before the training and never change, such as the
 * {@link Classifier} of a teacher. They travel with it and are part of its serialised form, so a
 * training depends on them as on any option.
 *
 * <p>Loss, gradients and parts are those of the objective; nothing flows into what is given.
 */
public final class Given implements Objective {
  private static final long serialVersionUID = 1L;

  private final Objective objective;
  private final TreeMap<String, Tensor> constants;
  private final Requirements requirements;
  private transient Batch outer;
  private transient Batch inner;

  /**
   * @param constants by the objective's name of each, such as {@code weight.teacher_classifier/0}
   */
  public Given(Objective objective, Map<String, Tensor> constants) {
    this.objective = objective;
    this.constants = new TreeMap<>(constants);
    TreeSet<String> open = new TreeSet<>(objective.requires().inputs());
    open.removeAll(constants.keySet());
    // A layer without a bias gives none, and nothing else will.
    objective.classifiers().stream().filter(this::isGiven).forEach(c -> open.remove(c.bias()));
    this.requirements = new Requirements(open);
  }

  private boolean isGiven(Classifier classifier) {
    return constants.containsKey(classifier.weight());
  }

  @Override
  public Requirements requires() {
    return requirements;
  }

  @Override
  public List<Classifier> classifiers() {
    return objective.classifiers().stream().filter(classifier -> !isGiven(classifier)).toList();
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return objective.equip(dimensions);
  }

  @Override
  public Optional<KeptClasses> kept(String input) {
    return objective.kept(input);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    if (batch != outer) {
      inner = batch.and(constants);
      outer = batch;
    }
    inner.progress(batch.progress());
    return objective.evaluate(inner, gradients);
  }

  @Override
  public double counted(Batch batch) {
    return objective.counted(inner);
  }

  @Override
  public Map<String, Double> parts() {
    return objective.parts();
  }
}
