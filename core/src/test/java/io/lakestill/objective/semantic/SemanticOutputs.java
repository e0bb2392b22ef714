package io.lakestill.objective.semantic;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Tensor;
import java.util.Set;

/** What reference cases know of counterfactuals. */
public final class SemanticOutputs {
  private SemanticOutputs() {}

  public static double[] predictions(Objective coopkd) {
    return ((CoopkdCounterfactualTarget) coopkd).predictions();
  }

  public static double[] targets(Objective coopkd) {
    return ((CoopkdCounterfactualTarget) coopkd).targets();
  }

  /**
   * The reference's search for a counterfactual: Adam (betas 0.9 and 0.999, epsilon 1e-8) from the
   * row itself, until the prediction is within the tolerance of its target.
   */
  public static double[] counterfactuals(
      Objective coopkd, Batch batch, double learningRate, int iterations, double tolerance) {
    Tensor rows = batch.tensor("teacher.input");
    double[] found = new double[rows.size()];
    for (int row = 0; row < rows.rows(); row++) {
      double[] from = new double[rows.width()];
      for (int i = 0; i < from.length; i++) {
        from[i] = rows.at(row * from.length + i);
      }
      double[] moved = search(coopkd, batch, row, from, learningRate, iterations, tolerance);
      System.arraycopy(moved, 0, found, row * from.length, from.length);
    }
    return found;
  }

  private static double[] search(
      Objective coopkd,
      Batch batch,
      int row,
      double[] from,
      double learningRate,
      int iterations,
      double tolerance) {
    int width = from.length;
    double[] x = from.clone();
    double[] mean = new double[width];
    double[] square = new double[width];
    for (int step = 1; step <= iterations; step++) {
      Batch one =
          Batch.of(1)
              .tensor("teacher.input", Tensor.exact(new int[] {1, width}, from))
              .tensor("student.input", Tensor.exact(new int[] {1, width}, x))
              .tensor("weight.teacher_classifier", batch.tensor("weight.teacher_classifier"))
              .tensor("bias.teacher_classifier", batch.tensor("bias.teacher_classifier"))
              .labels(new int[] {batch.labels(2)[row]})
              .build();
      Gradients gradients = Gradients.of(one, Set.of("student.input"));
      coopkd.evaluate(one, gradients);
      if (Math.sqrt(coopkd.parts().get("prediction")) <= tolerance) {
        break;
      }
      float[] slope = gradients.of("student.input").data();
      for (int i = 0; i < width; i++) {
        mean[i] = 0.9 * mean[i] + 0.1 * slope[i];
        square[i] = 0.999 * square[i] + 0.001 * (double) slope[i] * slope[i];
        x[i] -=
            learningRate
                * (mean[i] / (1 - Math.pow(0.9, step)))
                / (Math.sqrt(square[i] / (1 - Math.pow(0.999, step))) + 1e-8);
      }
    }
    return x;
  }
}
