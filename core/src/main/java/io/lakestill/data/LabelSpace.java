package io.lakestill.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The classes of a recipe, in the order of the logits. */
public final class LabelSpace {
  private static final int SHOWN = 5;

  private final List<String> classes;
  private final Map<String, Integer> indices = new HashMap<>();

  public LabelSpace(List<String> classes) {
    this.classes = List.copyOf(classes);
    for (String name : classes) {
      if (indices.put(name, indices.size()) != null) {
        throw new IllegalArgumentException("classes must be distinct, are " + classes);
      }
    }
  }

  public List<String> classes() {
    return classes;
  }

  public int size() {
    return classes.size();
  }

  /** The index a numeric label stands for, itself; empty when it is outside. */
  public OptionalInt index(long label) {
    return label >= 0 && label < size() ? OptionalInt.of((int) label) : OptionalInt.empty();
  }

  /** The index of a class name; empty when there is no such class. */
  public OptionalInt index(String name) {
    Integer index = indices.get(name);
    return index == null ? OptionalInt.empty() : OptionalInt.of(index);
  }

  /** What is allowed, for messages: the indices and the names, shortened when there are many. */
  public String described() {
    List<String> shown = classes.subList(0, Math.min(SHOWN, size()));
    return "0 to %d, or one of the names %s%s"
        .formatted(size() - 1, String.join(", ", shown), size() > SHOWN ? ", ..." : "");
  }

  /**
   * What to say about a table whose labels are not all in here.
   *
   * @param column the label column
   * @param count how many rows are outside
   * @param examples some of them, as {@code id=label}; the first five are shown
   */
  public String outside(String column, long count, List<String> examples) {
    return ("column '%s' of %d row%s is not in the label space (%s), such as %s; correct the"
            + " labels, name all classes in data.classes, or leave the rows out by a condition")
        .formatted(
            column,
            count,
            count == 1 ? "" : "s",
            described(),
            String.join(", ", examples.subList(0, Math.min(SHOWN, examples.size()))));
  }
}
