package io.lakestill.objective;

import java.util.List;
import java.util.Map;

/**
 * The sizes a training has, from which an objective says what {@link Equipment} it needs.
 *
 * @param rows the rows of one worker's batch
 * @param samples the training examples of one worker's shard
 * @param classes the number of classes
 * @param shapes of each {@code student.*} and {@code teacher.*} input by the objective's own name,
 *     without the batch axis
 */
public record Dimensions(int rows, int samples, int classes, Map<String, List<Integer>> shapes) {
  public Dimensions {
    shapes = Map.copyOf(shapes);
    if (rows < 1 || samples < 1 || classes < 2) {
      throw new IllegalArgumentException(
          "rows, samples and classes must be at least 1, 1 and 2, are %d, %d and %d"
              .formatted(rows, samples, classes));
    }
  }

  /** The shape of an input, without the batch axis. */
  public List<Integer> shape(String input) {
    List<Integer> shape = shapes.get(input);
    if (shape == null) {
      throw new IllegalArgumentException(
          "no shape is known of '%s', only of %s".formatted(input, shapes.keySet()));
    }
    return shape;
  }

  /** The first axis of an input after the batch: a map's channels, an embedding's width. */
  public int channels(String input) {
    return shape(input).get(0);
  }
}
