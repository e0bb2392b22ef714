package io.lakestill.recipe;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How one signal is narrowed before it is stored; a map is flattened for it.
 *
 * @param to values of a row to keep, fewer than it has
 * @param by how the projector is made
 * @param seed of the random matrix, or of the draw of the sample
 * @param rows of the sample whose principal components are taken; a random matrix needs none
 */
public record ProjectionSettings(int to, ProjectionMethod by, long seed, int rows) {
  public ProjectionSettings {
    if (to < 1) {
      throw new IllegalArgumentException("to must be at least 1, is " + to);
    }
    if (by == ProjectionMethod.PCA && rows <= to) {
      throw new IllegalArgumentException(
          "rows must be more than to: %d components need at least %d rows, rows is %d"
              .formatted(to, to + 1, rows));
    }
  }

  /** What the projector depends on, beside the signal itself. */
  public String identity() {
    return switch (by) {
      case RANDOM -> "random to %d, seed %d".formatted(to, seed);
      case PCA -> "pca to %d, seed %d, rows %d".formatted(to, seed, rows);
    };
  }

  /**
   * The projections of a recipe, by signal.
   *
   * @param settings the section {@code signals.project}
   */
  static Optional<Map<String, ProjectionSettings>> readAll(Settings settings) {
    Map<String, ProjectionSettings> projections = new TreeMap<>();
    for (String signal : settings.keys()) {
      Settings section = settings.section(signal).withDefaults("projection");
      if (signal.equals("logits")) {
        settings.problem(
            signal,
            "logits are never projected: projected logits are no scores of classes; remove this,"
                + " and store fewer of them by signals.codecs.logits = topk");
      }
      read(section).ifPresent(read -> projections.put(signal, read));
    }
    return settings.build(() -> Map.copyOf(projections));
  }

  private static Optional<ProjectionSettings> read(Settings section) {
    int to = section.integer("to");
    ProjectionMethod by = section.choice("by", ProjectionMethod.class);
    long seed = section.seed("seed");
    int rows = section.integer("rows");
    return section.build(() -> new ProjectionSettings(to, by, seed, rows));
  }
}
