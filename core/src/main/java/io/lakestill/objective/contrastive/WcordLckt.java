package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The local term of WCoRD: the optimal transport between the batch's student and teacher
 * embeddings.
 *
 * <p>{@code h = normalise(W f + b)} on both sides; {@code C_ij = 1 - h^t_i . h^s_j}; the plan
 * {@code Pi = exp((f_i + g_j - C_ij)/eps)} after the given number of Sinkhorn iterations in the log
 * domain, with marginals 1/B; {@code loss = sum Pi C + eps sum Pi log Pi}. The gradient holds Pi
 * constant: {@code d loss / d C = Pi}.
 *
 * <p>Nothing here holds two embeddings apart, so two projections that both learn make the loss
 * small by mapping everything to one point. The paper's local term is read two ways: {@code
 * teacher-projection = learned} as written, with projections of its own or those that the global
 * term's contrast keeps apart; {@code fixed}, the teacher's projection is random and stays as
 * drawn, so the term alone cannot collapse. Heads belong to one term here, so a recipe says {@code
 * fixed}.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.*_projection: [projection-dim, width]} with {@code bias}. In distributed training the
 * batch is one worker's part.
 *
 * <p>Experimental: from memory of the paper; eps and iterations are our choice.
 *
 * <p>Source: Chen et al., "Wasserstein Contrastive Representation Distillation", 2021; no reference
 * code.
 */
public final class WcordLckt implements Objective {
  private static final long serialVersionUID = 1L;

  /** Beyond it a product of kernel and factors may leave the range of a double. */
  private static final double MOST_EXPONENT = 150;

  /** Whether the teacher's side learns. */
  enum TeacherProjection {
    LEARNED,
    FIXED
  }

  private final UnitHead student = new UnitHead("student.embedding", "student_projection", 1e-12);
  private final UnitHead teacher = new UnitHead("teacher.embedding", "teacher_projection", 1e-12);

  private final int projectionDim;
  private final double epsilon;
  private final int iterations;
  private final TeacherProjection teacherProjection;
  private double transport;
  private double entropy;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] cost;
  private transient double[] rowPotential;
  private transient double[] columnPotential;
  private transient double[] line;
  private transient double[] kernel;
  private transient double[] turned;
  private transient double[] slope;

  WcordLckt(
      int projectionDim, double epsilon, int iterations, TeacherProjection teacherProjection) {
    this.teacherProjection = teacherProjection;
    this.projectionDim = Rule.atLeast(1, "projection-dim", projectionDim);
    this.epsilon = Rule.positive("epsilon", epsilon);
    this.iterations = Rule.atLeast(1, "iterations", iterations);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding",
        "teacher.embedding",
        "weight.student_projection",
        "bias.student_projection",
        "weight.teacher_projection",
        "bias.teacher_projection");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return student.equip(dimensions, projectionDim).and(teacher.equip(dimensions, projectionDim));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] s = student.forward(batch);
    double[] t = teacher.forward(batch);
    int rows = batch.rows();
    int width = student.width();
    cost = Scratch.atLeast(cost, rows * rows);
    matrices.multiplyTransposed(t, s, rows, width, rows, cost);
    for (int i = 0; i < rows * rows; i++) {
      cost[i] = 1 - cost[i];
    }
    sinkhorn(rows);
    transport = 0;
    entropy = 0;
    for (int i = 0; i < rows * rows; i++) {
      double log = (rowPotential[i / rows] + columnPotential[i % rows] - cost[i]) / epsilon;
      double plan = Math.exp(log);
      transport += plan * cost[i];
      entropy += epsilon * plan * log;
      cost[i] = -plan;
    }
    slope = Scratch.atLeast(slope, rows * width);
    matrices.transposedMultiply(cost, t, rows, rows, width, slope);
    student.backward(slope, gradients);
    if (teacherProjection == TeacherProjection.LEARNED) {
      matrices.multiply(cost, s, rows, rows, width, slope);
      teacher.backward(slope, gradients);
    }
    return transport + entropy;
  }

  /** {@code Pi} of the last {@link #evaluate}: {@code [teacher rows, student rows]}. */
  double[] plan() {
    return Arrays.stream(cost).map(entry -> -entry).toArray();
  }

  /** By scaling {@code exp(-cost / epsilon)} where that cannot underflow, else by logarithms. */
  private void sinkhorn(int rows) {
    rowPotential = Scratch.atLeast(rowPotential, rows);
    columnPotential = Scratch.atLeast(columnPotential, rows);
    // The cost of unit rows is at most 2.
    if (2 / epsilon < MOST_EXPONENT) {
      scale(rows);
    } else {
      scaleLogarithms(rows);
    }
  }

  /** Potentials as {@code epsilon} times the logarithms of factors of rows and columns. */
  private void scale(int rows) {
    kernel = Scratch.atLeast(kernel, rows * rows);
    turned = Scratch.atLeast(turned, rows * rows);
    for (int i = 0; i < rows * rows; i++) {
      kernel[i] = Math.exp(-cost[i] / epsilon);
    }
    Matrices.transpose(kernel, rows, rows, turned);
    Arrays.fill(columnPotential, 0, rows, 1.0);
    for (int iteration = 0; iteration < iterations; iteration++) {
      for (int i = 0; i < rows; i++) {
        rowPotential[i] = 1 / (rows * Doubles.dot(kernel, i * rows, columnPotential, 0, rows));
      }
      for (int j = 0; j < rows; j++) {
        columnPotential[j] = 1 / (rows * Doubles.dot(turned, j * rows, rowPotential, 0, rows));
      }
    }
    for (int i = 0; i < rows; i++) {
      rowPotential[i] = epsilon * Math.log(rowPotential[i]);
      columnPotential[i] = epsilon * Math.log(columnPotential[i]);
    }
  }

  private void scaleLogarithms(int rows) {
    line = Scratch.atLeast(line, rows);
    Arrays.fill(columnPotential, 0, rows, 0.0);
    double logShare = -Math.log(rows);
    for (int iteration = 0; iteration < iterations; iteration++) {
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++) {
          line[j] = (columnPotential[j] - cost[i * rows + j]) / epsilon;
        }
        rowPotential[i] = epsilon * (logShare - LogSums.logSumWithout(-1, line, rows));
      }
      for (int j = 0; j < rows; j++) {
        for (int i = 0; i < rows; i++) {
          line[i] = (rowPotential[i] - cost[i * rows + j]) / epsilon;
        }
        columnPotential[j] = epsilon * (logShare - LogSums.logSumWithout(-1, line, rows));
      }
    }
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("transport", transport, "entropy", entropy);
  }

  /** Finds {@link WcordLckt} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "wcord-lckt";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of(
          "from memory of the paper; eps and the number of iterations are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int projectionDim = options.integer("projection-dim");
      double epsilon = options.number("epsilon");
      int iterations = options.integer("iterations");
      var learning = options.choice("teacher-projection", TeacherProjection.class);
      return options.build(() -> new WcordLckt(projectionDim, epsilon, iterations, learning));
    }
  }
}
