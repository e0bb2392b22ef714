package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.SpectralHead;
import io.lakestill.objective.numeric.ChosenRows;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.TableSegments;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
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
 * weight.*_projection: [projection-dim, width]} with {@code bias}; {@code index.samples: [batch]},
 * {@code index.negatives: [batch, K]}; {@code state.bank_student, state.bank_teacher: [n,
 * projection-dim]}. Afterwards the banks' rows of the batch are moved as those of {@code crd} are;
 * a batch without {@code index.samples} leaves them as they were.
 *
 * <p>Memory: each worker (a core) keeps the banks of its own examples, its shard, and draws
 * negatives of other classes among them; with W workers a row meets the negatives of a W-th of the
 * training set.
 *
 * <p>Experimental: from memory of the paper; symmetrisation, the mean over negatives, the exact
 * spectral norm and the banks' momentum are our choice.
 *
 * <p>Source: Chen et al., "Wasserstein Contrastive Representation Distillation", 2021; no reference
 * code.
 */
public final class WcordGckt implements Objective {
  private static final long serialVersionUID = 1L;

  private final BankOptions options;
  private final double negativeScale;
  private final SpectralHead student;
  private final SpectralHead teacher;
  private final Bank studentBank = new Bank("state.bank_student");
  private final Bank teacherBank = new Bank("state.bank_teacher");
  private final ChosenRows chosen = new ChosenRows();
  private final TableSegments order = new TableSegments();
  private final double[] weights = new double[ChosenRows.BLOCK];
  private double positive;
  private double negativeStudent;
  private double negativeTeacher;
  private transient double[] byStudent;
  private transient double[] byTeacher;
  private transient double[] sums;

  WcordGckt(BankOptions options, double negativeScale, SpectralHead.Norms norms) {
    this.options = options;
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
        "index.samples",
        "index.negatives",
        "state.bank_student",
        "state.bank_teacher");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    List<Integer> shape = List.of(dimensions.samples(), options.projectionDim());
    Equipment own =
        new Equipment(
            List.of(),
            List.of(
                new Memory("state.bank_student", shape, options.uniformBank()),
                new Memory("state.bank_teacher", shape, options.uniformBank())),
            List.of(
                new Draw.Samples("index.samples"),
                new Draw.OtherClasses("index.negatives", options.negatives())));
    return student
        .equip(dimensions, options.projectionDim())
        .and(teacher.equip(dimensions, options.projectionDim()))
        .and(own);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] s = student.forward(batch);
    double[] t = teacher.forward(batch);
    int size = batch.rows() * student.width();
    byStudent = Scratch.atLeast(byStudent, size);
    byTeacher = Scratch.atLeast(byTeacher, size);
    double share = 1 / options.temperatureAt(batch) / batch.rows();
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
    if (batch.has("index.samples")) {
      studentBank.update(batch, options, s);
      teacherBank.update(batch, options, t);
    }
    return negativeScale * 0.5 * (negativeStudent + negativeTeacher) - positive;
  }

  private double negative(Batch batch, double[] h, String bankName, double[] byH) {
    Tensor bank = batch.state().tensor(bankName);
    int width = bank.width();
    int k = batch.indices("index.negatives").width();
    int[] negatives = batch.indices("index.negatives", batch.rows(), k, bank.rows());
    double share = 1 / options.temperatureAt(batch) / batch.rows() / k;
    sums = Scratch.atLeast(sums, batch.rows() * width);
    Arrays.fill(sums, 0, batch.rows() * width, 0.0);
    order.sort(negatives, batch.rows(), k, bank.rows(), width);
    for (int segment = 0; segment < order.segments(); segment++) {
      for (int row = 0; row < batch.rows(); row++) {
        chosen.start(h, row * width, width);
        int end = order.start(row, segment + 1);
        for (int from = order.start(row, segment); from < end; from += ChosenRows.BLOCK) {
          int count = Math.min(ChosenRows.BLOCK, end - from);
          Arrays.fill(weights, 0, count, 1.0);
          Arrays.fill(weights, count, weights.length, 0.0);
          chosen.fetch(bank.data(), order.chosen(), from, count);
          chosen.add(weights);
        }
        chosen.finish(sums, row * width);
      }
    }
    // Linear in the bank's rows, so their sum meets h once.
    for (int i = 0; i < batch.rows() * width; i++) {
      byH[i] += 0.5 * negativeScale * share * sums[i];
    }
    return share * Doubles.dot(h, 0, sums, 0, batch.rows() * width);
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
    public Optional<String> experimental() {
      return Optional.of(
          "from memory of the paper; symmetrisation, the mean over negatives and "
              + "the spectral norm are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var bank = BankOptions.read(options);
      double negativeScale = options.number("negative-scale");
      var norms = new SpectralHead.Norms(options.flag("spectral-norm"), options.flag("normalize"));
      return options.build(() -> new WcordGckt(bank.get(), negativeScale, norms));
    }
  }
}
