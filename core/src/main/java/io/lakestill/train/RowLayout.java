package io.lakestill.train;

import io.lakestill.objective.Requirements;
import io.lakestill.student.StudentGraph;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
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
  /** Floats hold every whole number up to here. */
  private static final int EXACT = 1 << 24;

  private static final long serialVersionUID = 1L;

  /**
   * Values that belong together.
   *
   * @param name as in {@link Requirements}: {@code labels}, {@code teacher.logits}, {@code
   *     student.embedding}
   * @param shape of one row's values, without the batch axis; empty for a single number
   * @param offset of the first value in the flat row
   * @param kept of how many values the row says where they are, all others being one number; the
   *     number of values when it carries them as they are
   */
  public record Slot(String name, List<Integer> shape, int offset, int kept)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    public Slot {
      shape = List.copyOf(shape);
      if (kept < 1 || kept > volume(shape)) {
        throw new IllegalArgumentException(
            "'%s' cannot keep %d of %s values".formatted(name, kept, shape));
      }
      if (sparse(kept, shape) && volume(shape) > EXACT) {
        throw new IllegalArgumentException(
            "'%s' has %s values, of which a float can count %d".formatted(name, shape, EXACT));
      }
    }

    /** Values that a row carries as they are. */
    public Slot(String name, List<Integer> shape, int offset) {
      this(name, shape, offset, volume(shape));
    }

    private static int volume(List<Integer> shape) {
      return shape.stream().reduce(1, Math::multiplyExact);
    }

    private static boolean sparse(int kept, List<Integer> shape) {
      return 2 * kept + 1 < volume(shape);
    }

    /** Whether places and values and the others' number take less room than all values. */
    public boolean sparse() {
      return sparse(kept, shape);
    }

    /** The room it takes in the flat row. */
    public int floats() {
      return sparse() ? 2 * kept + 1 : width();
    }

    /**
     * Writes a sparse row: the places as floats, which hold them exactly, the values, the others'.
     *
     * @param places at least {@code kept} of them, as many values
     * @param to from {@code at} on
     */
    public void pack(int[] places, float[] values, float others, float[] to, int at) {
      for (int i = 0; i < kept; i++) {
        to[at + i] = places[i];
        to[at + kept + i] = values[i];
      }
      to[at + 2 * kept] = others;
    }

    /**
     * Copies all values of a row out of its flat form.
     *
     * @param from the slot's floats begin at {@code at}
     * @param to filled from {@code first} on
     */
    public void unpack(float[] from, int at, float[] to, int first) {
      int width = width();
      if (!sparse()) {
        System.arraycopy(from, at, to, first, width);
        return;
      }
      Arrays.fill(to, first, first + width, from[at + 2 * kept]);
      for (int i = 0; i < kept; i++) {
        to[first + (int) from[at + i]] = from[at + kept + i];
      }
    }

    /** The number of values. */
    public int width() {
      return volume(shape);
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
      next = Math.addExact(next, slot.floats());
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
    return targets(requirements, signals, Map.of());
  }

  /**
   * The same where of some signals only the largest values are taken, and one number for the rest.
   *
   * @param kept how many, of each such signal
   */
  public static RowLayout targets(
      Requirements requirements, Map<String, List<Integer>> signals, Map<String, Integer> kept) {
    Builder layout = new Builder().add(Requirements.LABELS, List.of());
    requirements.teacher().stream()
        .flatMap(signal -> expanded(signal, signals.keySet()))
        .distinct()
        .forEach(
            signal -> {
              List<Integer> shape = shape(signal, signals);
              int all = Slot.volume(shape);
              layout.add("teacher." + signal, shape, kept.getOrDefault(signal, all));
            });
    return layout.build();
  }

  private static Stream<String> expanded(String signal, Set<String> known) {
    if (Requirements.expression(signal).isPresent()) {
      return Stream.of(signal);
    }
    List<String> members = Requirements.members(signal, known);
    if (members.isEmpty()) {
      throw unknown(signal, known);
    }
    return members.stream();
  }

  private static List<Integer> shape(String signal, Map<String, List<Integer>> signals) {
    return Requirements.expression(signal).isPresent() ? List.of() : signals.get(signal);
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
    return slots.stream().mapToInt(Slot::floats).sum();
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
      return add(name, shape, Slot.volume(shape));
    }

    Builder add(String name, List<Integer> shape, int kept) {
      Slot slot = new Slot(name, shape, offset, kept);
      slots.add(slot);
      offset += slot.floats();
      return this;
    }

    RowLayout build() {
      return new RowLayout(slots);
    }
  }
}
