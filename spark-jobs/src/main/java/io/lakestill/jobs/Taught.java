package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.jobs.TeacherSignals.Source;
import io.lakestill.jobs.TeacherSignals.Teacher;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.Slice;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Topk;
import io.lakestill.train.CheckpointManifest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/**
 * What the teachers of a recipe said: the versions of their signal tables that a training learns
 * from.
 *
 * @param versions in the order of the recipe; none without a teacher
 * @param kept what the loss takes of each signal that is stored by {@code topk}
 */
record Taught(List<SignalVersion> versions, Map<String, KeptLogits> kept) {
  /** Of a recipe without a teacher. */
  static final Taught NOTHING = new Taught(List.of());

  Taught {
    versions = List.copyOf(versions);
    kept = Map.copyOf(kept);
  }

  private Taught(List<SignalVersion> versions) {
    this(versions, Map.of());
  }

  /**
   * The current versions, which must fit the recipe.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when one is missing or was made for
   *     another recipe, or the loss needs a signal that none of them has
   */
  static Taught current(List<SignalSource> sources, DataSettings data, Requirements requirements) {
    return current(sources, data, requirements, slice -> true);
  }

  /** The same with some slices of the tables only. */
  static Taught current(
      List<SignalSource> sources,
      DataSettings data,
      Requirements requirements,
      Predicate<Slice> read) {
    Taught taught =
        new Taught(
            sources.stream().map(source -> SignalVersion.current(source, data, read)).toList());
    requirements.teacher().forEach(taught::requireSignal);
    return taught;
  }

  /**
   * The same as a loss takes it.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when a term needs what {@code topk} did
   *     not keep
   */
  Taught takenBy(WeightedTerms loss) {
    TopkTerms topk = new TopkTerms(loss.terms(), signals().topk());
    for (int i = 0; i < loss.terms().size(); i++) {
      String place = "train.objectives[" + i + "].";
      topk.refusal(i)
          .ifPresent(
              refusal -> {
                throw Errors.badRecipe(place + refusal.key() + ": " + refusal.message() + ".");
              });
    }
    return new Taught(versions, topk.kept());
  }

  private void requireSignal(String need) {
    TeacherSignals signals = signals();
    if (SqlSignal.of(need).isEmpty() && signals.named(need).isEmpty()) {
      throw Errors.badInput(
          ("The signals in %s have no '%s', which the loss needs, they have %s; name it in the"
                  + " outputs of %s and run teach again.")
              .formatted(tables(), need, signals.sources().keySet(), signals.owner(need)));
    }
  }

  /**
   * Compares every file with its manifest.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when a file is not what its manifest
   *     says, or one lies there that no manifest names
   */
  void requireSound(SparkSession spark, TableCheck.Depth depth) {
    for (SignalVersion version : versions) {
      new TableCheck(version).requireSound(spark, depth, progress -> {});
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
                        manifest.signals().stream().map(SignalColumn::name).toList(),
                        topk(manifest)))
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

  private static Map<String, Topk> topk(SignalManifest manifest) {
    Map<String, Topk> stored = new LinkedHashMap<>();
    for (SignalColumn column : manifest.signals()) {
      if (column.codec() instanceof Topk topk) {
        stored.put(column.name(), topk);
      }
    }
    return stored;
  }

  /** The column that a signal is read from; empty for an expression. */
  Optional<SignalColumn> column(String signal) {
    return source(signal)
        .map(source -> versions.get(source.teacher()).manifest().column(source.column()));
  }

  /** How a signal is stored; an expression is computed and comes as it is. */
  Codec codec(String signal) {
    return column(signal).map(SignalColumn::codec).orElseGet(Dense32::new);
  }

  /** Of each signal that is stored by {@code topk}, how many of the largest the loss takes. */
  Map<String, Integer> keptCounts() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    kept.forEach((signal, taken) -> counts.put(signal, taken.count()));
    return counts;
  }

  /** What a checkpoint says of them. */
  List<CheckpointManifest.Signals> learnedFrom() {
    return versions.stream()
        .map(SignalVersion::manifest)
        .map(
            from ->
                new CheckpointManifest.Signals(
                    from.teacher().id(), from.version(), from.fingerprint(), from.dates()))
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
