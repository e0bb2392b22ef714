package io.lakestill.objective;

import io.lakestill.error.Errors;
import io.lakestill.recipe.TermSettings;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

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
    return new java.util.TreeSet<>(types.keySet());
  }

  /** Makes the objective of a term; faults become problems at their lines. */
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

  /** Makes a recipe's weighted sum; empty when any of its terms was refused. */
  public Optional<WeightedTerms> create(List<TermSettings> settings) {
    List<WeightedTerms.Term> terms =
        settings.stream()
            .flatMap(
                term ->
                    create(term)
                        .map(made -> new WeightedTerms.Term(term.type(), term.weight(), made))
                        .stream())
            .toList();
    return terms.size() == settings.size() && !terms.isEmpty()
        ? Optional.of(new WeightedTerms(terms))
        : Optional.empty();
  }
}
