package io.lakestill.objective;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An objective under the names of a training: its generic inputs are bound to outputs and signals,
 * and what is its own (heads, memory, drawn indices) carries the number of its term.
 *
 * <p>Loss, gradients and parts are those of the objective. The batch within holds the same tensors
 * under other names; it is made once per batch object, so a step copies and allocates nothing. The
 * objective's memory is the part of that number in the batch's {@link State}.
 *
 * <p>A family such as {@code teacher.logits.*} stays a family, unless members of it are bound: then
 * those are its members.
 */
public final class Bound implements Objective {
  private static final long serialVersionUID = 1L;

  private final Objective objective;
  private final TreeMap<String, String> bindings;
  private final int term;
  private final Requirements requirements;
  private transient Batch outer;
  private transient Batch inner;
  private transient Gradients outerGradients;
  private transient Gradients innerGradients;

  /**
   * @param bindings the objective's name of an input to the training's, such as {@code student.map}
   *     to {@code student.map_conv2}; what is absent keeps its name
   * @param term the number of the term in its recipe, from 0
   */
  public Bound(Objective objective, Map<String, String> bindings, int term) {
    this.objective = objective;
    this.bindings = new TreeMap<>(bindings);
    this.term = term;
    TreeSet<String> names = new TreeSet<>();
    objective.requires().inputs().forEach(input -> names.addAll(outerNames(input)));
    this.requirements = new Requirements(names);
  }

  /** The objective itself. */
  public Objective objective() {
    return objective;
  }

  /** The number of the term in its recipe, from 0. */
  public int term() {
    return term;
  }

  /** The same, as the term of another number. */
  Bound numbered(int other) {
    return new Bound(objective, bindings, other);
  }

  @Override
  public Requirements requires() {
    return requirements;
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    Map<String, List<Integer>> shapes = new TreeMap<>();
    innerNames(dimensions.shapes().keySet())
        .forEach(
            (own, name) -> {
              if (dimensions.shapes().containsKey(name)) {
                shapes.put(own, dimensions.shape(name));
              }
            });
    return objective
        .equip(
            new Dimensions(dimensions.rows(), dimensions.samples(), dimensions.classes(), shapes))
        .renamed(this::outerName);
  }

  @Override
  public List<Classifier> classifiers() {
    return objective.classifiers().stream()
        .map(classifier -> classifier.renamed(this::outerName))
        .toList();
  }

  @Override
  public Optional<KeptClasses> kept(String input) {
    return objective.requires().inputs().stream()
        .filter(own -> !isFamily(own) && outerName(own).equals(input))
        .findFirst()
        .flatMap(objective::kept);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    if (batch != outer) {
      inner = bind(batch);
      outer = batch;
      outerGradients = null;
    }
    if (gradients != outerGradients) {
      innerGradients = bind(batch, gradients);
      outerGradients = gradients;
    }
    inner.progress(batch.progress());
    return objective.evaluate(inner, innerGradients);
  }

  @Override
  public boolean rowwise() {
    return objective.rowwise();
  }

  @Override
  public double counted(Batch batch) {
    return objective.counted(inner);
  }

  @Override
  public Map<String, Double> parts() {
    return objective.parts();
  }

  private Batch bind(Batch batch) {
    Batch.Builder builder = Batch.of(batch.rows()).state(batch.state().part(TermName.part(term)));
    innerNames(batch.names())
        .forEach(
            (own, name) -> {
              if (batch.hasTensor(name)) {
                builder.tensor(own, batch.tensor(name));
              } else if (batch.has(name)) {
                builder.indices(own, batch.indices(name));
              }
            });
    return builder.build();
  }

  private Gradients bind(Batch batch, Gradients gradients) {
    Map<String, Tensor> accumulators = new TreeMap<>();
    innerNames(batch.names())
        .forEach(
            (own, name) -> {
              if (gradients.has(name)) {
                accumulators.put(own, gradients.of(name));
              }
            });
    return Gradients.over(accumulators);
  }

  /**
   * The objective's names and where each is found among those of the training: what it requires,
   * what has its number, the mask.
   */
  private Map<String, String> innerNames(Set<String> available) {
    Map<String, String> names = new LinkedHashMap<>();
    for (String input : objective.requires().inputs()) {
      if (isFamily(input) && members(input).isEmpty()) {
        available.stream()
            .filter(name -> Requirements.isMember(name, input))
            .forEach(name -> names.put(name, name));
      } else if (isFamily(input)) {
        members(input).forEach(member -> names.put(member, bindings.get(member)));
      } else {
        names.put(input, outerName(input));
      }
    }
    String suffix = TermName.suffix(term);
    for (String name : available) {
      if (name.endsWith(suffix) && isOwn(name)) {
        names.put(TermName.parse(name).name(), name);
      } else if (name.equals(Requirements.MASK)) {
        names.put(name, name);
      }
    }
    return names;
  }

  private Set<String> outerNames(String input) {
    if (!isFamily(input)) {
      return Set.of(outerName(input));
    }
    Set<String> names = new TreeSet<>();
    members(input).forEach(member -> names.add(bindings.get(member)));
    return names.isEmpty() ? Set.of(input) : names;
  }

  private String outerName(String input) {
    return isOwn(input)
        ? new TermName(input, term).toString()
        : bindings.getOrDefault(input, input);
  }

  private Set<String> members(String family) {
    Set<String> members = new TreeSet<>(bindings.keySet());
    members.removeIf(name -> !Requirements.isMember(name, family));
    return members;
  }

  /** Whether it belongs to the objective: neither an output, a signal nor of the example. */
  private static boolean isOwn(String name) {
    return !name.startsWith("student.")
        && !name.startsWith("teacher.")
        && !name.equals(Requirements.LABELS)
        && !name.equals(Requirements.MASK);
  }

  private static boolean isFamily(String name) {
    return Requirements.isFamily(name) && !isOwn(name);
  }
}
