package io.lakestill.student;

import io.lakestill.recipe.GraphSettings;
import io.lakestill.recipe.Settings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads a {@link StudentGraph} from a recipe; every fault goes to the recipe's problems, with its
 * line.
 *
 * <p>A named architecture has its options beside {@code architecture}. A list of layers has a
 * {@code type} and options for each; {@code input} is the layer before unless named, {@code name}
 * is the type and a running number ({@code convolution1}, {@code relu1}) unless given, and the last
 * layer gives the logits. With either, {@code outputs { embedding = relu1 }} names inner layers.
 */
public final class GraphReader {
  private final Shape input;
  private final int classes;
  private final List<Layer> layers = new ArrayList<>();

  /** The shapes known so far; a layer that was refused has none, and its readers are not judged. */
  private final Map<String, Optional<Shape>> shapes = new HashMap<>();

  private GraphReader(Shape input, int classes) {
    this.input = input;
    this.classes = classes;
    shapes.put(Layer.INPUT, Optional.of(input));
  }

  /**
   * @param settings the {@code student} or {@code teacher.graph} section
   * @param input the shape of one example
   * @param classes the width the logits must have
   * @return the graph, or empty when anything was wrong
   */
  public static Optional<StudentGraph> read(GraphSettings settings, Shape input, int classes) {
    GraphReader reader = new GraphReader(input, classes);
    return settings.architecture().isPresent()
        ? reader.architecture(settings.architecture().get(), settings.options())
        : reader.listed(settings);
  }

  private Optional<StudentGraph> architecture(String name, Settings options) {
    Map<String, String> outputs = outputs(options);
    Optional<? extends Architecture> architecture =
        switch (name) {
          case "mlp" -> {
            List<Integer> hidden = options.integers("hidden");
            yield options.build(() -> new Mlp(hidden));
          }
          case "lenet" -> {
            List<Integer> channels = options.integers("channels");
            int kernel = options.integer("kernel");
            List<Integer> hidden = options.integers("hidden");
            yield options.build(() -> new LeNet(channels, kernel, hidden));
          }
          case "resnet" -> {
            int depth = options.integer("depth");
            double width = options.number("width");
            yield options.build(() -> new ResNet(depth, width));
          }
          default -> {
            options.problem("architecture", "must be one of mlp, lenet, resnet, is '" + name + "'");
            yield Optional.empty();
          }
        };
    return architecture.flatMap(known -> options.build(() -> known.graph(input, classes, outputs)));
  }

  /** The inner layers that a recipe names; the logits are always the last layer's. */
  private static Map<String, String> outputs(Settings options) {
    Map<String, String> outputs = new TreeMap<>();
    options
        .optionalSection("outputs")
        .ifPresent(
            section -> {
              for (String output : section.keys()) {
                outputs.put(output, section.text(output));
              }
              if (outputs.remove(StudentGraph.LOGITS) != null) {
                section.problem(StudentGraph.LOGITS, "is always the last layer; leave it out");
              }
            });
    return outputs;
  }

  private Optional<StudentGraph> listed(GraphSettings settings) {
    Settings options = settings.options();
    Map<String, String> outputs = outputs(options);
    if (settings.layers().isEmpty()) {
      options.problem("layers", "must list at least one layer");
      return Optional.empty();
    }
    String previous = Layer.INPUT;
    Map<String, Integer> counts = new HashMap<>();
    for (Settings section : settings.layers()) {
      LayerReader reader = new LayerReader(section, previous, counts);
      previous = reader.name();
      Optional<Layer> layer = reader.read();
      Optional<Shape> shape = layer.flatMap(sound -> shape(sound, section));
      if (shapes.containsKey(previous)) {
        section.problem("name", "two layers are named '" + previous + "'");
      }
      shapes.put(previous, shape);
      layer.ifPresent(layers::add);
    }
    String last = previous;
    checkLogits(last, settings.layers().get(settings.layers().size() - 1));
    outputs.put(StudentGraph.LOGITS, last);
    return options.build(() -> new StudentGraph(input, layers, outputs));
  }

  private Optional<Shape> shape(Layer layer, Settings section) {
    List<Shape> inputs = new ArrayList<>();
    for (String name : layer.inputs()) {
      Optional<Shape> shape = shapes.get(name);
      if (shape == null) {
        section.problem("reads '" + name + "', which is no layer before it");
        return Optional.empty();
      }
      shape.ifPresent(inputs::add);
    }
    if (inputs.size() < layer.inputs().size()) {
      return Optional.empty();
    }
    try {
      return Optional.of(layer.outputShape(inputs));
    } catch (IllegalArgumentException e) {
      section.problem(e.getMessage());
      return Optional.empty();
    }
  }

  private void checkLogits(String last, Settings section) {
    Optional<Shape> shape = shapes.get(last);
    if (shape.isPresent() && !shape.get().equals(Shape.flat(classes))) {
      section.problem(
          "the last layer must give one logit per class, %s, gives %s"
              .formatted(Shape.flat(classes), shape.get()));
    }
  }
}
