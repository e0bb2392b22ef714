package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;

/**
 * How a model is trained.
 *
 * @param objectives the weighted terms of its loss
 * @param epochs passes over the training examples; with several views an epoch sees one view of
 *     each example
 * @param batch rows per step over the whole cluster
 * @param optimizer the optimizer
 * @param bestBy which epoch's weights are kept
 * @param loop how its steps are run
 * @param seeds one training per seed; the first one's student becomes the bundle
 */
public record TrainSettings(
    List<TermSettings> objectives,
    int epochs,
    int batch,
    OptimizerSettings optimizer,
    BestBy bestBy,
    LoopSettings loop,
    List<Integer> seeds) {
  public TrainSettings {
    objectives = List.copyOf(objectives);
    seeds = List.copyOf(seeds);
    if (objectives.isEmpty()) {
      throw new IllegalArgumentException("objectives must hold at least one term");
    }
    if (epochs < 1) {
      throw new IllegalArgumentException("epochs must be at least 1, is " + epochs);
    }
    if (batch < 1) {
      throw new IllegalArgumentException("batch must be at least 1, is " + batch);
    }
    if (seeds.isEmpty() || seeds.stream().distinct().count() != seeds.size()) {
      throw new IllegalArgumentException("seeds must be distinct and at least one, are " + seeds);
    }
  }

  static Optional<TrainSettings> read(Settings raw) {
    Settings settings = raw.withDefaults("train");
    List<TermSettings> objectives =
        settings.sections("objectives").stream()
            .map(TermSettings::read)
            .flatMap(Optional::stream)
            .toList();
    int epochs = settings.integer("epochs");
    objectives.forEach(term -> ScheduleReader.refuseIdle(term.options(), epochs));
    int batch = settings.integer("batch");
    Optional<OptimizerSettings> optimizer = OptimizerSettings.read(settings.section("optimizer"));
    BestBy bestBy = settings.choice("best-by", BestBy.class);
    List<Integer> seeds = settings.integers("seeds");
    Optional<LoopSettings> loop = LoopSettings.read(settings);
    return settings.build(
        () ->
            new TrainSettings(
                objectives,
                epochs,
                batch,
                optimizer.orElseThrow(),
                bestBy,
                loop.orElseThrow(),
                seeds));
  }
}
