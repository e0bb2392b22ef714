package io.lakestill.objective;

import io.lakestill.error.Errors;
import io.lakestill.recipe.Progress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The inputs of one step by name: {@code student.logits}, {@code teacher.logits}, {@code
 * student.embedding}, {@code labels}, ...
 *
 * <p>A batch is made once per shape and kept: its arrays are the caller's and are refilled every
 * step. Row {@code i} of every {@code student.*} and {@code teacher.*} tensor and of {@code labels}
 * is the same example.
 */
public final class Batch {
  private final int rows;
  private final Map<String, Tensor> tensors;
  private final Map<String, Indices> indices;

  private final State state;
  private final Map<String, Family> families = new HashMap<>();
  private Progress progress = Progress.START;

  private Batch(int rows, Map<String, Tensor> tensors, Map<String, Indices> indices, State state) {
    this.rows = rows;
    this.state = state;
    this.tensors = Map.copyOf(tensors);
    this.indices = Map.copyOf(indices);
  }

  /** Starts a batch of so many examples. */
  public static Builder of(int rows) {
    return new Builder(rows);
  }

  public int rows() {
    return rows;
  }

  public SortedSet<String> names() {
    SortedSet<String> names = new TreeSet<>(tensors.keySet());
    names.addAll(indices.keySet());
    return names;
  }

  public boolean has(String name) {
    return tensors.containsKey(name) || indices.containsKey(name);
  }

  /** Whether it is a tensor of this batch, not whole numbers. */
  public boolean hasTensor(String name) {
    return tensors.containsKey(name);
  }

  /** The values as they are. */
  public Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw absent(name);
    }
    return tensor;
  }

  /** The values, every one of them finite; otherwise an error that names the input and the row. */
  public Tensor finite(String name) {
    Tensor tensor = tensor(name);
    float[] data = tensor.data();
    int size = tensor.size();
    float sum = 0;
    for (int i = 0; i < size; i++) {
      sum += data[i] * 0f;
    }
    if (sum != 0f) {
      int first = 0;
      while (Float.isFinite(data[first])) {
        first++;
      }
      throw Errors.notFinite(name, first / tensor.width(), data[first]);
    }
    return tensor;
  }

  /**
   * All tensors whose name starts as {@code pattern} does before its final {@code *}, in the order
   * of their names and every one of them finite; at least one.
   */
  public List<Tensor> allFinite(String pattern) {
    Family members = families.computeIfAbsent(pattern, this::members);
    if (members.names.isEmpty()) {
      throw absent(pattern);
    }
    for (String name : members.names) {
      finite(name);
    }
    return members.tensors;
  }

  /**
   * Those of the names that this batch has, families spelled out: what an objective can be
   * differentiated by here. An input it misses is its own to complain of.
   */
  public Set<String> present(Set<String> names) {
    Set<String> present = new TreeSet<>();
    for (String name : names) {
      present.addAll(Requirements.members(name, tensors.keySet()));
    }
    return present;
  }

  /** Found once, so that a step makes no lists. */
  private record Family(List<String> names, List<Tensor> tensors) {}

  private Family members(String pattern) {
    List<String> names = Requirements.members(pattern, tensors.keySet());
    return new Family(names, names.stream().map(tensors::get).toList());
  }

  /**
   * The whole numbers of that name, which must be {@code rows} by {@code width}, each in {@code [0,
   * below)}; otherwise an error that names the row.
   */
  public int[] indices(String name, int rows, int width, int below) {
    Indices found = indices(name);
    if (found.rows() != rows || found.width() != width) {
      throw Errors.badInput(
          "'%s' is %d by %d where %d by %d is needed."
              .formatted(name, found.rows(), found.width(), rows, width));
    }
    for (int i = 0; i < rows * width; i++) {
      if (found.data()[i] < 0 || found.data()[i] >= below) {
        throw Errors.badInput(
            "'%s' holds %d in row %d of the batch; it must be in [0, %d)."
                .formatted(name, found.data()[i], i / width, below));
      }
    }
    return found.data();
  }

  public Indices indices(String name) {
    Indices found = indices.get(name);
    if (found == null) {
      throw absent(name);
    }
    return found;
  }

  /** What objectives remember from step to step. */
  public State state() {
    return state;
  }

  /** How far the training is at this step. */
  public Progress progress() {
    return progress;
  }

  /** Says how far the training is; like the values, it is set anew for each step. */
  public void progress(Progress now) {
    progress = now;
  }

  /** The same inputs and more of them; progress is said to each batch on its own. */
  Batch and(Map<String, Tensor> more) {
    Map<String, Tensor> all = new TreeMap<>(tensors);
    all.putAll(more);
    return new Batch(rows, all, indices, state);
  }

  /** The same inputs with another memory. */
  public Batch with(State other) {
    return new Batch(rows, tensors, indices, other);
  }

  /**
   * The labels, every one of them in {@code [0, classes)}; otherwise an error that names the row.
   */
  public int[] labels(int classes) {
    int[] labels = indices(Requirements.LABELS).data();
    for (int row = 0; row < rows; row++) {
      if (labels[row] < 0 || labels[row] >= classes) {
        throw Errors.badLabel(row, labels[row], classes);
      }
    }
    return labels;
  }

  /** Whether a row is left out: the batch has a {@code mask} and it is 0 there. */
  public boolean masked(int row) {
    Indices mask = indices.get(Requirements.MASK);
    return mask != null && mask.data()[row] == 0;
  }

  /** The rows that are not left out. */
  public int unmaskedRows() {
    int unmasked = 0;
    for (int row = 0; row < rows; row++) {
      unmasked += masked(row) ? 0 : 1;
    }
    return unmasked;
  }

  private IllegalArgumentException absent(String name) {
    return new IllegalArgumentException(
        "The batch has no '%s'; it has %s.".formatted(name, String.join(", ", names())));
  }

  /** Collects the inputs of a batch. */
  public static final class Builder {
    private final int rows;
    private final Map<String, Tensor> tensors = new TreeMap<>();
    private final Map<String, Indices> indices = new TreeMap<>();
    private State state = new State();

    private Builder(int rows) {
      if (rows < 1) {
        throw new IllegalArgumentException("A batch needs at least one row, has " + rows + ".");
      }
      this.rows = rows;
    }

    public Builder tensor(String name, Tensor tensor) {
      if (name.startsWith("student.") || name.startsWith("teacher.")) {
        requireRows(name, tensor.rows());
      }
      tensors.put(name, tensor);
      return this;
    }

    public Builder indices(String name, Indices values) {
      if (name.equals(Requirements.LABELS)) {
        requireRows(name, values.rows());
      }
      indices.put(name, values);
      return this;
    }

    /** One class index per row. */
    public Builder labels(int[] labels) {
      return indices(Requirements.LABELS, new Indices(new int[] {rows}, labels));
    }

    public Builder state(State memory) {
      state = memory;
      return this;
    }

    public Batch build() {
      return new Batch(rows, tensors, indices, state);
    }

    private void requireRows(String name, int found) {
      if (found != rows) {
        throw new IllegalArgumentException(
            "'%s' has %d rows in a batch of %d.".formatted(name, found, rows));
      }
    }
  }
}
