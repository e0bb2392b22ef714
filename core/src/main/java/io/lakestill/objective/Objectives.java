package io.lakestill.objective;

import io.lakestill.error.Errors;
import io.lakestill.recipe.TermSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Every objective on the class path, by name. */
public final class Objectives {
  private final SortedMap<String, ObjectiveType> types = new TreeMap<>();

  /** Finds the types through {@link ServiceLoader} and the thread's class loader. */
  public Objectives() {
    for (ObjectiveType type : ServiceLoader.load(ObjectiveType.class)) {
      ObjectiveType other = types.putIfAbsent(type.name(), type);
      if (other != null) {
        throw Errors.badRecipe(
            "Two objectives on the class path are named '%s': %s and %s; remove one of the jars."
                .formatted(type.name(), other.getClass().getName(), type.getClass().getName()));
      }
    }
  }

  public SortedSet<String> names() {
    return new TreeSet<>(types.keySet());
  }

  /** Why an objective is experimental; empty when it is not, or not known. */
  public Optional<String> experimental(String name) {
    return Optional.ofNullable(types.get(name)).flatMap(ObjectiveType::experimental);
  }

  /**
   * Makes the objective of a term under its own names, without what the term lays around it; faults
   * become problems at their lines.
   */
  public Optional<Objective> create(TermSettings term) {
    ObjectiveType type = types.get(term.type());
    if (type == null) {
      term.options()
          .problem(
              "type",
              "unknown objective '%s', known: %s"
                  .formatted(term.type(), String.join(", ", types.keySet())));
      return Optional.empty();
    }
    return type.create(term.options());
  }

  /**
   * Makes a recipe's weighted sum; empty when any of its terms was refused. Term {@code i} is a
   * {@link Bound} of number {@code i}.
   */
  public Optional<WeightedTerms> create(List<TermSettings> settings) {
    List<WeightedTerms.Term> terms = new ArrayList<>();
    for (int i = 0; i < settings.size(); i++) {
      TermSettings term = settings.get(i);
      int number = i;
      create(term)
          .flatMap(made -> composed(made, term, number))
          .ifPresent(made -> terms.add(new WeightedTerms.Term(term.type(), term.weight(), made)));
    }
    return terms.size() == settings.size() && !terms.isEmpty()
        ? Optional.of(new WeightedTerms(terms))
        : Optional.empty();
  }

  /**
   * {@code Bound( RowFilter( Projected( RowWeights( objective ))))}, as far as the term asks for
   * them.
   */
  private static Optional<Objective> composed(Objective made, TermSettings term, int number) {
    if (!bindable(made.requires(), term)) {
      return Optional.empty();
    }
    Optional<Objective> weighted =
        term.rowWeight().isEmpty()
            ? Optional.of(made)
            : weighted(made, term.rowWeight().get(), term);
    return weighted
        .flatMap(inner -> term.projected().isEmpty() ? Optional.of(inner) : projected(inner, term))
        .flatMap(
            inner ->
                term.where().isEmpty()
                    ? Optional.of(inner)
                    : filtered(inner, term.where().get(), term))
        .map(inner -> new Bound(inner, term.bindings(), number));
  }

  private static Optional<Objective> weighted(
      Objective made, String expression, TermSettings term) {
    String key = term.options().has("row-weight") ? "row-weight" : "weight";
    if (!(made instanceof RowwiseObjective rowwise)) {
      term.options()
          .problem(
              key,
              "weighs rows, but '%s' as it is here is not a mean over rows, or learns a head; give weight a number, or choose rows with where"
                  .formatted(term.type()));
      return Optional.empty();
    }
    return sound(() -> new RowWeights(rowwise, expression), key, term);
  }

  private static Optional<Objective> projected(Objective made, TermSettings term) {
    return sound(() -> new Projected(made, term.projected()), "project", term);
  }

  private static Optional<Objective> filtered(
      Objective made, String expression, TermSettings term) {
    return sound(() -> new RowFilter(made, expression), "where", term);
  }

  private static Optional<Objective> sound(
      Supplier<Objective> maker, String key, TermSettings term) {
    try {
      return Optional.of(maker.get());
    } catch (IllegalArgumentException e) {
      term.options().problem(key, e.getMessage());
      return Optional.empty();
    }
  }

  /** Says which bindings name no input of the objective. */
  private static boolean bindable(Requirements requires, TermSettings term) {
    boolean sound = true;
    for (String input : term.bindings().keySet()) {
      String side = input.substring(0, input.indexOf('.'));
      String name = input.substring(side.length() + 1);
      Set<String> known = side.equals("student") ? requires.student() : requires.teacher();
      if (!known.contains(name)
          && known.stream().noneMatch(one -> Requirements.isMember(name, one))) {
        term.options()
            .problem(
                side,
                "'%s' has no input '%s' of the %s, only %s"
                    .formatted(term.type(), name, side, known));
        sound = false;
      }
    }
    return sound;
  }
}
