package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;

/**
 * The views of a training example: view 0 is the example itself, every further view is drawn from
 * {@code hash(sample_id, view_id, seed)}.
 *
 * @param count how many views of each training example are taught and trained on, at least 1
 * @param seed the seed of the draws
 * @param transforms what a drawn view goes through, in this order; each section has a {@code type}
 */
public record ViewSettings(int count, long seed, List<Settings> transforms) {
  public ViewSettings {
    transforms = List.copyOf(transforms);
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1, is " + count);
    }
    if (count > 1 && transforms.isEmpty()) {
      throw new IllegalArgumentException(
          "%d views without transforms would all be the same; name transforms or set count = 1"
              .formatted(count));
    }
  }

  static Optional<ViewSettings> read(Settings settings) {
    int count = settings.integer("count");
    long seed = settings.seed("seed");
    List<Settings> transforms = settings.sections("transforms");
    return settings.build(() -> new ViewSettings(count, seed, transforms));
  }
}
