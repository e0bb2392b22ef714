package io.lakestill.export;

import io.lakestill.error.Errors;
import io.lakestill.student.Layer;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import java.util.List;

/**
 * How far the logits of an exported model, run in ONNX Runtime, are from those of the engine that
 * trained it, over the same rows.
 *
 * @param model the exported model, for messages
 * @param rows how many rows were compared
 * @param largestDifference the largest absolute difference of two logits; infinite when either is
 *     not a number
 * @param row where it is, counted from 0
 * @param classIndex which logit of that row it is
 * @param trained the logit of the engine that trained the model
 * @param exported the logit of ONNX Runtime
 */
public record OnnxAgreement(
    String model,
    int rows,
    double largestDifference,
    int row,
    int classIndex,
    float trained,
    float exported) {
  private static final int BATCH = 256;

  /**
   * @param model the exported model
   * @param graph what it was exported from
   * @param rows real examples, {@code [count, width]}, as the model sees them
   * @param trainedLogits the logits of the training engine, {@code [count, classes]}
   * @param count the number of rows, at least 1
   */
  public static OnnxAgreement measure(
      OnnxFile model, StudentGraph graph, float[] rows, float[] trainedLogits, int count) {
    int width = graph.input().width();
    int classes = graph.classes();
    if (count < 1 || rows.length != count * width || trainedLogits.length != count * classes) {
      throw new IllegalArgumentException(
          "%d rows need %d values each and %d logits each, have %d and %d in all"
              .formatted(count, width, classes, rows.length, trainedLogits.length));
    }
    long[] rowShape = graph.input().sizes().stream().mapToLong(Integer::longValue).toArray();
    OnnxAgreement worst = new OnnxAgreement(model.origin(), count, -1, 0, 0, 0, 0);
    try (OnnxModel loaded = OnnxModel.open(model);
        OnnxRunner runner =
            loaded.runner(Layer.INPUT, rowShape, List.of(StudentGraph.LOGITS), BATCH)) {
      float[] input = new float[BATCH * width];
      float[][] output = runner.outputArrays();
      for (int first = 0; first < count; first += BATCH) {
        int batch = Math.min(BATCH, count - first);
        System.arraycopy(rows, first * width, input, 0, batch * width);
        runner.run(input, batch, output);
        for (int i = 0; i < batch * classes; i++) {
          worst = worst.orWorse(first * classes + i, classes, trainedLogits, output[0][i]);
        }
      }
    }
    return worst;
  }

  private OnnxAgreement orWorse(int index, int classes, float[] trainedLogits, float exportedHere) {
    double difference = Math.abs((double) trainedLogits[index] - exportedHere);
    if (Double.isNaN(difference)) {
      difference = Double.POSITIVE_INFINITY;
    }
    return difference <= largestDifference
        ? this
        : new OnnxAgreement(
            model,
            rows,
            difference,
            index / classes,
            index % classes,
            trainedLogits[index],
            exportedHere);
  }

  /**
   * This measurement, if it is good enough to ship.
   *
   * @throws io.lakestill.error.LakestillException (exit 1) when the models disagree
   */
  public OnnxAgreement requireWithin(double tolerance) {
    if (!(largestDifference <= tolerance)) {
      throw Errors.exportDisagrees(model, row, classIndex, trained, exported, tolerance);
    }
    return this;
  }
}
