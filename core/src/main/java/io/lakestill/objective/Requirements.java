package io.lakestill.objective;

import java.io.Serializable;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The inputs of an objective by name.
 *
 * <ul>
 *   <li>{@code student.<output>}: outputs of the student;
 *   <li>{@code teacher.<signal>}: cached signals; {@code teacher.logits.*} means those of every
 *       teacher;
 *   <li>{@code weight.<head>}, {@code bias.<head>}: parameters of learnable heads, which live in
 *       the training graph and leave with it;
 *   <li>{@code labels}, {@code index.<name>}: whole numbers;
 *   <li>{@code state.<name>}: what the objective remembers from step to step, see {@link State}.
 * </ul>
 *
 * <p>From these names a recipe is validated, a signal table is checked and the training graph is
 * built. Student outputs and heads are differentiated by; nothing else is.
 *
 * @param inputs the names
 */
public record Requirements(SortedSet<String> inputs) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The name of the class indices. */
  public static final String LABELS = "labels";

  /** The name of the marks of rows that count, 0 for a row that is left out. */
  public static final String MASK = "mask";

  /** What the names of values begin with that Spark computes from a row's signals by SQL. */
  public static final String SQL = "teacher.sql:";

  /** The same as the name of a signal. */
  private static final String EXPRESSION = "sql:";

  private static final String STUDENT = "student.";
  private static final String TEACHER = "teacher.";

  public Requirements {
    inputs = Collections.unmodifiableSortedSet(new TreeSet<>(inputs));
  }

  public static Requirements of(String... inputs) {
    return of(List.of(inputs));
  }

  public static Requirements of(List<String> inputs) {
    return new Requirements(new TreeSet<>(inputs));
  }

  /** The student outputs, such as {@code logits}, {@code embedding}, {@code map_conv2}. */
  public Set<String> student() {
    return below(STUDENT);
  }

  /** The teacher signals, such as {@code logits}; empty when no teacher is needed. */
  public Set<String> teacher() {
    return below(TEACHER);
  }

  /** Whether each row needs its label. */
  public boolean labels() {
    return inputs.contains(LABELS);
  }

  /**
   * The inputs that are neither student outputs, teacher signals nor labels: heads, indices, state.
   * A trainer refuses an objective whose others it cannot provide.
   */
  public Set<String> others() {
    return inputs.stream()
        .filter(name -> !name.startsWith(STUDENT) && !name.startsWith(TEACHER))
        .filter(name -> !name.equals(LABELS))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The names the loss is differentiated by. */
  public Set<String> differentiable() {
    return inputs.stream()
        .filter(name -> !name.startsWith(TEACHER))
        .filter(name -> name.contains("."))
        .filter(name -> !name.startsWith("index.") && !name.startsWith("state."))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** What both need. */
  public Requirements and(Requirements other) {
    return new Requirements(
        Stream.concat(inputs.stream(), other.inputs.stream())
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  /** The SQL expression whose values a signal such as {@code sql:entropy < 1} is, if it is one. */
  public static Optional<String> expression(String signal) {
    return signal.startsWith(EXPRESSION)
        ? Optional.of(signal.substring(EXPRESSION.length()))
        : Optional.empty();
  }

  /** Whether an input such as {@code teacher.logits.*} stands for all whose names start so. */
  public static boolean isFamily(String input) {
    return input.endsWith("*") && !input.startsWith(SQL) && !input.startsWith(EXPRESSION);
  }

  /** Whether a family stands for that name. */
  public static boolean isMember(String name, String family) {
    return isFamily(family) && name.startsWith(family.substring(0, family.length() - 1));
  }

  /**
   * What an input stands for: the members of a family in the order of their numbers, and any other
   * for itself.
   *
   * @param names those there are
   * @return none when it is not among them
   */
  public static List<String> members(String input, Collection<String> names) {
    return names.stream()
        .filter(name -> isFamily(input) ? isMember(name, input) : name.equals(input))
        .sorted(Comparator.comparingInt(String::length).thenComparing(name -> name))
        .toList();
  }

  private Set<String> below(String prefix) {
    return inputs.stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
