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
 * @param date the column whose values are the dates of the signal table; empty without dates
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
    ViewSettings views,
    Optional<String> date) {
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

  /**
   * The same of one date: the rows of training and validation table that have it.
   *
   * @param day a value of the column {@link #date}
   */
  public DataSettings on(String day) {
    if (day.contains("'") || day.contains("\\")) {
      throw new IllegalArgumentException("'" + day + "' is not a date");
    }
    String column = date.orElseThrow().replace("`", "``");
    String condition = "CAST(`%s` AS STRING) = '%s'".formatted(column, day);
    return new DataSettings(
        train.and(condition),
        validation.map(table -> table.and(condition)),
        test,
        validationFraction,
        id,
        label,
        classes,
        features,
        views,
        date);
  }

  /** The same tables as a model sees them that is shown other features. */
  public DataSettings showing(FeatureSettings others) {
    return new DataSettings(
        train, validation, test, validationFraction, id, label, classes, others, views, date);
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
    Optional<String> date = settings.optionalText("date");
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
                views.orElseThrow(),
                date));
  }

  private static TableSettings table(Settings settings, String key) {
    return new TableSettings(settings.text(key), settings.optionalText(key + "-where"));
  }
}
