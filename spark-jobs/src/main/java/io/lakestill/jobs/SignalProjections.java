package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.ProjectionMethod;
import io.lakestill.recipe.ProjectionSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.projection.PrincipalComponents;
import io.lakestill.signal.projection.Projection;
import io.lakestill.signal.projection.Projector;
import io.lakestill.signal.projection.ProjectorFile;
import io.lakestill.signal.projection.RandomProjection;
import io.lakestill.signal.projection.SampleMoments;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which signals of a teacher are narrowed before they are stored, and by what.
 *
 * @param said what the teacher says, by its codecs
 * @param asked the recipe's projections, by signal; those of other teachers' signals do nothing
 */
record SignalProjections(SignalSchema said, Map<String, ProjectionSettings> asked) {

  /**
   * @throws io.lakestill.error.LakestillException (exit 2) when a signal is not wider than what it
   *     is to be narrowed to, or too wide for principal components
   */
  SignalProjections {
    asked = new TreeMap<>(asked);
    asked.keySet().retainAll(said.signals().stream().map(SignalColumn::name).toList());
    asked.forEach((signal, settings) -> requireFit(signal, shape(said, signal), settings));
  }

  private static List<Integer> shape(SignalSchema said, String signal) {
    return said.signals().stream()
        .filter(column -> column.name().equals(signal))
        .findFirst()
        .orElseThrow()
        .shape();
  }

  /**
   * The shape that is stored.
   *
   * @param shape of what the teacher says
   * @throws io.lakestill.error.LakestillException (exit 2) when it cannot be narrowed so
   */
  static List<Integer> stored(
      String signal, List<Integer> shape, Map<String, ProjectionSettings> asked) {
    ProjectionSettings settings = asked.get(signal);
    if (settings == null) {
      return shape;
    }
    requireFit(signal, shape, settings);
    return List.of(settings.to());
  }

  private static void requireFit(String signal, List<Integer> shape, ProjectionSettings settings) {
    int width = shape.stream().reduce(1, Math::multiplyExact);
    String key = "signals.project." + signal;
    if (settings.to() >= width) {
      throw Errors.badRecipe(
          "%s.to is %d, but the teacher's %s has shape %s, %d values; give a smaller number, or remove %s."
              .formatted(key, settings.to(), signal, shape, width, key));
    }
    if (settings.by() == ProjectionMethod.PCA && width > PrincipalComponents.MOST) {
      throw Errors.badRecipe(
          ("%s.by is pca, but the teacher's %s has shape %s, %d values; of more than %d the"
                  + " covariance takes too much memory and time: use by = random, or name a narrower"
                  + " tensor.")
              .formatted(key, signal, shape, width, PrincipalComponents.MOST));
    }
  }

  /** What the projectors depend on, beside the teacher; nothing when there are none. */
  List<String> basis() {
    List<String> parts = new ArrayList<>();
    asked.forEach(
        (signal, settings) -> parts.add("project " + signal + " by " + settings.identity()));
    return parts;
  }

  /**
   * What a pass stores: as the version does that it adds to, so that one table has one projector
   * for each signal; without one, by new projectors.
   *
   * @param base made with this {@link #basis}
   * @param sampler asked only where principal components are to be found
   * @throws io.lakestill.error.LakestillException (exit 3) when a projector of the version is
   *     missing or damaged, or a sample has too few rows for one
   */
  StoredSignals of(SignalTable table, Optional<SignalManifest> base, Sampler sampler) {
    if (asked.isEmpty()) {
      return StoredSignals.asSaid(said);
    }
    return base.map(version -> of(table, version)).orElseGet(() -> made(table, sampler));
  }

  private static StoredSignals of(SignalTable table, SignalManifest version) {
    Map<String, Projector> projectors = new HashMap<>();
    for (SignalColumn column : version.signals()) {
      column
          .projection()
          .ifPresent(made -> projectors.put(column.name(), table.projector(made.sha256()).read()));
    }
    return new StoredSignals(version.schema(), projectors);
  }

  /** What the teacher says of a sample of examples. */
  interface Sampler {
    /**
     * Mean and covariance of signals over a sample.
     *
     * @param seed of the draw
     * @param rows how many examples at most
     * @param signals whose moments to take
     */
    Map<String, SampleMoments> moments(long seed, int rows, List<String> signals);
  }

  /** New projectors, written beside the table's manifests. */
  private StoredSignals made(SignalTable table, Sampler sampler) {
    Map<String, Projector> projectors = new HashMap<>();
    Map<String, Projection> made = new HashMap<>();
    components(sampler)
        .forEach(
            (signal, components) -> {
              projectors.put(signal, components.projector());
              made.put(
                  signal,
                  written(
                      table, signal, components.projector(), Optional.of(components.explained())));
            });
    asked.forEach(
        (signal, settings) -> {
          if (settings.by() == ProjectionMethod.RANDOM) {
            int width = shape(said, signal).stream().reduce(1, Math::multiplyExact);
            Projector projector = RandomProjection.of(width, settings.to(), settings.seed());
            projectors.put(signal, projector);
            made.put(signal, written(table, signal, projector, Optional.empty()));
          }
        });
    return new StoredSignals(
        said.with(said.signals().stream().map(column -> stored(column, made)).toList()),
        projectors);
  }

  private SignalColumn stored(SignalColumn column, Map<String, Projection> made) {
    return Optional.ofNullable(made.get(column.name()))
        .map(
            by ->
                new SignalColumn(
                    column.name(),
                    List.of(asked.get(column.name()).to()),
                    column.codec(),
                    Optional.of(by)))
        .orElse(column);
  }

  private Projection written(
      SignalTable table, String signal, Projector projector, Optional<Double> explained) {
    ProjectorFile file = ProjectorFile.write(projector, table.metadata(), table.configuration());
    return new Projection(asked.get(signal).by(), shape(said, signal), file.sha256(), explained);
  }

  /** Of all signals by principal components; those of the same sample cost one pass. */
  private Map<String, PrincipalComponents> components(Sampler sampler) {
    record Sample(long seed, int rows) {}
    Map<Sample, List<String>> samples = new HashMap<>();
    asked.forEach(
        (signal, settings) -> {
          if (settings.by() == ProjectionMethod.PCA) {
            samples
                .computeIfAbsent(
                    new Sample(settings.seed(), settings.rows()), none -> new ArrayList<>())
                .add(signal);
          }
        });
    Map<String, PrincipalComponents> components = new HashMap<>();
    samples.forEach(
        (sample, signals) ->
            sampler
                .moments(sample.seed(), sample.rows(), signals)
                .forEach((signal, moments) -> components.put(signal, components(signal, moments))));
    return components;
  }

  private PrincipalComponents components(String signal, SampleMoments moments) {
    int to = asked.get(signal).to();
    String key = "signals.project." + signal;
    if (moments.count() <= to) {
      throw Errors.badInput(
          ("%s asks for %d principal components, which needs a sample of at least %d rows; the"
                  + " teacher's %s is known of %d training examples. Lower %s.to, use by = random, or"
                  + " teach a larger table.")
              .formatted(key, to, to + 1, signal, moments.count(), key));
    }
    try {
      return PrincipalComponents.of(moments, to);
    } catch (IllegalArgumentException e) {
      throw Errors.badInput(
          "%s: %s; the teacher's %s says nothing, name another tensor or remove %s."
              .formatted(key, e.getMessage(), signal, key),
          e);
    }
  }
}
