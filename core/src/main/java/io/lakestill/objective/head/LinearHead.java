package io.lakestill.objective.head;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

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
  private final MatrixProduct product = new MatrixProduct();
  private transient double[] weight;
  private transient double[] input;
  private transient double[] output;
  private transient double[] byInput;
  private transient double[] byWeight;

  public LinearHead(String name) {
    this.weightName = "weight." + name;
    this.biasName = "bias." + name;
  }

  /** Weight and bias of a map between so many channels, with the first values of PyTorch's. */
  public Equipment equip(int in, int out) {
    Head bias = new Head(biasName, List.of(out), InitialValues.linear(in));
    return equipWithoutBias(in, out).and(new Equipment(List.of(bias), List.of(), List.of()));
  }

  /** The same without a bias. */
  public Equipment equipWithoutBias(int in, int out) {
    Head weight = new Head(weightName, List.of(out, in), InitialValues.linear(in));
    return new Equipment(List.of(weight), List.of(), List.of());
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
    weight = Doubles.of(tensor, weight);
    input = x;
    output = Scratch.atLeast(output, rows * out * positions);
    if (positions == 1) {
      product.multiplyTransposed(x, weight, rows, in, out, output);
    } else {
      for (int row = 0; row < rows; row++) {
        int from = row * in * positions;
        product.multiply(weight, 0, x, from, out, in, positions, output, row * out * positions);
      }
    }
    if (batch.has(biasName)) {
      addBias(batch.finite(biasName));
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
    if (positions == 1) {
      product.multiply(byOutput, weight, rows, out, in, byInput);
      product.transposedMultiply(byOutput, input, out, rows, in, byWeight);
    } else {
      Arrays.fill(byWeight, 0, out * in, 0.0);
      for (int row = 0; row < rows; row++) {
        int from = row * out * positions;
        int to = row * in * positions;
        product.transposedMultiply(weight, 0, byOutput, from, in, out, positions, byInput, to);
        product.addMultiplyTransposed(byOutput, from, input, to, out, positions, in, byWeight, 0);
      }
    }
    Doubles.addTo(gradients.of(weightName), 1, byWeight);
    if (gradients.has(biasName)) {
      addByBias(byOutput, gradients.of(biasName).data());
    }
    return byInput;
  }

  private void addBias(Tensor bias) {
    for (int i = 0; i < rows * out; i++) {
      double value = bias.at(i % out);
      for (int p = i * positions; p < (i + 1) * positions; p++) {
        output[p] += value;
      }
    }
  }

  private void addByBias(double[] byOutput, float[] gradient) {
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
