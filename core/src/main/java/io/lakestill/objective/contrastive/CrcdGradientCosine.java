package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Classifier;
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
import java.util.List;
import java.util.Optional;

/**
 * The gradient element of CRCD: the loss pulls the student's embedding where it would pull the
 * teacher's.
 *
 * <p>{@code g_s = (1/B) W_s^T (softmax(W_s f_s + b_s) - onehot(y))}, the derivative of the mean
 * cross-entropy by the embedding, {@code g_t} likewise with the teacher's classifier; {@code loss =
 * 1 - (1/B) sum_b cos(g_t, g_s)}, norms at least 1e-8. The gradient passes through {@code g_s}, so
 * the student's classifier learns from it, too; the teacher's is fixed. The official factor 10 is
 * the term's weight.
 *
 * <p>The official code needs embeddings of equal widths ({@code projection = none}). With {@code
 * projection = linear}, which is ours, {@code P g_s} stands in the cosine, {@code P} learnable.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding: [batch, width of
 * the teacher]}, {@code weight.student_classifier, weight.teacher_classifier: [classes, width]}
 * each of its own, their {@code bias}, {@code labels: [batch]}, {@code weight.gradient_projection:
 * [width of the teacher, width]}. On rows a network is sure of, {@code g} is shorter than the floor
 * and counts less.
 *
 * <p>Source: Zhu et al., "Complementary Relation Contrastive Distillation", 2021; Lechatelia/CRCD
 * {@code helper/loops.py}, {@code gard_cos_sim}.
 */
public final class CrcdGradientCosine implements Objective {
  private static final long serialVersionUID = 1L;

  /** How the student's gradients reach the teacher's width. */
  public enum Projection {
    /** They have it. */
    NONE,
    /** A learnable linear map without a bias: what is no gradient stays none. */
    LINEAR
  }

  private static final double FLOOR = 1e-8;
  private static final Classifier OF_STUDENT =
      new Classifier("student_classifier", "student.embedding");
  private static final Classifier OF_TEACHER =
      new Classifier("teacher_classifier", "teacher.embedding");

  private final boolean projected;
  private final LinearHead student = new LinearHead(OF_STUDENT.name());
  private final LinearHead teacher = new LinearHead(OF_TEACHER.name());
  private final LinearHead projection = new LinearHead("gradient_projection");
  private transient double[] features;
  private transient double[] teacherFeatures;
  private transient double[] error;
  private transient double[] ours;
  private transient double[] theirs;
  private transient double[] byCompared;
  private transient double[] log;
  private transient double[] slope;
  private transient double[] byLogits;
  private transient double[] byWeight;

  CrcdGradientCosine(Projection projection) {
    this.projected = projection == Projection.LINEAR;
  }

  @Override
  public Requirements requires() {
    Requirements inputs =
        Requirements.of(
            OF_STUDENT.features(),
            OF_TEACHER.features(),
            OF_STUDENT.weight(),
            OF_STUDENT.bias(),
            OF_TEACHER.weight(),
            OF_TEACHER.bias(),
            Requirements.LABELS);
    return projected ? inputs.and(Requirements.of("weight.gradient_projection")) : inputs;
  }

  @Override
  public List<Classifier> classifiers() {
    return List.of(OF_STUDENT, OF_TEACHER);
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int in = dimensions.channels(OF_STUDENT.features());
    int out = dimensions.channels(OF_TEACHER.features());
    if (projected) {
      return projection.equipWithoutBias(in, out);
    }
    if (in != out) {
      throw Errors.badRecipe(
          "crcd-gradient-cosine: '%s' has %d values and '%s' %d; set projection = linear."
              .formatted(OF_STUDENT.features(), in, OF_TEACHER.features(), out));
    }
    return Equipment.NONE;
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor f = batch.finite(OF_STUDENT.features());
    Tensor target = batch.finite(OF_TEACHER.features());
    if (!projected) {
      Shapes.requireSame(OF_STUDENT.features(), f, OF_TEACHER.features(), target);
    }
    int rows = f.rows();
    int width = f.width();
    teacherFeatures = Doubles.of(target, teacherFeatures);
    features = Doubles.of(f, features);
    theirs = pull(batch, teacher, OF_TEACHER.weight(), teacherFeatures, target.width(), theirs);
    ours = pull(batch, student, OF_STUDENT.weight(), features, width, ours);
    double[] compared = projected ? projection.forward(batch, ours, rows, width, 1) : ours;
    double loss = compare(compared, rows, target.width());
    double[] byGradient = projected ? projection.backward(byCompared, gradients) : byCompared;
    backward(batch, byGradient, rows, width, gradients);
    return loss;
  }

  /** The loss; leaves its derivative by the student's side in scratch. */
  private double compare(double[] compared, int rows, int width) {
    byCompared = Scratch.atLeast(byCompared, rows * width);
    Arrays.fill(byCompared, 0, rows * width, 0.0);
    double loss = 0;
    for (int at = 0; at < rows * width; at += width) {
      double factor = -1.0 / rows;
      double cosine =
          Cosine.withGradient(compared, at, theirs, at, width, FLOOR, factor, byCompared);
      loss += (1 - cosine) / rows;
    }
    return loss;
  }

  /** From {@code d loss / d g_s} to the student's embedding and classifier. */
  private void backward(
      Batch batch, double[] byGradient, int rows, int width, Gradients gradients) {
    Tensor weight = batch.tensor(OF_STUDENT.weight());
    int classes = student.out();
    byLogits = Scratch.atLeast(byLogits, rows * classes);
    byWeight = Scratch.atLeast(byWeight, classes * width);
    Arrays.fill(byWeight, 0, classes * width, 0.0);
    slope = Scratch.atLeast(slope, classes);
    for (int row = 0; row < rows; row++) {
      int at = row * width;
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        double byError = 0;
        for (int d = 0; d < width; d++) {
          byError += weight.at(c * width + d) * byGradient[at + d] / rows;
          byWeight[c * width + d] += error[row * classes + c] * byGradient[at + d] / rows;
        }
        slope[c] = byError * Math.exp(log[row * classes + c]);
        sum += slope[c];
      }
      for (int c = 0; c < classes; c++) {
        byLogits[row * classes + c] = slope[c] - Math.exp(log[row * classes + c]) * sum;
      }
    }
    Doubles.addTo(gradients.of(OF_STUDENT.weight()), 1, byWeight);
    Doubles.addTo(gradients.of(OF_STUDENT.features()), 1, student.backward(byLogits, gradients));
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
      Projection projection = options.choice("projection", Projection.class);
      return options.build(() -> new CrcdGradientCosine(projection));
    }
  }
}
