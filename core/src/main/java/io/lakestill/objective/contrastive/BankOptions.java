package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Rule;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.List;

/**
 * The options of objectives with memory banks.
 *
 * @param projectionDim the width of a bank's rows
 * @param negatives rows drawn against each example; 0 for an objective that draws none
 * @param temperature what inner products are divided by
 * @param momentum how much of a bank's row an update keeps
 */
record BankOptions(int projectionDim, int negatives, Schedule temperature, double momentum)
    implements java.io.Serializable {
  BankOptions {
    Rule.atLeast(1, "projection-dim", projectionDim);
    Rule.atLeast(0, "negatives", negatives);
    Rule.positive("temperature", temperature);
    Rule.fraction("momentum", momentum);
  }

  BankOptions(int projectionDim, int negatives, double temperature, double momentum) {
    this(projectionDim, negatives, Schedule.of(temperature), momentum);
  }

  /** Reads the options; the values are checked by {@code build}. */
  static java.util.function.Supplier<BankOptions> read(Settings options) {
    int projectionDim = options.integer("projection-dim");
    int negatives = options.integer("negatives");
    Schedule temperature = options.schedule("temperature");
    double momentum = options.number("momentum");
    return () ->
        new BankOptions(
            projectionDim, Rule.atLeast(1, "negatives", negatives), temperature, momentum);
  }

  /** The same for an objective that draws nothing from its banks. */
  static java.util.function.Supplier<BankOptions> readWithoutDraws(Settings options) {
    int projectionDim = options.integer("projection-dim");
    Schedule temperature = options.schedule("temperature");
    double momentum = options.number("momentum");
    return () -> new BankOptions(projectionDim, 0, temperature, momentum);
  }

  /** What inner products are divided by at this step. */
  double temperatureAt(Batch batch) {
    return temperature.at(batch.progress());
  }

  /**
   * What every contrast with two banks needs: its projections, a bank row for each sample of the
   * shard on either side, normalisers that are not set yet, and what is drawn.
   *
   * @param positives samples of the row's class, itself first
   * @param bank the first values of the banks
   */
  Equipment equip(
      Dimensions dimensions,
      UnitHead student,
      UnitHead teacher,
      int positives,
      InitialValues bank) {
    InitialValues unset = new InitialValues.Constant(-1);
    Equipment own =
        new Equipment(
            List.of(),
            List.of(
                new Memory("state.z_student", List.of(1), unset),
                new Memory("state.z_teacher", List.of(1), unset)),
            List.of(
                new Draw.Samples("index.samples"),
                new Draw.SameClass("index.positives", positives),
                new Draw.OtherClasses("index.negatives", negatives)));
    return projections(dimensions, student, teacher)
        .and(new Equipment(List.of(), banks(dimensions, bank), List.of()))
        .and(own);
  }

  /** The parameters of both sides' projections. */
  Equipment projections(Dimensions dimensions, UnitHead student, UnitHead teacher) {
    return student.equip(dimensions, projectionDim).and(teacher.equip(dimensions, projectionDim));
  }

  /** A bank row on either side for each sample of the shard. */
  List<Memory> banks(Dimensions dimensions, InitialValues first) {
    List<Integer> shape = List.of(dimensions.samples(), projectionDim);
    return List.of(
        new Memory("state.bank_student", shape, first),
        new Memory("state.bank_teacher", shape, first));
  }

  /** The first values of the reference's banks: uniform, of about the length of a unit row. */
  InitialValues uniformBank() {
    return new InitialValues.Uniform(1 / Math.sqrt(projectionDim / 3.0));
  }
}
