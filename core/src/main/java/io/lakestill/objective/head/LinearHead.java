package io.lakestill.objective.head;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import java.io.Serializable;
import java.util.Arrays;

/**
 * A linear map of channels, applied at each location on its own: a linear layer over embeddings and
 * a 1x1 convolution over maps.
 *
 * <p>{@code y[b,o,p] = sum_i weight[o,i] x[b,i,p] + bias[o]}; {@code x: [rows, in, positions]},
 * {@code weight.<name>: [out, in]}, {@code bias.<name>: [out]}, left out when the batch has none.
 */
public final class LinearHead implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String weightName;
  private final String biasName;
  private int rows;
  private int in;
  private int out;
  private int positions;
  private transient float[] weight;
  private transient double[] input;
  private transient double[] output;
  private transient double[] byInput;
  private transient double[] byWeight;

  public LinearHead(String name) {
    this.weightName = "weight." + name;
    this.biasName = "bias." + name;
  }

  /** The output channels of the last {@link #forward}. */
  public int out() {
    return out;
  }

  /**
   * Applies the map; {@code x} must stay as it is until {@link #backward}.
   *
   * @return {@code y}, the head's own array, valid until the next call
   */
  public double[] forward(Batch batch, double[] x, int rows, int in, int positions) {
    Tensor tensor = batch.finite(weightName);
    if (tensor.rank() != 2 || tensor.width() != in) {
      throw Errors.badInput(
          "'%s' is %s but its input has %d channels.".formatted(weightName, tensor, in));
    }
    this.rows = rows;
    this.in = in;
    this.out = tensor.rows();
    this.positions = positions;
    weight = tensor.data();
    input = x;
    output = Scratch.atLeast(output, rows * out * positions);
    float[] bias = batch.has(biasName) ? batch.finite(biasName).data() : null;
    for (int row = 0; row < rows; row++) {
      for (int o = 0; o < out; o++) {
        int to = (row * out + o) * positions;
        Arrays.fill(output, to, to + positions, bias == null ? 0.0 : bias[o]);
        for (int i = 0; i < in; i++) {
          double factor = weight[o * in + i];
          int from = (row * in + i) * positions;
          for (int p = 0; p < positions; p++) {
            output[to + p] += factor * x[from + p];
          }
        }
      }
    }
    return output;
  }

  /**
   * Adds the derivatives by weight and bias to the accumulators.
   *
   * @param byOutput {@code d loss / d y}
   * @return {@code d loss / d x}, the head's own array, valid until the next call
   */
  public double[] backward(double[] byOutput, Gradients gradients) {
    byInput = Scratch.atLeast(byInput, rows * in * positions);
    byWeight = Scratch.atLeast(byWeight, out * in);
    Arrays.fill(byInput, 0, rows * in * positions, 0.0);
    Arrays.fill(byWeight, 0, out * in, 0.0);
    for (int row = 0; row < rows; row++) {
      for (int o = 0; o < out; o++) {
        int from = (row * out + o) * positions;
        for (int i = 0; i < in; i++) {
          double factor = weight[o * in + i];
          int to = (row * in + i) * positions;
          double sum = 0;
          for (int p = 0; p < positions; p++) {
            sum += byOutput[from + p] * input[to + p];
            byInput[to + p] += factor * byOutput[from + p];
          }
          byWeight[o * in + i] += sum;
        }
      }
    }
    Doubles.addTo(gradients.of(weightName), 1, byWeight);
    if (gradients.has(biasName)) {
      addBias(byOutput, gradients.of(biasName).data());
    }
    return byInput;
  }

  private void addBias(double[] byOutput, float[] gradient) {
    for (int o = 0; o < out; o++) {
      double sum = 0;
      for (int row = 0; row < rows; row++) {
        int from = (row * out + o) * positions;
        for (int p = 0; p < positions; p++) {
          sum += byOutput[from + p];
        }
      }
      gradient[o] += (float) sum;
    }
  }
}
