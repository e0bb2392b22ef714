package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Optional;

/**
 * DistilCSE's contrast: a sentence's embedding is told from a queue of the teacher's.
 *
 * <p>{@code q = normalise(L h_s)}, {@code k = normalise(h_t)}; keys are this batch's {@code k},
 * then the queue, newest first; {@code scores = exp(log_scale) q keys^T}; {@code loss} is the mean
 * cross-entropy with key i for row i, plus, with {@code add-mse}, the mean squared difference of
 * {@code L h_s} and {@code h_t}. The new queue is the first {@code queue-size} keys. A key equal to
 * the positive counts as a negative.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding: [batch, out]},
 * {@code weight.student_projection: [out, width]}, {@code bias.student_projection: [out]}, {@code
 * weight.log_scale: [1]}, {@code state.queue: [up to queue-size, out]}, empty at the start.
 *
 * <p>Memory: each worker (a core) has a queue of the keys of its own batches, as each process has
 * in the reference; with W workers the queues hold W times the keys, from W times as many steps
 * back. A queue that with the batch is longer than the worker's shard always holds the row's own
 * key of the pass before, as a negative, and is refused. A shorter one may hold it where two passes
 * meet, whose orders differ, as in the reference.
 *
 * <p>Source: Gao et al., "DistilCSE", 2021; caskcsg/sentemb {@code ckd_contrastive.py}, whose
 * script starts log_scale at 1.
 */
public final class DistilcseCkd implements Objective {
  private static final long serialVersionUID = 1L;

  private final int queueSize;
  private final boolean addMse;
  private final LinearHead head = new LinearHead("student_projection");
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] values;
  private transient double[] query;
  private transient double[] keys;
  private transient double[] norms;
  private transient double[] products;
  private transient double[] scores;
  private transient double[] slope;

  DistilcseCkd(int queueSize, boolean addMse) {
    this.queueSize = Rule.atLeast(1, "queue-size", queueSize);
    this.addMse = addMse;
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding",
        "teacher.embedding",
        "weight.student_projection",
        "bias.student_projection",
        "weight.log_scale",
        "state.queue");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int room = dimensions.samples() - dimensions.rows();
    if (queueSize > room) {
      throw Errors.badRecipe(
          ("distilcse-ckd has queue-size = %d, but a worker has %d training rows and batches of %d:"
                  + " the queue would hold a row's own key, as a negative; set queue-size to at most"
                  + " %d, or use fewer cores.")
              .formatted(queueSize, dimensions.samples(), dimensions.rows(), Math.max(0, room)));
    }
    int out = dimensions.channels("teacher.embedding");
    Head logScale = new Head("weight.log_scale", List.of(1), new InitialValues.Constant(1));
    Memory queue = new Memory("state.queue", List.of(0, out), InitialValues.ZERO);
    return head.equip(dimensions.channels("student.embedding"), out)
        .and(new Equipment(List.of(logScale), List.of(queue), List.of()));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    double scale = Math.exp(batch.finite("weight.log_scale").at(0));
    int rows = ours.rows();
    int width = theirs.width();
    Tensor queue = batch.state().tensor("state.queue");
    int count = rows + queue.rows();
    values = Doubles.of(ours, values);
    double[] projected = head.forward(batch, values, rows, ours.width(), 1);
    query = Scratch.atLeast(query, rows * width);
    System.arraycopy(projected, 0, query, 0, rows * width);
    keys = Scratch.atLeast(keys, count * width);
    for (int i = 0; i < count * width; i++) {
      keys[i] = i < rows * width ? theirs.at(i) : queue.data()[i - rows * width];
    }
    norms = Scratch.atLeast(norms, rows);
    UnitRows.normalise(keys, rows, width, 0, norms);
    UnitRows.normalise(query, rows, width, 0, norms);
    products = Scratch.atLeast(products, rows * count);
    matrices.multiplyTransposed(query, keys, rows, width, count, products);
    double loss = contrast(rows, count, scale, gradients);
    slope = Scratch.atLeast(slope, rows * width);
    matrices.multiply(products, keys, rows, count, width, slope);
    UnitRows.backward(slope, query, norms, rows, width, 0);
    if (addMse) {
      for (int i = 0; i < rows * width; i++) {
        double difference = projected[i] - theirs.at(i);
        loss += difference * difference / (rows * width);
        slope[i] += 2 * difference / (rows * width);
      }
    }
    Doubles.addTo(gradients.of("student.embedding"), 1, head.backward(slope, gradients));
    remember(batch.state(), Math.min(count, queueSize), width);
    return loss;
  }

  /** The cross-entropy; replaces each product by the loss's derivative by it. */
  private double contrast(int rows, int count, double scale, Gradients gradients) {
    scores = Scratch.atLeast(scores, count);
    double loss = 0;
    double byScale = 0;
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < count; k++) {
        scores[k] = scale * products[row * count + k];
      }
      LogSoftmax.normalise(scores, count);
      loss -= scores[row] / rows;
      for (int k = 0; k < count; k++) {
        double by = (Math.exp(scores[k]) - (k == row ? 1 : 0)) / rows;
        byScale += by * products[row * count + k];
        products[row * count + k] = by * scale;
      }
    }
    gradients.of("weight.log_scale").data()[0] += (float) (byScale * scale);
    return loss;
  }

  private void remember(State state, int kept, int width) {
    Tensor queue = state.tensor("state.queue");
    if (queue.rows() != kept) {
      queue = Tensor.zeros(kept, width);
      state.put("state.queue", queue);
    }
    for (int i = 0; i < kept * width; i++) {
      queue.data()[i] = (float) keys[i];
    }
  }

  /** Finds {@link DistilcseCkd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "distilcse-ckd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int queueSize = options.integer("queue-size");
      boolean addMse = options.flag("add-mse");
      return options.build(() -> new DistilcseCkd(queueSize, addMse));
    }
  }
}
