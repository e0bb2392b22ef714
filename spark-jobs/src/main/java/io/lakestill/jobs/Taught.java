package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.jobs.TeacherSignals.Source;
import io.lakestill.jobs.TeacherSignals.Teacher;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.train.CheckpointManifest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the teachers of a recipe said: the versions of their signal tables that a training learns
 * from.
 *
 * @param versions in the order of the recipe; none without a teacher
 */
record Taught(List<SignalVersion> versions) {
  /** Of a recipe without a teacher. */
  static final Taught NOTHING = new Taught(List.of());

  Taught {
    versions = List.copyOf(versions);
  }

  /**
   * The current versions, which must fit the recipe.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when one is missing or was made for
   *     another recipe, or the loss needs a signal that none of them has
   */
  static Taught current(List<SignalSource> sources, DataSettings data, Requirements requirements) {
    Taught taught =
        new Taught(sources.stream().map(source -> SignalVersion.current(source, data)).toList());
    requirements.teacher().forEach(taught::requireSignal);
    return taught;
  }

  private void requireSignal(String need) {
    TeacherSignals signals = signals();
    if (SqlSignal.of(need).isEmpty() && signals.named(need).isEmpty()) {
      throw Errors.badInput(
          ("The signals in %s have no '%s', which the loss needs, they have %s; name it in"
                  + " teacher.outputs and run teach again.")
              .formatted(tables(), need, signals.sources().keySet()));
    }
  }

  boolean isEmpty() {
    return versions.isEmpty();
  }

  /** Where the tables are, for messages. */
  String tables() {
    return versions.stream()
        .map(version -> "'" + version.table().root() + "', version " + version.manifest().version())
        .collect(Collectors.joining(" and "));
  }

  /** What a loss can ask of them. */
  TeacherSignals signals() {
    return new TeacherSignals(
        versions.stream()
            .map(SignalVersion::manifest)
            .map(
                manifest ->
                    new Teacher(
                        manifest.teacher().id(),
                        manifest.signals().stream().map(SignalColumn::name).toList()))
            .toList());
  }

  /**
   * The shape of each signal by the name that a loss uses, without the batch axis, and of each
   * expression among its needs: a single number.
   */
  Map<String, List<Integer>> shapes(Requirements requirements) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    for (Map.Entry<String, Source> signal : signals().sources().entrySet()) {
      Source source = signal.getValue();
      shapes.put(signal.getKey(), versions.get(source.teacher()).shapes().get(source.column()));
    }
    requirements.teacher().stream()
        .filter(need -> SqlSignal.of(need).isPresent())
        .forEach(expression -> shapes.put(expression, List.of()));
    return shapes;
  }

  /** What a checkpoint says of them. */
  List<CheckpointManifest.Signals> learnedFrom() {
    return versions.stream()
        .map(SignalVersion::manifest)
        .map(
            from ->
                new CheckpointManifest.Signals(
                    from.teacher().id(), from.version(), from.fingerprint()))
        .toList();
  }

  /** The versions that put examples into quarantine. */
  List<SignalVersion> withQuarantine() {
    return versions.stream().filter(v -> !v.manifest().quarantine().isEmpty()).toList();
  }

  /** Where a signal is; empty for an expression. */
  Optional<Source> source(String signal) {
    return Optional.ofNullable(signals().sources().get(signal));
  }
}
