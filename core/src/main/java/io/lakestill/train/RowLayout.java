package io.lakestill.train;

import io.lakestill.objective.Requirements;
import io.lakestill.student.StudentGraph;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where named values lie in one flat row of floats. Two rows are laid out so: the target of a
 * training row (its label, then what the teacher says of it) and the output of the training graph
 * (the student outputs its loss needs). Both BigDL engines take exactly one of each.
 *
 * @param slots end to end, from offset 0
 */
public record RowLayout(List<Slot> slots) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How the name of a signal starts that is computed from a signal table's row. */
  private static final String EXPRESSION = "sql:";

  /**
   * Values that belong together.
   *
   * @param name as in {@link Requirements}: {@code labels}, {@code teacher.logits}, {@code
   *     student.embedding}
   * @param shape of one row's values, without the batch axis; empty for a single number
   * @param offset of the first value in the flat row
   */
  public record Slot(String name, List<Integer> shape, int offset) implements Serializable {
    private static final long serialVersionUID = 1L;

    public Slot {
      shape = List.copyOf(shape);
    }

    /** The number of values. */
    public int width() {
      return shape.stream().reduce(1, Math::multiplyExact);
    }
  }

  public RowLayout {
    slots = List.copyOf(slots);
    int next = 0;
    for (Slot slot : slots) {
      if (slot.offset() != next) {
        throw new IllegalArgumentException(
            "slot '%s' starts at %d, not at %d".formatted(slot.name(), slot.offset(), next));
      }
      next = Math.addExact(next, slot.width());
    }
  }

  /**
   * The target row: the label first, always, because validation counts what is right; then each
   * signal, by name. A class index is stored as a float, exact up to 2²⁴ classes.
   *
   * <p>{@code logits.*} stands for every signal that starts with {@code logits.}, {@code
   * sql:<expression>} for a number that is computed from a signal table's row.
   *
   * @param requirements what the loss needs
   * @param signals the shape of each signal of the teacher, without the batch axis, such as {@code
   *     logits -> [10]}
   * @throws IllegalArgumentException when a needed signal is not among them
   */
  public static RowLayout targets(Requirements requirements, Map<String, List<Integer>> signals) {
    Builder layout = new Builder().add(Requirements.LABELS, List.of());
    requirements.teacher().stream()
        .flatMap(signal -> expanded(signal, signals.keySet()))
        .distinct()
        .forEach(signal -> layout.add("teacher." + signal, shape(signal, signals)));
    return layout.build();
  }

  private static Stream<String> expanded(String signal, Set<String> known) {
    if (!signal.endsWith("*") || signal.startsWith(EXPRESSION)) {
      return Stream.of(signal);
    }
    String prefix = signal.substring(0, signal.length() - 1);
    List<String> family =
        known.stream()
            .filter(name -> name.startsWith(prefix))
            .sorted(Comparator.comparingInt(String::length).thenComparing(name -> name))
            .toList();
    if (family.isEmpty()) {
      throw unknown(signal, known);
    }
    return family.stream();
  }

  private static List<Integer> shape(String signal, Map<String, List<Integer>> signals) {
    if (signal.startsWith(EXPRESSION)) {
      return List.of();
    }
    if (!signals.containsKey(signal)) {
      throw unknown(signal, signals.keySet());
    }
    return signals.get(signal);
  }

  private static IllegalArgumentException unknown(String signal, Set<String> known) {
    return new IllegalArgumentException(
        "the loss needs the teacher's '%s', the signals are %s".formatted(signal, known));
  }

  /**
   * The flat output of the training graph: {@code student.logits} first, always, then the other
   * outputs the loss needs, by name.
   *
   * @throws IllegalArgumentException when the graph has no output of a needed name
   */
  public static RowLayout outputs(Requirements requirements, StudentGraph graph) {
    Builder layout = new Builder();
    layout.add("student." + StudentGraph.LOGITS, graph.outputShape(StudentGraph.LOGITS).sizes());
    for (String output : requirements.student()) {
      if (!output.equals(StudentGraph.LOGITS)) {
        layout.add("student." + output, graph.outputShape(output).sizes());
      }
    }
    return layout.build();
  }

  /** The values of a whole row. */
  public int width() {
    return slots.stream().mapToInt(Slot::width).sum();
  }

  public Slot slot(String name) {
    return slots.stream()
        .filter(slot -> slot.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no slot is named '" + name + "'"));
  }

  private static final class Builder {
    private final List<Slot> slots = new ArrayList<>();
    private int offset;

    Builder add(String name, List<Integer> shape) {
      Slot slot = new Slot(name, shape, offset);
      slots.add(slot);
      offset += slot.width();
      return this;
    }

    RowLayout build() {
      return new RowLayout(slots);
    }
  }
}
