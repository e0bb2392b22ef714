package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;

/**
 * A model as data: a named architecture with its options, or a list of layers.
 *
 * @param architecture {@code mlp}, {@code lenet}, {@code resnet}; empty when layers are listed
 * @param options the options of the architecture, read by it
 * @param layers the layers, each a section with a {@code type}; empty for a named architecture
 */
public record GraphSettings(
    Optional<String> architecture, Settings options, List<Settings> layers) {
  public GraphSettings {
    layers = List.copyOf(layers);
  }

  /** Reads which of the two it is; options and layers are the student package's to read. */
  static Optional<GraphSettings> read(Settings settings) {
    boolean named = settings.has("architecture");
    if (named == settings.has("layers")) {
      settings.problem("must have either architecture or layers");
      return Optional.empty();
    }
    Optional<String> architecture = settings.optionalText("architecture");
    List<Settings> layers = named ? List.of() : settings.sections("layers");
    Settings options =
        named ? settings.withDefaults("architecture." + architecture.orElseThrow()) : settings;
    options.has("architecture");
    options.has("layers");
    return Optional.of(new GraphSettings(architecture, options, layers));
  }
}
