package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.List;
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
 * weight.*_projection: [projection-dim, width]} with {@code bias}; {@code state.queue: [queue-size,
 * projection-dim]}, {@code state.queue_pointer: [1]}. The batch has at most {@code queue-size}
 * rows; where it does not divide it, rows go on at the queue's start (the reference refuses that).
 *
 * <p>Memory: each worker (a core) has a queue of {@code queue-size} rows, of its own batches. With
 * W workers the queues hold W times the rows, each from W times as many steps back.
 *
 * <p>The queue's first values are normal, each <em>column</em> of length 1, as the reference has
 * them ({@code F.normalize(randn(queue-size, projection-dim), dim=0)}), so that its rows are far
 * shorter than the unit rows that replace them. The paper speaks of unit embeddings, by which each
 * <em>row</em> would have length 1. The difference lasts until the queue is full once.
 *
 * <p>Source: Giakoumoglou, Stathaki, "Relational Representation Distillation", 2024;
 * giakoumoglou/distillers {@code RRD.py}, FIFO memory. Its arguments default to T_s = 0.1 and T_t =
 * 0.02, a docstring and the last abstract have them the other way round.
 */
public final class Rrd implements Objective {
  private static final long serialVersionUID = 1L;

  /** Rows whose relations are held at once: a few megabytes at the default queue. */
  private static final int BLOCK = 32;

  private final UnitHead student = new UnitHead("student.embedding", "student_projection", 1e-12);
  private final UnitHead teacher = new UnitHead("teacher.embedding", "teacher_projection", 1e-12);

  private final Schedule studentTemperature;
  private final Schedule teacherTemperature;
  private final int projectionDim;
  private final int queueSize;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] queue;
  private transient double[] line;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] slope;

  Rrd(int projectionDim, Schedule studentTemperature, Schedule teacherTemperature, int queueSize) {
    this.projectionDim = Rule.atLeast(1, "projection-dim", projectionDim);
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
  public Equipment equip(Dimensions dimensions) {
    if (dimensions.rows() > queueSize) {
      throw Errors.badRecipe(
          "rrd has queue-size = %d, but a worker's batch has %d rows; raise queue-size."
              .formatted(queueSize, dimensions.rows()));
    }
    List<Integer> shape = List.of(queueSize, projectionDim);
    Memory queue = new Memory("state.queue", shape, new InitialValues.UnitColumns(projectionDim));
    Memory pointer = new Memory("state.queue_pointer", List.of(1), InitialValues.ZERO);
    return student
        .equip(dimensions, projectionDim)
        .and(teacher.equip(dimensions, projectionDim))
        .and(new Equipment(List.of(), List.of(queue, pointer), List.of()));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] a = student.forward(batch);
    double[] c = teacher.forward(batch);
    int rows = batch.rows();
    int width = student.width();
    enqueue(batch, c, rows, width);
    queue = Doubles.of(batch.state().tensor("state.queue"), queue);
    int block = Math.min(rows, BLOCK);
    studentLog = Scratch.atLeast(studentLog, block * queueSize);
    teacherLog = Scratch.atLeast(teacherLog, block * queueSize);
    line = Scratch.atLeast(line, queueSize);
    slope = Scratch.atLeast(slope, rows * width);
    double ours = studentTemperature.at(batch.progress());
    double theirs = teacherTemperature.at(batch.progress());
    double loss = 0;
    for (int first = 0; first < rows; first += BLOCK) {
      int many = Math.min(BLOCK, rows - first);
      int at = first * width;
      matrices.multiplyTransposed(c, at, queue, 0, many, width, queueSize, teacherLog, 0);
      matrices.multiplyTransposed(a, at, queue, 0, many, width, queueSize, studentLog, 0);
      for (int i = 0; i < many; i++) {
        loss += compare(i * queueSize, rows, ours, theirs);
      }
      matrices.multiply(studentLog, 0, queue, 0, many, queueSize, width, slope, at);
    }
    student.backward(slope, gradients);
    return loss;
  }

  private void enqueue(Batch batch, double[] c, int rows, int width) {
    Tensor queue = batch.state().tensor("state.queue");
    Tensor pointer = batch.state().tensor("state.queue_pointer");
    if (queue.rows() != queueSize || queue.width() != width || queueSize < rows) {
      throw Errors.badInput(
          "rrd needs a queue of queue-size = %d rows of %d, at least the batch's %d; it is %s."
              .formatted(queueSize, width, rows, queue));
    }
    int first = (int) pointer.data()[0];
    for (int i = 0; i < rows * width; i++) {
      queue.data()[(first * width + i) % (queueSize * width)] = (float) c[i];
    }
    pointer.data()[0] = (first + rows) % queueSize;
  }

  /** The loss of a row; replaces its products by the derivatives by the student's. */
  private double compare(int from, int rows, double ours, double theirs) {
    double loss = 0;
    relation(teacherLog, from, theirs);
    System.arraycopy(line, 0, teacherLog, from, queueSize);
    relation(studentLog, from, ours);
    for (int k = 0; k < queueSize; k++) {
      double p = Math.exp(teacherLog[from + k]);
      loss -= p * line[k] / rows;
      studentLog[from + k] = (Math.exp(line[k]) - p) / ours / rows;
    }
    return loss;
  }

  /** The log-softmax of a row's products, in {@code line}. */
  private void relation(double[] products, int from, double temperature) {
    for (int k = 0; k < queueSize; k++) {
      line[k] = products[from + k] / temperature;
    }
    LogSoftmax.normalise(line, queueSize);
  }

  /** Finds {@link Rrd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "rrd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule studentTemperature = options.schedule("student-temperature");
      Schedule teacherTemperature = options.schedule("teacher-temperature");
      int projectionDim = options.integer("projection-dim");
      int queueSize = options.integer("queue-size");
      return options.build(
          () -> new Rrd(projectionDim, studentTemperature, teacherTemperature, queueSize));
    }
  }
}
