package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Categorical relation preservation: a row lies to the class anchors as the teacher's does.
 *
 * <p>The banks are first updated as in {@code crckd-ccd}. The anchor of a class is {@code
 * normalise(mean of relu(bank row))} over the bank's rows of that class, on each side, constant in
 * the backward pass. {@code loss = (1/B) sum_b KL(softmax(v^t_b . anchors^t / T) || softmax(v^s_b .
 * anchors^s / T))}; the teacher's projection gets no gradient.
 *
 * <p>Shapes: as {@code crckd-ccd}, with {@code index.bank_labels: [n]}, the class of each bank row;
 * neither positives nor negatives, from which the reference only sets normalisers that this term
 * does not read (a batch that has them sets them too). A class without a row in the bank has no
 * anchor and no part in the relation; one whose mean is 0 is refused.
 *
 * <p>Memory: as {@code crckd-ccd}; so a class's anchor is the mean over the worker's own examples
 * of it, with W workers over a W-th of them, and the relation is to the classes of the shard.
 *
 * <p>Source: Xing et al., "Categorical Relation-Preserving Contrastive Knowledge Distillation",
 * 2021; hathawayxxh/CRCKD {@code utils/} with {@code anchor_type = center}.
 */
public final class CrckdCrp implements Objective {
  private static final long serialVersionUID = 1L;
  private final UnitHead student = new UnitHead("student.embedding", "student_projection", 0);
  private final UnitHead teacher = new UnitHead("teacher.embedding", "teacher_projection", 0);

  private final BankOptions options;
  private final NceSide studentSide = new NceSide("state.z_student");
  private final NceSide teacherSide = new NceSide("state.z_teacher");
  private final Bank studentBank = new Bank("state.bank_student");
  private final Bank teacherBank = new Bank("state.bank_teacher");
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] studentAnchors;
  private transient double[] teacherAnchors;
  private int classes;
  private transient int[] slots;
  private transient double[] norms;
  private transient double[] studentLog;
  private transient double[] teacherLog;
  private transient double[] slopes;
  private transient double[] slope;

  CrckdCrp(BankOptions options) {
    this.options = options;
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
        "index.samples",
        "index.bank_labels",
        "state.bank_student",
        "state.bank_teacher");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    Equipment own =
        new Equipment(
            List.of(),
            options.banks(dimensions, options.uniformBank()),
            List.of(new Draw.Samples("index.samples"), new Draw.ShardLabels("index.bank_labels")));
    return options.projections(dimensions, student, teacher).and(own);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    int rows = batch.rows();
    int width = options.projectionDim();
    double[] s = student.forward(batch);
    double[] t = teacher.forward(batch);
    if (batch.has("index.negatives")) {
      normaliser(batch, studentSide, s, teacherBank);
      normaliser(batch, teacherSide, t, studentBank);
    }
    double temperature = options.temperatureAt(batch);
    studentBank.update(batch, options, s);
    teacherBank.update(batch, options, t);
    findClasses(batch, studentBank.in(batch, options).rows());
    studentAnchors = anchors(batch, studentBank, studentAnchors);
    teacherAnchors = anchors(batch, teacherBank, teacherAnchors);
    studentLog = Scratch.atLeast(studentLog, classes);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    slope = Scratch.atLeast(slope, rows * width);
    double loss = 0;
    slopes = Scratch.atLeast(slopes, rows * classes);
    for (int row = 0; row < rows; row++) {
      relation(t, row, teacherAnchors, temperature, teacherLog);
      relation(s, row, studentAnchors, temperature, studentLog);
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        loss += p * (teacherLog[c] - studentLog[c]) / rows;
        double by = (Math.exp(studentLog[c]) - p) / temperature / rows;
        slopes[row * classes + c] = by;
      }
    }
    matrices.multiply(slopes, studentAnchors, rows, classes, width, slope);
    student.backward(slope, gradients);
    return loss;
  }

  /** {@code [classes, projection-dim]} of the last {@link #evaluate}: the student's side. */
  double[] studentAnchors() {
    return studentAnchors;
  }

  /** The same of the teacher's side. */
  double[] teacherAnchors() {
    return teacherAnchors;
  }

  /**
   * Sets Z on the first batch, as the contrast that shares these banks does in the reference; the
   * relation itself never reads it, so a training draws nothing for it.
   */
  private void normaliser(Batch batch, NceSide side, double[] v, Bank other) {
    int rows = batch.rows();
    int p = batch.indices("index.positives").width();
    int k = batch.indices("index.negatives").width();
    Tensor bank = other.in(batch, options);
    int[] same = new ClassPositives(p).in(batch, bank.rows());
    int[] negatives = batch.indices("index.negatives", rows, k, bank.rows());
    side.normalise(batch, v, bank, same, p, negatives, k, options.temperatureAt(batch));
  }

  /** Numbers the classes of the bank's rows from 0 without gaps. */
  private void findClasses(Batch batch, int bankRows) {
    int[] labels = batch.indices("index.bank_labels", bankRows, 1, Integer.MAX_VALUE);
    int below = 0;
    for (int i = 0; i < bankRows; i++) {
      below = Math.max(below, labels[i] + 1);
    }
    slots = slots != null && slots.length >= below ? slots : new int[below];
    Arrays.fill(slots, -1);
    for (int i = 0; i < bankRows; i++) {
      slots[labels[i]] = 0;
    }
    classes = 0;
    for (int label = 0; label < below; label++) {
      slots[label] = slots[label] < 0 ? -1 : classes++;
    }
  }

  private double[] anchors(Batch batch, Bank source, double[] reused) {
    Tensor bank = source.in(batch, options);
    int width = bank.width();
    int[] labels = batch.indices("index.bank_labels").data();
    double[] anchors = Scratch.atLeast(reused, classes * width);
    norms = Scratch.atLeast(norms, classes);
    Arrays.fill(anchors, 0, classes * width, 0.0);
    float[] data = bank.data();
    for (int row = 0; row < bank.rows(); row++) {
      int to = slots[labels[row]] * width;
      int from = row * width;
      for (int d = 0; d < width; d++) {
        anchors[to + d] += Math.max(0, data[from + d]);
      }
    }
    UnitRows.normalise(anchors, classes, width, 0, norms);
    for (int label : labels) {
      if (norms[slots[label]] == 0) {
        throw Errors.badInput(
            ("Class %d has no anchor: none of its bank rows has a positive entry; raise"
                    + " projection-dim, or use fewer workers.")
                .formatted(label));
      }
    }
    return anchors;
  }

  private void relation(double[] v, int row, double[] anchors, double temperature, double[] log) {
    int width = options.projectionDim();
    for (int c = 0; c < classes; c++) {
      log[c] = Doubles.dot(v, row * width, anchors, c * width, width) / temperature;
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
      var bank = BankOptions.readWithoutDraws(options);
      return options.build(() -> new CrckdCrp(bank.get()));
    }
  }
}
