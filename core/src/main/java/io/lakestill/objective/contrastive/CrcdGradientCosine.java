package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Cosine;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * The gradient element of CRCD: the loss pulls the student's embedding where it would pull the
 * teacher's.
 *
 * <p>{@code g_s = (1/B) W_s^T (softmax(W_s f_s + b_s) - onehot(y))}, the derivative of the mean
 * cross-entropy by the embedding, {@code g_t} likewise with the teacher's classifier; {@code loss =
 * 1 - (1/B) sum_b cos(g_t, g_s)}, norms at least 1e-8. The gradient passes through {@code g_s}; the
 * teacher's classifier is fixed. The official factor 10 is the term's weight.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]}, {@code
 * weight.student_classifier, weight.teacher_classifier: [classes, width]}, their {@code bias},
 * {@code labels: [batch]}. On rows a network is sure of, {@code g} is shorter than the floor and
 * counts less.
 *
 * <p>Source: Zhu et al., "Complementary Relation Contrastive Distillation", 2021; Lechatelia/CRCD
 * {@code helper/loops.py}, {@code gard_cos_sim}.
 */
public final class CrcdGradientCosine implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-8;

  private final LinearHead student = new LinearHead("student_classifier");
  private final LinearHead teacher = new LinearHead("teacher_classifier");
  private transient double[] features;
  private transient double[] teacherFeatures;
  private transient double[] error;
  private transient double[] ours;
  private transient double[] theirs;
  private transient double[] byOurs;
  private transient double[] log;
  private transient double[] slope;
  private transient double[] byLogits;
  private transient double[] byWeight;

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding",
        "teacher.embedding",
        "weight.student_classifier",
        "bias.student_classifier",
        "weight.teacher_classifier",
        "bias.teacher_classifier",
        "labels");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    throw Errors.notTrainable(
        "crcd-gradient-cosine",
        "the weights of the last layers of student and teacher",
        "a signal table holds none of the teacher's, and those of the student are not an output;"
            + " use crcd-feature");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor f = batch.finite("student.embedding");
    Tensor weight = batch.finite("weight.student_classifier");
    int rows = f.rows();
    int width = f.width();
    Shapes.requireSame(
        "student.embedding", f, "teacher.embedding", batch.finite("teacher.embedding"));
    teacherFeatures = Doubles.of(batch.tensor("teacher.embedding"), teacherFeatures);
    features = Doubles.of(f, features);
    theirs = pull(batch, teacher, "weight.teacher_classifier", teacherFeatures, width, theirs);
    ours = pull(batch, student, "weight.student_classifier", features, width, ours);
    int classes = student.out();
    byOurs = Scratch.atLeast(byOurs, rows * width);
    Arrays.fill(byOurs, 0, rows * width, 0.0);
    byLogits = Scratch.atLeast(byLogits, rows * classes);
    byWeight = Scratch.atLeast(byWeight, classes * width);
    Arrays.fill(byWeight, 0, classes * width, 0.0);
    slope = Scratch.atLeast(slope, classes);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int at = row * width;
      double factor = -1.0 / rows;
      loss += (1 - Cosine.withGradient(ours, at, theirs, at, width, FLOOR, factor, byOurs)) / rows;
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        double byError = 0;
        for (int d = 0; d < width; d++) {
          byError += weight.at(c * width + d) * byOurs[at + d] / rows;
          byWeight[c * width + d] += error[row * classes + c] * byOurs[at + d] / rows;
        }
        slope[c] = byError * Math.exp(log[row * classes + c]);
        sum += slope[c];
      }
      for (int c = 0; c < classes; c++) {
        byLogits[row * classes + c] = slope[c] - Math.exp(log[row * classes + c]) * sum;
      }
    }
    Doubles.addTo(gradients.of("weight.student_classifier"), 1, byWeight);
    Doubles.addTo(gradients.of("student.embedding"), 1, student.backward(byLogits, gradients));
    return loss;
  }

  /** {@code g}; leaves log-probabilities and errors of this side in scratch. */
  private double[] pull(
      Batch batch, LinearHead head, String name, double[] f, int width, double[] reused) {
    int rows = batch.rows();
    double[] logits = head.forward(batch, f, rows, width, 1);
    int classes = head.out();
    int[] labels = batch.labels(classes);
    Tensor weight = batch.tensor(name);
    log = Scratch.atLeast(log, rows * classes);
    error = Scratch.atLeast(error, rows * classes);
    double[] g = Scratch.atLeast(reused, rows * width);
    Arrays.fill(g, 0, rows * width, 0.0);
    slope = Scratch.atLeast(slope, classes);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(logits, row * classes, slope, 0, classes);
      LogSoftmax.normalise(slope, classes);
      double others = Math.exp(LogSums.logSumWithout(labels[row], slope, classes));
      for (int c = 0; c < classes; c++) {
        log[row * classes + c] = slope[c];
        // q_y - 1 is formed from the others, since 1 - 1e-20 has no digits left.
        double by = c == labels[row] ? -others : Math.exp(slope[c]);
        error[row * classes + c] = by;
        for (int d = 0; d < width; d++) {
          g[row * width + d] += weight.at(c * width + d) * by / rows;
        }
      }
    }
    return g;
  }

  /** Finds {@link CrcdGradientCosine} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "crcd-gradient-cosine";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(CrcdGradientCosine::new);
    }
  }
}
