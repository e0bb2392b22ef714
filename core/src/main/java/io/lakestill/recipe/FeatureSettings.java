package io.lakestill.recipe;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * How raw features become the numbers a model sees: decode, reorder to channels first, multiply by
 * {@code scale}, apply the view, normalise.
 *
 * @param columns the feature column, or several numeric columns in order
 * @param encoding how they are stored
 * @param shape {@code [channels, height, width]} or {@code [width]} after decoding
 * @param layout the order of the axes as stored
 * @param scale what each raw value is multiplied by, such as 1/255
 * @param normalisation applied last
 */
public record FeatureSettings(
    List<String> columns,
    Encoding encoding,
    List<Integer> shape,
    Layout layout,
    double scale,
    Normalisation normalisation)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public FeatureSettings {
    columns = List.copyOf(columns);
    shape = List.copyOf(shape);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("columns must name at least one column");
    }
    if (columns.size() > 1 && encoding != Encoding.FLOAT) {
      throw new IllegalArgumentException("several columns need encoding = float");
    }
    if ((shape.size() != 1 && shape.size() != 3) || shape.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(
          "shape must be [width] or [channels, height, width], is " + shape);
    }
    if (encoding == Encoding.IMAGE
        && (shape.size() != 3 || (shape.get(0) != 1 && shape.get(0) != 3))) {
      throw new IllegalArgumentException(
          "encoding = image needs shape [1, height, width] or [3, height, width], has " + shape);
    }
    int channels = shape.size() == 3 ? shape.get(0) : 1;
    int means = normalisation.mean().size();
    if (means != 1 && means != channels) {
      throw new IllegalArgumentException(
          "mean and deviation need 1 value or one per channel (%d), have %d"
              .formatted(channels, means));
    }
  }

  /** The number of values of one example. */
  public int width() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  /** The same features with another normalisation, for a teacher that was trained with its own. */
  public FeatureSettings normalisedBy(Normalisation other) {
    return new FeatureSettings(columns, encoding, shape, layout, scale, other);
  }

  static Optional<FeatureSettings> read(Settings section) {
    Settings settings = section.withDefaults("features");
    List<String> columns = settings.texts("columns");
    Encoding encoding = settings.choice("encoding", Encoding.class);
    List<Integer> shape = settings.integers("shape");
    Layout layout = settings.choice("layout", Layout.class);
    double scale = settings.number("scale");
    Optional<Normalisation> normalisation = Normalisation.read(settings.section("normalise"));
    return settings.build(
        () ->
            new FeatureSettings(
                columns, encoding, shape, layout, scale, normalisation.orElseThrow()));
  }
}
