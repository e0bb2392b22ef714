package io.lakestill.objective;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Some rows of a batch as a batch of their own, and the way back for gradients.
 *
 * <p>Every input has one buffer for all numbers of rows; the batch of each number is made once. So
 * a step allocates nothing once each number has occurred.
 */
final class GatheredRows {
  private final Batch source;
  private final Map<String, Tensor> inputs = new TreeMap<>();
  private final Map<String, Indices> marks = new TreeMap<>();
  private final Map<String, Tensor> slopes = new TreeMap<>();
  private final Batch[] batches;
  private final Gradients[] gradients;
  private Gradients target;

  /**
   * @param requirements the inputs to gather; labels and mask are gathered too, heads passed on
   */
  GatheredRows(Batch source, Requirements requirements) {
    this.source = source;
    this.batches = new Batch[source.rows() + 1];
    this.gradients = new Gradients[source.rows() + 1];
    for (String name : source.present(requirements.inputs())) {
      inputs.put(name, isRows(name) ? empty(source.tensor(name)) : source.tensor(name));
    }
    for (String name : source.present(requirements.differentiable())) {
      if (isRows(name)) {
        slopes.put(name, empty(source.tensor(name)));
      }
    }
    for (String name : List.of(Requirements.LABELS, Requirements.MASK)) {
      if (source.has(name)) {
        marks.put(name, Indices.of(new int[source.rows()]));
      }
    }
  }

  private static boolean isRows(String name) {
    return name.startsWith("student.") || name.startsWith("teacher.");
  }

  private static Tensor empty(Tensor like) {
    return Tensor.zeros(like.shape());
  }

  /**
   * Copies rows of the source together.
   *
   * @param rows their numbers, ascending
   * @param count how many of {@code rows} are meant, at least 1
   */
  Batch gather(int[] rows, int count) {
    inputs.forEach(
        (name, to) -> {
          if (isRows(name)) {
            // Checked as a whole, so that an error names the row of the batch.
            Tensor from = source.finite(name);
            for (int i = 0; i < count; i++) {
              System.arraycopy(
                  from.data(), rows[i] * from.width(), to.data(), i * to.width(), to.width());
            }
          }
        });
    marks.forEach(
        (name, to) -> {
          int[] from = source.indices(name).data();
          for (int i = 0; i < count; i++) {
            to.data()[i] = from[rows[i]];
          }
        });
    if (batches[count] == null) {
      batches[count] = batchOf(count);
    }
    batches[count].progress(source.progress());
    return batches[count];
  }

  private Batch batchOf(int count) {
    Batch.Builder builder = Batch.of(count).state(source.state());
    inputs.forEach(
        (name, whole) -> builder.tensor(name, isRows(name) ? first(whole, count) : whole));
    marks.forEach(
        (name, whole) -> builder.indices(name, new Indices(new int[] {count}, whole.data())));
    return builder.build();
  }

  private static Tensor first(Tensor whole, int count) {
    int[] shape = whole.shape();
    shape[0] = count;
    return new Tensor(shape, whole.data());
  }

  /** Accumulators for so many rows, zero for student outputs; heads are the target's own. */
  Gradients zeroed(Gradients whole, int count) {
    if (whole != target) {
      Arrays.fill(gradients, null);
      target = whole;
    }
    if (gradients[count] == null) {
      Map<String, Tensor> accumulators = new TreeMap<>();
      for (String name : whole.names()) {
        if (slopes.containsKey(name)) {
          accumulators.put(name, first(slopes.get(name), count));
        } else if (!isRows(name)) {
          accumulators.put(name, whole.of(name));
        }
      }
      gradients[count] = Gradients.over(accumulators);
    }
    slopes.forEach((name, slope) -> Arrays.fill(slope.data(), 0, count * slope.width(), 0f));
    return gradients[count];
  }

  /** Adds the gradients of gathered rows to the rows they came from. */
  void scatter(int[] rows, int count, Gradients whole) {
    slopes.forEach(
        (name, slope) -> {
          if (whole.has(name)) {
            float[] to = whole.of(name).data();
            int width = slope.width();
            for (int i = 0; i < count; i++) {
              for (int k = 0; k < width; k++) {
                to[rows[i] * width + k] += slope.data()[i * width + k];
              }
            }
          }
        });
  }
}
