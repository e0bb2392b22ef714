package io.lakestill.data;

import io.lakestill.recipe.Settings;
import io.lakestill.recipe.ViewSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One step of a drawn view: a pure function of values, shape and random numbers, applied to scaled
 * values before they are normalised.
 */
public sealed interface ViewTransform extends Serializable
    permits Shift, Noise, Flip, Crop, Cutout {

  /**
   * Transforms one example in place.
   *
   * @param values scaled values; the example is {@code values[offset .. offset + shape.values())},
   *     channels first
   * @param offset where the example starts
   * @param shape its shape
   * @param random the random numbers of this view
   */
  void apply(float[] values, int offset, FeatureShape shape, ViewRandom random);

  /** What it is, for the fingerprint of the pipeline; two transforms that differ say so here. */
  String canonical();

  /**
   * Reads the transforms of a recipe; faults go into its problems.
   *
   * @param views the recipe's views
   * @param shape {@code data.features.shape}
   * @return the transforms in order, or empty when one was refused
   */
  static Optional<List<ViewTransform>> read(ViewSettings views, List<Integer> shape) {
    List<ViewTransform> transforms = new ArrayList<>();
    for (Settings settings : views.transforms()) {
      read(settings, shape).ifPresent(transforms::add);
    }
    return transforms.size() == views.transforms().size()
        ? Optional.of(List.copyOf(transforms))
        : Optional.empty();
  }

  private static Optional<ViewTransform> read(Settings raw, List<Integer> shape) {
    String type = raw.text("type");
    Settings settings = raw.withDefaults("view." + type);
    settings.has("type");
    Optional<ViewTransform> transform =
        switch (type) {
          case "shift" -> {
            int pixels = settings.integer("pixels");
            yield settings.build(() -> new Shift(pixels));
          }
          case "noise" -> {
            double deviation = settings.number("deviation");
            yield settings.build(() -> new Noise(deviation));
          }
          case "flip" -> {
            double probability = settings.number("probability");
            yield settings.build(() -> new Flip(probability));
          }
          case "crop" -> {
            int padding = settings.integer("padding");
            yield settings.build(() -> new Crop(padding));
          }
          case "cutout" -> {
            int size = settings.integer("size");
            List<Double> fill = settings.numbers("fill");
            yield settings.build(() -> new Cutout(size, fill));
          }
          default -> {
            if (!type.isEmpty()) {
              raw.problem(
                  "type", "must be one of shift, noise, flip, crop, cutout, is '" + type + "'");
            }
            yield Optional.empty();
          }
        };
    return transform.filter(made -> fits(made, settings, shape));
  }

  private static boolean fits(ViewTransform transform, Settings settings, List<Integer> shape) {
    if (transform instanceof Noise) {
      return true;
    }
    if (shape.size() != 3) {
      settings.problem(
          "type",
          "needs an image, a shape of [channels, height, width]; data.features.shape is " + shape);
      return false;
    }
    int side = Math.min(shape.get(1), shape.get(2));
    boolean tooFar =
        (transform instanceof Shift shift && shift.pixels() >= side)
            || (transform instanceof Crop crop && crop.padding() >= side);
    if (tooFar) {
      settings.problem(
          "reaches beyond the image: at most %d for shape %s".formatted(side - 1, shape));
      return false;
    }
    return !(transform instanceof Cutout cutout) || fits(cutout, settings, side, shape);
  }

  private static boolean fits(Cutout cutout, Settings settings, int side, List<Integer> shape) {
    if (cutout.size() > side) {
      settings.problem(
          "size", "is larger than the image: at most %d for shape %s".formatted(side, shape));
      return false;
    }
    int values = cutout.fill().size();
    if (values != 1 && values != shape.get(0)) {
      settings.problem(
          "fill", "needs 1 value or one per channel (%d), has %d".formatted(shape.get(0), values));
      return false;
    }
    return true;
  }
}
