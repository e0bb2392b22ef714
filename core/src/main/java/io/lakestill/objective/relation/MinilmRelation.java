package io.lakestill.objective.relation;

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
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * MiniLM: how tokens attend to each other within queries, keys and values.
 *
 * <p>For {@code R} in q, k, v: {@code softmax(R R^T / sqrt(d))} over tokens, per head; {@code loss
 * = sum_R 1/(B heads L) sum KL(teacher relation || student relation)}. A student with other heads
 * is reinterpreted in memory as {@code [batch, relation-heads, L, rest]} and {@code d} is {@code
 * rest}.
 *
 * <p>Shapes: {@code student.q, .k, .v: [batch, heads, L, d]}, {@code teacher.q, .k, .v} likewise.
 * In nats. No padding mask. With one token the loss is 0.
 *
 * <p>Source: Wang et al., "MiniLMv2", 2021; MinhDucBui/revisiting_distillation {@code
 * feature_distill.py}, {@code minilm_v2}, whose reinterpretation mixes tokens and heads where head
 * counts differ; it is reproduced.
 */
public final class MinilmRelation implements Objective {
  private static final long serialVersionUID = 1L;

  private final int relationHeads;
  private final double[] losses = new double[3];
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] row;
  private transient double[] slope;

  public MinilmRelation(int relationHeads) {
    this.relationHeads = Rule.atLeast(1, "relation-heads", relationHeads);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.q", "student.k", "student.v", "teacher.q", "teacher.k", "teacher.v");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    losses[0] = relation(batch, "q", gradients);
    losses[1] = relation(batch, "k", gradients);
    losses[2] = relation(batch, "v", gradients);
    return losses[0] + losses[1] + losses[2];
  }

  private double relation(Batch batch, String name, Gradients gradients) {
    Tensor ours = batch.finite("student." + name);
    Tensor theirs = batch.finite("teacher." + name);
    int tokens = ours.dimension(2);
    int blocks = ours.rows() * relationHeads;
    int width = ours.size() / blocks / tokens;
    int teacherWidth = theirs.size() / blocks / tokens;
    if (width * blocks * tokens != ours.size() || teacherWidth * blocks * tokens != theirs.size()) {
      throw Errors.badInput(
          "'student.%s' %s and 'teacher.%s' %s cannot be seen as %d relation heads of %d tokens."
              .formatted(name, ours, name, theirs, relationHeads, tokens));
    }
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    studentLog = Scratch.atLeast(studentLog, tokens * tokens);
    teacherLog = Scratch.atLeast(teacherLog, tokens * tokens);
    slope = Scratch.atLeast(slope, ours.size());
    double share = 1.0 / blocks / tokens;
    double loss = 0;
    for (int block = 0; block < blocks; block++) {
      scores(teacher, block, tokens, teacherWidth, teacherLog);
      scores(student, block, tokens, width, studentLog);
      for (int i = 0; i < tokens * tokens; i++) {
        double p = Math.exp(teacherLog[i]);
        loss += share * p * (teacherLog[i] - studentLog[i]);
        studentLog[i] = share * (Math.exp(studentLog[i]) - p) / Math.sqrt(width);
      }
      Matrices.addTranspose(studentLog, tokens);
      int at = block * tokens * width;
      matrices.multiply(studentLog, 0, student, at, tokens, tokens, width, slope, at);
    }
    Doubles.addTo(gradients.of("student." + name), 1, slope);
    return loss;
  }

  /** The log-relations of one head. */
  private void scores(double[] values, int block, int tokens, int width, double[] log) {
    row = Scratch.atLeast(row, tokens);
    matrices.gram(values, block * tokens * width, tokens, width, log, 0);
    for (int i = 0; i < tokens; i++) {
      for (int j = 0; j < tokens; j++) {
        row[j] = log[i * tokens + j] / Math.sqrt(width);
      }
      LogSoftmax.normalise(row, tokens);
      System.arraycopy(row, 0, log, i * tokens, tokens);
    }
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("q", losses[0], "k", losses[1], "v", losses[2]);
  }

  /** Finds {@link MinilmRelation} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "minilm-relation";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int heads = options.integer("relation-heads");
      return options.build(() -> new MinilmRelation(heads));
    }
  }
}
