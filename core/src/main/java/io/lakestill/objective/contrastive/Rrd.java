package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Relational representation distillation: a row lies to a queue of teacher embeddings as the
 * teacher's does.
 *
 * <p>{@code a = normalise(W_s f_s + b_s)}, {@code c = normalise(W_t f_t + b_t)}. First {@code c}
 * overwrites the queue's rows from the pointer on, which then advances; then {@code S = a Q^T},
 * {@code R = c Q^T} and {@code loss = -(1/B) sum_i sum_k softmax_k(R_i/T_t) log
 * softmax_k(S_i/T_s)}. Queue and R are constant, so the teacher's projection is in effect a fixed
 * random one.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.*_projection} with {@code bias}; {@code state.queue: [queue-size, out]}, {@code
 * state.queue_pointer: [1]}; the batch divides {@code queue-size}. In distributed training a
 * worker's queue holds the embeddings of its own batches.
 *
 * <p>Source: Giakoumoglou, Stathaki, "Relational Representation Distillation", 2024;
 * giakoumoglou/distillers {@code RRD.py}, FIFO memory. Its arguments default to T_s = 0.1 and T_t =
 * 0.02, a docstring and the last abstract have them the other way round.
 */
public final class Rrd implements Objective {
  private static final long serialVersionUID = 1L;

  private final UnitHead student = new UnitHead("student.embedding", "student_projection", 1e-12);
  private final UnitHead teacher = new UnitHead("teacher.embedding", "teacher_projection", 1e-12);

  private final double studentTemperature;
  private final double teacherTemperature;
  private final int queueSize;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] slope;

  Rrd(double studentTemperature, double teacherTemperature, int queueSize) {
    this.studentTemperature = Rule.positive("student-temperature", studentTemperature);
    this.teacherTemperature = Rule.positive("teacher-temperature", teacherTemperature);
    this.queueSize = Rule.atLeast(1, "queue-size", queueSize);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding",
        "teacher.embedding",
        "weight.student_projection",
        "bias.student_projection",
        "weight.teacher_projection",
        "bias.teacher_projection",
        "state.queue",
        "state.queue_pointer");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] a = student.forward(batch);
    double[] c = teacher.forward(batch);
    int rows = batch.rows();
    int width = student.width();
    float[] queue = enqueue(batch, c, rows, width);
    studentLog = Scratch.atLeast(studentLog, queueSize);
    teacherLog = Scratch.atLeast(teacherLog, queueSize);
    slope = Scratch.atLeast(slope, rows * width);
    Arrays.fill(slope, 0, rows * width, 0.0);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      relation(c, row, queue, width, teacherTemperature, teacherLog);
      relation(a, row, queue, width, studentTemperature, studentLog);
      for (int k = 0; k < queueSize; k++) {
        double p = Math.exp(teacherLog[k]);
        loss -= p * studentLog[k] / rows;
        double by = (Math.exp(studentLog[k]) - p) / studentTemperature / rows;
        for (int d = 0; d < width; d++) {
          slope[row * width + d] += by * queue[k * width + d];
        }
      }
    }
    student.backward(slope, gradients);
    return loss;
  }

  private float[] enqueue(Batch batch, double[] c, int rows, int width) {
    Tensor queue = batch.state().tensor("state.queue");
    Tensor pointer = batch.state().tensor("state.queue_pointer");
    if (queue.rows() != queueSize || queue.width() != width || queueSize % rows != 0) {
      throw Errors.badInput(
          "rrd needs a queue of queue-size = %d rows of %d, which the batch of %d divides; it is %s."
              .formatted(queueSize, width, rows, queue));
    }
    int first = (int) pointer.data()[0];
    for (int i = 0; i < rows * width; i++) {
      queue.data()[first * width + i] = (float) c[i];
    }
    pointer.data()[0] = (first + rows) % queueSize;
    return queue.data();
  }

  private static void relation(
      double[] v, int row, float[] queue, int width, double temperature, double[] log) {
    int size = queue.length / width;
    for (int k = 0; k < size; k++) {
      double sum = 0;
      for (int d = 0; d < width; d++) {
        sum += v[row * width + d] * queue[k * width + d];
      }
      log[k] = sum / temperature;
    }
    LogSoftmax.normalise(log, size);
  }

  /** Finds {@link Rrd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "rrd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double studentTemperature = options.number("student-temperature");
      double teacherTemperature = options.number("teacher-temperature");
      int queueSize = options.integer("queue-size");
      return options.build(() -> new Rrd(studentTemperature, teacherTemperature, queueSize));
    }
  }
}
