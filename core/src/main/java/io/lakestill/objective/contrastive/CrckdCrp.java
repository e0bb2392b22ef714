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
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Categorical relation preservation: a row lies to the class anchors as the teacher's does.
 *
 * <p>The banks are first updated as in {@code crckd-ccd}. The anchor of a class is {@code
 * normalise(mean of relu(bank row))} over the bank's rows of that class, on each side, constant in
 * the backward pass. {@code loss = (1/B) sum_b KL(softmax(v^t_b . anchors^t / T) || softmax(v^s_b .
 * anchors^s / T))}; the teacher's projection gets no gradient.
 *
 * <p>Shapes: as {@code crckd-ccd}, with {@code index.bank_labels: [n-data]} and {@code classes}. A
 * class without a row in the bank, or whose mean is 0, has no anchor: it is refused.
 *
 * <p>In distributed training each worker keeps the banks of its own examples and draws negatives
 * among them; {@code n-data} is the size of that shard, and so is the {@code n} of Z.
 *
 * <p>Source: Xing et al., "Categorical Relation-Preserving Contrastive Knowledge Distillation",
 * 2021; hathawayxxh/CRCKD {@code utils/} with {@code anchor_type = center}.
 */
public final class CrckdCrp implements Objective {
  private static final long serialVersionUID = 1L;
  private final UnitHead student = new UnitHead("student.embedding", "student_projection", 0);
  private final UnitHead teacher = new UnitHead("teacher.embedding", "teacher_projection", 0);

  private final BankOptions options;
  private final ClassPositives positives;
  private final int classes;
  private final NceSide studentSide = new NceSide("state.z_student");
  private final NceSide teacherSide = new NceSide("state.z_teacher");
  private final Bank studentBank = new Bank("state.bank_student");
  private final Bank teacherBank = new Bank("state.bank_teacher");
  private transient double[] studentAnchors;
  private transient double[] teacherAnchors;
  private transient double[] counts;
  private transient double[] norms;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] slope;

  CrckdCrp(BankOptions options, int positives, int classes) {
    this.options = options;
    this.positives = new ClassPositives(positives);
    this.classes = Rule.atLeast(2, "classes", classes);
  }

  @Override
  public Requirements requires() {
    return BankContrast.REQUIREMENTS.and(Requirements.of("index.bank_labels"));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    int rows = batch.rows();
    int width = options.projectionDim();
    double[] s = student.forward(batch);
    double[] t = teacher.forward(batch);
    normaliser(batch, studentSide, s, teacherBank);
    normaliser(batch, teacherSide, t, studentBank);
    studentBank.update(batch, options, s);
    teacherBank.update(batch, options, t);
    studentAnchors = anchors(batch, studentBank, studentAnchors);
    teacherAnchors = anchors(batch, teacherBank, teacherAnchors);
    studentLog = Scratch.atLeast(studentLog, classes);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    slope = Scratch.atLeast(slope, rows * width);
    Arrays.fill(slope, 0, rows * width, 0.0);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      relation(t, row, teacherAnchors, teacherLog);
      relation(s, row, studentAnchors, studentLog);
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        loss += p * (teacherLog[c] - studentLog[c]) / rows;
        double by = (Math.exp(studentLog[c]) - p) / options.temperature() / rows;
        for (int d = 0; d < width; d++) {
          slope[row * width + d] += by * studentAnchors[c * width + d];
        }
      }
    }
    student.backward(slope, gradients);
    return loss;
  }

  /** Sets Z on the first batch, as the contrast that shares these banks does. */
  private void normaliser(Batch batch, NceSide side, double[] v, Bank other) {
    int rows = batch.rows();
    int k = options.negatives();
    Tensor bank = other.in(batch, options);
    int[] same = positives.in(batch, bank.rows());
    int[] negatives = batch.indices("index.negatives", rows, k, bank.rows());
    side.multiply(v, rows, bank, same, positives.count(), negatives, k);
    side.loss(batch, rows, positives.count(), k, bank.rows(), options.temperature());
  }

  private double[] anchors(Batch batch, Bank source, double[] reused) {
    Tensor bank = source.in(batch, options);
    int width = bank.width();
    int[] labels = batch.indices("index.bank_labels", bank.rows(), 1, classes);
    double[] anchors = Scratch.atLeast(reused, classes * width);
    counts = Scratch.atLeast(counts, classes);
    norms = Scratch.atLeast(norms, classes);
    Arrays.fill(anchors, 0, classes * width, 0.0);
    Arrays.fill(counts, 0, classes, 0.0);
    for (int i = 0; i < bank.size(); i++) {
      anchors[labels[i / width] * width + i % width] += Math.max(0, bank.data()[i]);
      counts[labels[i / width]] += i % width == 0 ? 1 : 0;
    }
    UnitRows.normalise(anchors, classes, width, 0, norms);
    for (int c = 0; c < classes; c++) {
      if (norms[c] == 0) {
        throw Errors.badInput(
            "Class %d has no anchor: the bank holds %d of its rows, none with a positive entry."
                .formatted(c, (int) counts[c]));
      }
    }
    return anchors;
  }

  private void relation(double[] v, int row, double[] anchors, double[] log) {
    int width = options.projectionDim();
    for (int c = 0; c < classes; c++) {
      log[c] = Doubles.dot(v, row * width, anchors, c * width, width) / options.temperature();
    }
    LogSoftmax.normalise(log, classes);
  }

  /** Finds {@link CrckdCrp} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "crckd-crp";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var bank = BankOptions.read(options);
      int positives = options.integer("positives");
      int classes = options.integer("classes");
      return options.build(() -> new CrckdCrp(bank.get(), positives, classes));
    }
  }
}
