package io.lakestill.objective;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One term of a student's loss, with its analytic gradient. It knows neither Spark nor BigDL, nor
 * whether a teacher's signal was computed just now or read from a table.
 *
 * <p>An objective belongs to one thread: it reuses scratch arrays between calls, so that a step
 * allocates nothing once the shapes are known. Scratch is transient; a serialised copy starts
 * afresh and gives the same numbers.
 */
public interface Objective extends Serializable {
  /** What must be in a batch, and which of it the loss is differentiated by. */
  Requirements requires();

  /**
   * The heads, memory and drawn indices of a training with these dimensions; {@link Requirements}
   * names them all. An objective without any keeps this default.
   */
  default Equipment equip(Dimensions dimensions) {
    return Equipment.NONE;
  }

  /**
   * The last layers of student and teacher whose weights and biases are among its inputs. A
   * training provides them where the models are so built, and is refused where they are not.
   */
  default List<Classifier> classifiers() {
    return List.of();
  }

  /**
   * What it asks of an input of teacher's logits when that is less than all of them.
   *
   * @param input such as {@code teacher.logits}
   */
  default Optional<KeptClasses> kept(String input) {
    return Optional.empty();
  }

  /**
   * Evaluates the loss of one batch, which may be a part of the global batch, and <em>adds</em> its
   * derivative by each differentiable input to the accumulator of that name.
   *
   * <p>Arithmetic is in double. A NaN or infinite input is an error that names input and row; the
   * result is never NaN.
   *
   * @return the loss
   */
  double evaluate(Batch batch, Gradients gradients);

  /**
   * Whether every row's part of the loss depends on that row alone, so that a row can be a mixture
   * of two: what it learns from both is weighed by the share of each.
   */
  default boolean rowwise() {
    return this instanceof RowwiseObjective;
  }

  /**
   * How many rows, or how much of their weight, the last {@link #evaluate} is a mean over: what the
   * losses of several batches are weighed by when they are put together.
   *
   * @param batch of that evaluation
   */
  default double counted(Batch batch) {
    return batch.rows();
  }

  /**
   * The named parts of the last {@link #evaluate}, such as {@code tckd} and {@code nckd}; empty for
   * a loss of one part.
   */
  default Map<String, Double> parts() {
    return Map.of();
  }
}
