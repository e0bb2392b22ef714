package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.head.UnitHead;
import java.util.Map;

/**
 * A contrast in both directions: each side's projected embeddings against the other side's bank;
 * the banks are updated when both losses are known.
 */
abstract class BankContrast implements Objective {
  private static final long serialVersionUID = 1L;

  /** What every objective with two banks asks for. */
  static final Requirements REQUIREMENTS =
      Requirements.of(
          "student.embedding",
          "teacher.embedding",
          "weight.student_projection",
          "bias.student_projection",
          "weight.teacher_projection",
          "bias.teacher_projection",
          "index.samples",
          "index.positives",
          "index.negatives",
          "state.bank_student",
          "state.bank_teacher",
          "state.z_student",
          "state.z_teacher");

  private final BankOptions options;
  private final int positives;
  private final InitialValues firstRows;
  private final UnitHead student;
  private final UnitHead teacher;
  private final NceSide studentSide = new NceSide("state.z_student");
  private final NceSide teacherSide = new NceSide("state.z_teacher");
  private final Bank studentBank = new Bank("state.bank_student");
  private final Bank teacherBank = new Bank("state.bank_teacher");
  private double studentLoss;
  private double teacherLoss;

  /**
   * @param floor the least divisor when projected embeddings are normalised
   * @param positives samples of the row's class, itself first
   * @param firstRows what the banks hold before the first step
   */
  BankContrast(BankOptions options, double floor, int positives, InitialValues firstRows) {
    this.options = options;
    this.positives = positives;
    this.firstRows = firstRows;
    this.student = new UnitHead("student.embedding", "student_projection", floor);
    this.teacher = new UnitHead("teacher.embedding", "teacher_projection", floor);
  }

  final BankOptions options() {
    return options;
  }

  @Override
  public final Requirements requires() {
    return REQUIREMENTS;
  }

  @Override
  public final Equipment equip(Dimensions dimensions) {
    return options.equip(dimensions, student, teacher, positives, firstRows);
  }

  @Override
  public final double evaluate(Batch batch, Gradients gradients) {
    double[] s = student.forward(batch);
    double[] t = teacher.forward(batch);
    studentLoss = side(batch, gradients, studentSide, student, s, teacherBank);
    teacherLoss = side(batch, gradients, teacherSide, teacher, t, studentBank);
    studentBank.update(batch, options, s);
    teacherBank.update(batch, options, t);
    return studentLoss + teacherLoss;
  }

  /**
   * The loss of one side; adds its gradients.
   *
   * @param v {@code [batch, projection-dim]}: the side's projected embeddings
   * @param other the other side's bank
   */
  abstract double side(
      Batch batch, Gradients gradients, NceSide side, UnitHead head, double[] v, Bank other);

  @Override
  public final Map<String, Double> parts() {
    return Map.of("student_side", studentLoss, "teacher_side", teacherLoss);
  }
}
