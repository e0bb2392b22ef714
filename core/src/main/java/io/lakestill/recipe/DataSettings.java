package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;

/**
 * The lake tables of a recipe.
 *
 * @param train the examples a teacher labels and a student learns from
 * @param validation the examples that choose the best epoch; held out of {@code train} when empty
 * @param test the examples of the scorecard
 * @param validationFraction the part of {@code train} held out, by hash of {@code sample_id}, when
 *     no validation table is named
 * @param id the key column
 * @param label the label column: a class index, or a class name when it is a text
 * @param classes the label space, in the order of the logits
 * @param features how examples become numbers
 * @param views the views of a training example
 */
public record DataSettings(
    TableSettings train,
    Optional<TableSettings> validation,
    TableSettings test,
    double validationFraction,
    String id,
    String label,
    List<String> classes,
    FeatureSettings features,
    ViewSettings views) {
  public DataSettings {
    classes = List.copyOf(classes);
    if (classes.size() < 2) {
      throw new IllegalArgumentException("classes must name at least two classes, has " + classes);
    }
    if (classes.stream().distinct().count() != classes.size()) {
      throw new IllegalArgumentException("classes must be distinct, are " + classes);
    }
    if (validation.isEmpty() && (validationFraction <= 0 || validationFraction >= 0.9)) {
      throw new IllegalArgumentException(
          "validation-fraction must be above 0 and below 0.9, is %s; or name a validation table"
              .formatted(validationFraction));
    }
  }

  static Optional<DataSettings> read(Settings settings) {
    TableSettings train = table(settings, "train");
    Optional<TableSettings> validation =
        settings.has("validation") ? Optional.of(table(settings, "validation")) : Optional.empty();
    if (validation.isEmpty() && settings.has("validation-where")) {
      settings.problem("validation-where", "needs data.validation, the table it selects from");
    }
    TableSettings test = table(settings, "test");
    double fraction = settings.number("validation-fraction");
    String id = settings.text("id");
    String label = settings.text("label");
    List<String> classes = settings.texts("classes");
    Optional<FeatureSettings> features = FeatureSettings.read(settings.section("features"));
    Optional<ViewSettings> views = ViewSettings.read(settings.section("views"));
    return settings.build(
        () ->
            new DataSettings(
                train,
                validation,
                test,
                fraction,
                id,
                label,
                classes,
                features.orElseThrow(),
                views.orElseThrow()));
  }

  private static TableSettings table(Settings settings, String key) {
    return new TableSettings(settings.text(key), settings.optionalText(key + "-where"));
  }
}
