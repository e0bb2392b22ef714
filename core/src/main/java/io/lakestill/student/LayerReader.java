package io.lakestill.student;

import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/** Reads one layer of a recipe. */
final class LayerReader {
  private final String type;
  private final String name;
  private final String previous;
  private final Settings options;

  /**
   * @param section the layer
   * @param previous the layer before it, its input unless it names one
   * @param counts how many layers of each type came before; this one is added
   */
  LayerReader(Settings section, String previous, Map<String, Integer> counts) {
    this.type = section.text("type");
    this.previous = previous;
    this.options = section.withDefaults("layer." + type);
    options.has("type");
    int number = counts.merge(type, 1, Integer::sum);
    this.name = options.optionalText("name").orElse(type + number);
  }

  String name() {
    return name;
  }

  /** The layer, or empty when anything was wrong. */
  Optional<Layer> read() {
    return switch (type) {
      case LayerType.CONVOLUTION -> convolution();
      case LayerType.BATCH_NORMALISATION -> batchNormalisation();
      case LayerType.LINEAR -> linear();
      case LayerType.RELU -> {
        String input = input("input");
        yield options.build(() -> new Relu(name, input));
      }
      case LayerType.MAX_POOLING -> {
        Window window = window();
        yield options.build(
            () -> new MaxPooling(name, window.input, window.kernel, window.stride, window.padding));
      }
      case LayerType.AVERAGE_POOLING -> {
        Window window = window();
        yield options.build(
            () ->
                new AveragePooling(
                    name, window.input, window.kernel, window.stride, window.padding));
      }
      case LayerType.GLOBAL_AVERAGE_POOLING -> {
        String input = input("input");
        yield options.build(() -> new GlobalAveragePooling(name, input));
      }
      case LayerType.ADD -> {
        String left = input("left");
        String right = options.text("right");
        yield options.build(() -> new Add(name, left, right));
      }
      case LayerType.FLATTEN -> {
        String input = input("input");
        yield options.build(() -> new Flatten(name, input));
      }
      case LayerType.DROPOUT -> {
        String input = input("input");
        double rate = options.number("rate");
        yield options.build(() -> new Dropout(name, input, rate));
      }
      default -> unknown();
    };
  }

  private Optional<Layer> convolution() {
    String input = input("input");
    int channels = options.integer("channels");
    int kernel = options.integer("kernel");
    int stride = options.integer("stride");
    int padding = options.integer("padding");
    boolean bias = options.flag("bias");
    return options.build(
        () -> new Convolution(name, input, channels, kernel, stride, padding, bias));
  }

  private Optional<Layer> batchNormalisation() {
    String input = input("input");
    double epsilon = options.number("epsilon");
    double momentum = options.number("momentum");
    return options.build(() -> new BatchNormalisation(name, input, epsilon, momentum));
  }

  private Optional<Layer> linear() {
    String input = input("input");
    int width = options.integer("width");
    boolean bias = options.flag("bias");
    return options.build(() -> new Linear(name, input, width, bias));
  }

  /** The options that both kinds of pooling have. */
  private record Window(String input, int kernel, int stride, int padding) {}

  /** The stride is the kernel unless named: windows side by side. */
  private Window window() {
    String input = input("input");
    int kernel = options.integer("kernel");
    int stride = options.has("stride") ? options.integer("stride") : kernel;
    return new Window(input, kernel, stride, options.integer("padding"));
  }

  private Optional<Layer> unknown() {
    if (!type.isEmpty()) {
      options.problem(
          "type", "must be one of %s, is '%s'".formatted(String.join(", ", LayerType.ALL), type));
    }
    return Optional.empty();
  }

  private String input(String key) {
    return options.optionalText(key).orElse(previous);
  }
}
