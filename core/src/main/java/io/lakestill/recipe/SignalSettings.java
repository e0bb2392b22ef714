package io.lakestill.recipe;

import java.util.Map;
import java.util.Optional;

/**
 * How the teacher's pass over the data is run, and how what it says is stored.
 *
 * @param batch rows per call of the teacher
 * @param rowsPerTask rows (times views) per Spark task, which is what a lost executor costs
 * @param quarantineBudget the part of the rows that may go to quarantine before the run stops
 * @param store where the rows are kept
 * @param codecs how each signal is stored
 * @param projections how a signal is narrowed before that, by its name
 * @param coverage how many examples may lack signals when a student learns from them
 */
public record SignalSettings(
    int batch,
    int rowsPerTask,
    double quarantineBudget,
    StoreSettings store,
    CodecSettings codecs,
    Map<String, ProjectionSettings> projections,
    CoverageSettings coverage) {
  public SignalSettings {
    projections = Map.copyOf(projections);
    if (batch < 1) {
      throw new IllegalArgumentException("batch must be at least 1, is " + batch);
    }
    if (rowsPerTask < 1) {
      throw new IllegalArgumentException("rows-per-task must be at least 1, is " + rowsPerTask);
    }
    if (quarantineBudget < 0 || quarantineBudget >= 1) {
      throw new IllegalArgumentException(
          "quarantine-budget must be in [0, 1), is " + quarantineBudget);
    }
  }

  static Optional<SignalSettings> read(Settings settings) {
    int batch = settings.integer("batch");
    int rowsPerTask = settings.integer("rows-per-task");
    double budget = settings.number("quarantine-budget");
    Optional<StoreSettings> store = StoreSettings.read(settings);
    Optional<CodecSettings> codecs = CodecSettings.read(settings);
    Optional<Map<String, ProjectionSettings>> projections =
        ProjectionSettings.readAll(settings.section("project"));
    Optional<CoverageSettings> coverage = CoverageSettings.read(settings.section("coverage"));
    return settings.build(
        () ->
            new SignalSettings(
                batch,
                rowsPerTask,
                budget,
                store.orElseThrow(),
                codecs.orElseThrow(),
                projections.orElseThrow(),
                coverage.orElseThrow()));
  }
}
