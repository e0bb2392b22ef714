package io.lakestill.export;

import io.lakestill.student.Add;
import io.lakestill.student.AveragePooling;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.Flatten;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.Parameters;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/**
 * What each layer means for one example, straight from its definition: double precision, no speed.
 * Every engine is compared with it.
 */
public final class ReferenceForward implements Layer.Visitor<double[]> {
  private final StudentGraph graph;
  private final Parameters parameters;
  private final Map<String, double[]> results = new HashMap<>();

  private ReferenceForward(StudentGraph graph, Parameters parameters) {
    this.graph = graph;
    this.parameters = parameters;
  }

  /** The values of every named output for one example. */
  public static Map<String, double[]> run(
      StudentGraph graph, Parameters parameters, double[] example) {
    ReferenceForward forward = new ReferenceForward(graph, parameters);
    forward.results.put(Layer.INPUT, example);
    for (Layer layer : graph.layers()) {
      forward.results.put(layer.name(), layer.accept(forward));
    }
    Map<String, double[]> outputs = new HashMap<>();
    graph.outputs().forEach((output, layer) -> outputs.put(output, forward.results.get(layer)));
    return outputs;
  }

  @Override
  public double[] convolution(Convolution layer) {
    Shape in = graph.shapeOf(layer.input());
    Shape out = graph.shapeOf(layer.name());
    float[] weight = parameters.values(layer.name() + ".weight");
    float[] bias = layer.bias() ? parameters.values(layer.name() + ".bias") : null;
    int kernel = layer.kernel();
    double[] result = new double[out.width()];
    for (int o = 0; o < out.channels(); o++) {
      double[] channel = new double[out.width() / out.channels()];
      Arrays.fill(channel, bias == null ? 0 : bias[o]);
      for (int c = 0; c < in.channels(); c++) {
        int first = (o * in.channels() + c) * kernel * kernel;
        slide(
            layer.input(),
            c,
            kernel,
            layer.stride(),
            layer.padding(),
            out,
            (position, inWindow, value) ->
                channel[position] += weight[first + inWindow] * (Double.isNaN(value) ? 0 : value));
      }
      System.arraycopy(channel, 0, result, o * channel.length, channel.length);
    }
    return result;
  }

  @Override
  public double[] batchNormalisation(BatchNormalisation layer) {
    double[] x = results.get(layer.input());
    float[] weight = parameters.values(layer.name() + ".weight");
    float[] bias = parameters.values(layer.name() + ".bias");
    float[] mean = parameters.values(layer.name() + ".mean");
    float[] variance = parameters.values(layer.name() + ".variance");
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i / (x.length / weight.length);
      result[i] = weight[c] * (x[i] - mean[c]) / Math.sqrt(variance[c] + layer.epsilon()) + bias[c];
    }
    return result;
  }

  @Override
  public double[] linear(Linear layer) {
    double[] x = results.get(layer.input());
    float[] weight = parameters.values(layer.name() + ".weight");
    double[] result = new double[layer.width()];
    for (int o = 0; o < result.length; o++) {
      result[o] = layer.bias() ? parameters.values(layer.name() + ".bias")[o] : 0;
      for (int i = 0; i < x.length; i++) {
        result[o] += weight[o * x.length + i] * x[i];
      }
    }
    return result;
  }

  @Override
  public double[] relu(Relu layer) {
    return Arrays.stream(results.get(layer.input())).map(x -> Math.max(x, 0)).toArray();
  }

  @Override
  public double[] maxPooling(MaxPooling layer) {
    return pool(
        layer,
        layer.kernel(),
        layer.stride(),
        layer.padding(),
        Double.NEGATIVE_INFINITY,
        (best, value) -> Double.isNaN(value) ? best : Math.max(best, value));
  }

  @Override
  public double[] averagePooling(AveragePooling layer) {
    double share = 1.0 / (layer.kernel() * layer.kernel());
    return pool(
        layer,
        layer.kernel(),
        layer.stride(),
        layer.padding(),
        0,
        (sum, value) -> Double.isNaN(value) ? sum : sum + share * value);
  }

  @Override
  public double[] globalAveragePooling(GlobalAveragePooling layer) {
    double[] x = results.get(layer.input());
    int size = x.length / graph.shapeOf(layer.name()).width();
    double[] result = new double[x.length / size];
    for (int i = 0; i < x.length; i++) {
      result[i / size] += x[i] / size;
    }
    return result;
  }

  @Override
  public double[] add(Add layer) {
    double[] sum = results.get(layer.left()).clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += results.get(layer.right())[i];
    }
    return sum;
  }

  @Override
  public double[] flatten(Flatten layer) {
    return results.get(layer.input());
  }

  @Override
  public double[] dropout(Dropout layer) {
    return results.get(layer.input());
  }

  private double[] pool(
      Layer layer, int kernel, int stride, int padding, double start, DoubleBinaryOperator step) {
    Shape out = graph.shapeOf(layer.name());
    double[] result = new double[out.width()];
    Arrays.fill(result, start);
    int size = out.width() / out.channels();
    for (int c = 0; c < out.channels(); c++) {
      int first = c * size;
      slide(
          layer.inputs().get(0),
          c,
          kernel,
          stride,
          padding,
          out,
          (position, inWindow, value) ->
              result[first + position] = step.applyAsDouble(result[first + position], value));
    }
    return result;
  }

  /** One value under a window; NaN where the window lies over padding. */
  private interface UnderWindow {
    void accept(int position, int inWindow, double value);
  }

  private void slide(
      String input,
      int channel,
      int kernel,
      int stride,
      int padding,
      Shape out,
      UnderWindow action) {
    double[] x = results.get(input);
    int height = graph.shapeOf(input).sizes().get(1);
    int width = graph.shapeOf(input).sizes().get(2);
    for (int i = 0; i < out.sizes().get(1); i++) {
      for (int j = 0; j < out.sizes().get(2); j++) {
        for (int k = 0; k < kernel * kernel; k++) {
          int row = i * stride - padding + k / kernel;
          int column = j * stride - padding + k % kernel;
          boolean inside = row >= 0 && row < height && column >= 0 && column < width;
          action.accept(
              i * out.sizes().get(2) + j,
              k,
              inside ? x[(channel * height + row) * width + column] : Double.NaN);
        }
      }
    }
  }
}
