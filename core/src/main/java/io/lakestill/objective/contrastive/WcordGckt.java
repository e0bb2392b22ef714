package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.SpectralHead;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * The global term of WCoRD: the dual form of the Wasserstein distance between joint and product of
 * student and teacher embeddings.
 *
 * <p>{@code h = (W/sigma(W)) f + b}, of unit length with {@code normalize}; {@code positive = (1/B)
 * sum_i h^t_i . h^s_i / T}; each {@code negative} is the mean over rows and K negatives of one
 * side's {@code h_i} with the other side's bank; {@code loss = negative-scale (negative_s +
 * negative_t)/2 - positive}. Both projections learn.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.*_projection: [out, width]} with {@code bias}; {@code index.negatives: [batch, K]}; {@code
 * state.bank_student, state.bank_teacher: [rows, out]}, which are read and not written.
 *
 * <p>In distributed training each worker keeps the banks of its own examples and draws negatives
 * among them.
 *
 * <p>Experimental: from memory of the paper; symmetrisation, the mean over negatives and the exact
 * spectral norm are our choice.
 *
 * <p>Source: Chen et al., "Wasserstein Contrastive Representation Distillation", 2021; no reference
 * code.
 */
public final class WcordGckt implements Objective {
  private static final long serialVersionUID = 1L;

  private final double temperature;
  private final double negativeScale;
  private final SpectralHead student;
  private final SpectralHead teacher;
  private double positive;
  private double negativeStudent;
  private double negativeTeacher;
  private transient double[] byStudent;
  private transient double[] byTeacher;

  WcordGckt(double temperature, double negativeScale, SpectralHead.Norms norms) {
    this.temperature = Rule.positive("temperature", temperature);
    this.negativeScale = Rule.notNegative("negative-scale", negativeScale);
    this.student = new SpectralHead("student.embedding", "student_projection", norms);
    this.teacher = new SpectralHead("teacher.embedding", "teacher_projection", norms);
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
        "index.negatives",
        "state.bank_student",
        "state.bank_teacher");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] s = student.forward(batch);
    double[] t = teacher.forward(batch);
    int size = batch.rows() * student.width();
    byStudent = Scratch.atLeast(byStudent, size);
    byTeacher = Scratch.atLeast(byTeacher, size);
    double share = 1 / temperature / batch.rows();
    positive = 0;
    for (int i = 0; i < size; i++) {
      positive += share * s[i] * t[i];
      byStudent[i] = -share * t[i];
      byTeacher[i] = -share * s[i];
    }
    negativeStudent = negative(batch, s, "state.bank_teacher", byStudent);
    negativeTeacher = negative(batch, t, "state.bank_student", byTeacher);
    student.backward(byStudent, gradients);
    teacher.backward(byTeacher, gradients);
    return negativeScale * 0.5 * (negativeStudent + negativeTeacher) - positive;
  }

  private double negative(Batch batch, double[] h, String bankName, double[] byH) {
    Tensor bank = batch.state().tensor(bankName);
    int width = bank.width();
    int k = batch.indices("index.negatives").width();
    int[] negatives = batch.indices("index.negatives", batch.rows(), k, bank.rows());
    double share = 1 / temperature / batch.rows() / k;
    double sum = 0;
    for (int i = 0; i < batch.rows() * k; i++) {
      int row = i / k * width;
      int from = negatives[i] * width;
      for (int d = 0; d < width; d++) {
        sum += share * h[row + d] * bank.data()[from + d];
        byH[row + d] += 0.5 * negativeScale * share * bank.data()[from + d];
      }
    }
    return sum;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of(
        "positive",
        positive,
        "negative_student_anchor",
        negativeStudent,
        "negative_teacher_anchor",
        negativeTeacher);
  }

  /** Finds {@link WcordGckt} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "wcord-gckt";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double temperature = options.number("temperature");
      double negativeScale = options.number("negative-scale");
      var norms = new SpectralHead.Norms(options.flag("spectral-norm"), options.flag("normalize"));
      return options.build(() -> new WcordGckt(temperature, negativeScale, norms));
    }
  }
}
