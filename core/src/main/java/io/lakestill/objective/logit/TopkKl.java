package io.lakestill.objective.logit;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.KeptClasses;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Knowledge distillation from the k classes a teacher kept, with the rest as one bucket.
 *
 * <p>{@code loss = (T^2/B) sum_b [ sum_{i kept} p_i (log p_i - log q_i) + P (log P - log Q) ]},
 * with {@code p, q} the full softmax at T and {@code P, Q} the mass outside the kept classes;
 * without dropped classes the second part is 0.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code index.topk: [batch,
 * k]}, in a training those of the k largest cached {@code teacher.logits}. In nats. Mass and
 * gradient of the rest are formed from log-sums, so a rest of 1e-30 does no harm.
 *
 * <p>Source: the formula; equal to arcee-ai/DistillKit {@code kl.py} with {@code SYMMETRIC_UNIFORM}
 * except for its clamp of the rest to 1e-8.
 */
public final class TopkKl implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Schedule temperature;
  private final int k;
  private double kept;
  private double rest;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;
  private transient double[] slope;
  private transient boolean[] isKept;

  /**
   * @param k the number of kept classes of a row
   */
  public TopkKl(Schedule temperature, int k) {
    this.temperature = Rule.positive("temperature", temperature);
    this.k = Rule.atLeast(1, "k", k);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "index.topk");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int classes = dimensions.channels("teacher.logits");
    if (k > classes) {
      throw Errors.badRecipe(
          "topk-kl has k = %d, but the teacher has %d classes; lower k.".formatted(k, classes));
    }
    Draw kept = new Draw.Largest("index.topk", "teacher.logits", k);
    return new Equipment(List.of(), List.of(), List.of(kept));
  }

  @Override
  public Optional<KeptClasses> kept(String input) {
    return input.equals("teacher.logits")
        ? Optional.of(new KeptClasses(k, temperature))
        : Optional.empty();
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double t = temperature.at(batch.progress());
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    int[] topk = batch.indices("index.topk", rows, k, classes);
    rowLosses = Scratch.atLeast(rowLosses, rows);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    slope = Scratch.atLeast(slope, classes);
    isKept = isKept != null && isKept.length >= classes ? isKept : new boolean[classes];
    double scale = t * t / rows;
    kept = 0;
    rest = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(teacher.data(), offset, classes, t, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      Arrays.fill(isKept, false);
      for (int i = row * k; i < (row + 1) * k; i++) {
        isKept[topk[i]] = true;
      }
      rowLosses[row] = rows * addRow(classes, scale);
      SoftmaxGradient.add(scale / t, slope, studentLog, classes, gradient, offset);
    }
    return kept + rest;
  }

  /** Adds to both parts and gives what the row adds to the loss. */
  private double addRow(int classes, double scale) {
    double ofKept = 0;
    double teacherRest = Double.NEGATIVE_INFINITY;
    double studentRest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      if (isKept[c]) {
        double p = Math.exp(teacherLog[c]);
        ofKept += scale * p * (teacherLog[c] - studentLog[c]);
        slope[c] = -p;
      } else {
        teacherRest = LogSums.logAdd(teacherRest, teacherLog[c]);
        studentRest = LogSums.logAdd(studentRest, studentLog[c]);
      }
    }
    kept += ofKept;
    if (teacherRest == Double.NEGATIVE_INFINITY) {
      return ofKept;
    }
    double mass = Math.exp(teacherRest);
    double ofRest = scale * mass * (teacherRest - studentRest);
    rest += ofRest;
    for (int c = 0; c < classes; c++) {
      if (!isKept[c]) {
        slope[c] = -mass * Math.exp(studentLog[c] - studentRest);
      }
    }
    return ofKept + ofRest;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("kept", kept, "rest", rest);
  }

  /** Finds {@link TopkKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "topk-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      int k = options.integer("k");
      return options.build(() -> new TopkKl(temperature, k));
    }
  }
}
