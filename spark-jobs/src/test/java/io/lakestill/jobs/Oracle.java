package io.lakestill.jobs;

import io.lakestill.export.OnnxWriter;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A teacher whose answers can be worked out by hand: {@code embedding = A x}, {@code logits = B
 * embedding}, as a real ONNX model.
 *
 * @param hidden {@code A}, {@code [EMBEDDING, Pets.WIDTH]}, row-major
 * @param output {@code B}, {@code [classes, EMBEDDING]}, row-major
 */
record Oracle(float[] hidden, float[] output) {
  static final int EMBEDDING = 3;

  static Oracle random(long seed) {
    Random random = new Random(seed);
    return new Oracle(
        gaussians(random, EMBEDDING * Pets.WIDTH),
        gaussians(random, Pets.CLASSES.size() * EMBEDDING));
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The same with larger weights: pixels of 1e38 overflow. */
  Oracle magnified() {
    float[] larger = new float[hidden.length];
    for (int i = 0; i < larger.length; i++) {
      larger[i] = 1e6f * hidden[i];
    }
    return new Oracle(larger, output);
  }

  byte[] onnx() {
    List<Layer> layers =
        List.of(
            new Flatten("flat", Layer.INPUT),
            new Linear("hidden", "flat", EMBEDDING, false),
            new Linear("output", "hidden", Pets.CLASSES.size(), false));
    StudentGraph graph =
        new StudentGraph(
            new Shape(List.of(1, 2, 3)), layers, Map.of("logits", "output", "embedding", "hidden"));
    Parameters parameters =
        Parameters.of(graph, Map.of("hidden.weight", hidden, "output.weight", output));
    return new OnnxWriter(13).write(graph, parameters, Pets.CLASSES);
  }

  float[] embedding(float[] features) {
    return times(hidden, features);
  }

  float[] logits(float[] features) {
    return times(output, embedding(features));
  }

  private static float[] times(float[] matrix, float[] vector) {
    float[] product = new float[matrix.length / vector.length];
    for (int row = 0; row < product.length; row++) {
      double sum = 0;
      for (int i = 0; i < vector.length; i++) {
        sum += (double) matrix[row * vector.length + i] * vector[i];
      }
      product[row] = (float) sum;
    }
    return product;
  }
}
