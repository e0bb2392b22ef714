package io.lakestill.student;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Sound graphs of every kind of layer, drawn from a seed that the test prints. */
public final class RandomGraphs {
  private final Random random;
  private final List<Layer> layers = new ArrayList<>();
  private Shape shape;
  private String last = Layer.INPUT;

  private RandomGraphs(long seed) {
    this.random = new Random(seed);
    this.shape = Shape.image(between(1, 3), between(5, 12), between(5, 12));
  }

  /** A graph with logits, an embedding and, most often, a map. */
  public static StudentGraph draw(long seed) {
    return new RandomGraphs(seed).draw();
  }

  /** Parameters with no zeros and no ones, and positive variances, so that a mix-up shows. */
  public static Parameters parameters(StudentGraph graph, long seed) {
    Random random = new Random(seed);
    Map<String, float[]> values = new LinkedHashMap<>();
    for (ParameterSpec spec : graph.parameterSpecs()) {
      float[] array = new float[spec.size()];
      double scale = spec.shape().size() == 1 ? 0.3 : 1.0 / Math.sqrt(spec.size());
      for (int i = 0; i < array.length; i++) {
        array[i] =
            spec.name().endsWith(".variance")
                ? (float) (0.5 + random.nextDouble())
                : (float) (scale * random.nextGaussian());
      }
      values.put(spec.name(), array);
    }
    return Parameters.of(graph, values);
  }

  private StudentGraph draw() {
    Shape input = shape;
    Map<String, String> outputs = new LinkedHashMap<>();
    int images = between(2, 7);
    for (int i = 0; i < images; i++) {
      appendImageLayer("image" + i);
      if (i == images / 2) {
        outputs.put("map_inner", last);
      }
    }
    append(
        random.nextBoolean()
            ? new Flatten("flatten", last)
            : new GlobalAveragePooling("pooling", last));
    append(new Linear("hidden", last, between(3, 9), random.nextBoolean()));
    append(new BatchNormalisation("flat-normalisation", last, 1e-3, 0.2));
    append(new Relu("activation", last));
    outputs.put(StudentGraph.EMBEDDING, last);
    append(new Dropout("dropout", last, 0.5));
    append(new Linear("last", last, between(2, 11), true));
    outputs.put(StudentGraph.LOGITS, last);
    return new StudentGraph(input, layers, outputs);
  }

  private void appendImageLayer(String name) {
    int smallest = Math.min(shape.sizes().get(1), shape.sizes().get(2));
    int kernel = between(1, Math.min(3, smallest));
    int stride = between(1, 2);
    switch (random.nextInt(8)) {
      case 0, 1, 2 ->
          append(
              new Convolution(
                  name,
                  last,
                  between(1, 5),
                  kernel,
                  stride,
                  between(0, kernel - 1),
                  random.nextBoolean()));
      case 3 -> append(new MaxPooling(name, last, kernel, stride, between(0, kernel / 2)));
      case 4 -> append(new AveragePooling(name, last, kernel, stride, between(0, kernel / 2)));
      case 5 -> append(new BatchNormalisation(name, last, 1e-5, 0.1));
      case 6 -> append(new Relu(name, last));
      default -> appendResidual(name);
    }
  }

  private void appendResidual(String name) {
    String shortcut = last;
    append(new Convolution(name + ".inner", last, shape.channels(), 3, 1, 1, false));
    append(new Add(name, last, shortcut));
  }

  private void append(Layer layer) {
    List<Shape> inputs = layer.inputs().stream().map(input -> shape).toList();
    shape = layer.outputShape(inputs);
    layers.add(layer);
    last = layer.name();
  }

  private int between(int smallest, int largest) {
    return smallest + random.nextInt(largest - smallest + 1);
  }
}
