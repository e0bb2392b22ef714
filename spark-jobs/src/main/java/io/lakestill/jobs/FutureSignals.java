package io.lakestill.jobs;

import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Topk;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * What a training will be given by teachers that have yet to speak: known from their models, or
 * from what they said last when they are not asked again.
 *
 * @param output of the run
 */
record FutureSignals(Blueprint blueprint, OutputFolder output, Configuration configuration) {

  /**
   * The shape of each signal, by the name a loss uses, so far as it is known.
   *
   * @param given of each teacher the shapes of its signals, so far as it was looked at
   * @param stages what will run
   * @throws io.lakestill.error.LakestillException (exit 2) when one cannot be narrowed as the
   *     recipe says
   */
  Map<String, List<Integer>> shapes(List<Map<String, List<Integer>>> given, Set<Stage> stages) {
    Map<String, List<Integer>> shapes = new HashMap<>();
    blueprint
        .signals()
        .sources()
        .forEach(
            (name, source) ->
                shape(source, given.get(source.teacher()), stages)
                    .ifPresent(shape -> shapes.put(name, shape)));
    return shapes;
  }

  private Optional<List<Integer>> shape(
      TeacherSignals.Source source, Map<String, List<Integer>> given, Set<Stage> stages) {
    Optional<List<Integer>> stored =
        stages.contains(Stage.TEACH) ? Optional.empty() : stored(source).map(SignalColumn::shape);
    return stored.or(
        () ->
            said(source, given)
                .map(
                    shape ->
                        SignalProjections.stored(
                            source.column(), shape, blueprint.recipe().signals().projections())));
  }

  private Optional<List<Integer>> said(
      TeacherSignals.Source source, Map<String, List<Integer>> given) {
    TeacherPlan teacher = blueprint.teachers().get(source.teacher());
    String tensor = teacher.settings().outputs().get(source.column());
    if (teacher.training().isPresent()) {
      return Optional.of(teacher.training().get().graph().outputShape(tensor).sizes());
    }
    return Optional.ofNullable(given.get(source.column()));
  }

  /** What the table has of it now. */
  private Optional<SignalColumn> stored(TeacherSignals.Source source) {
    String id = blueprint.teachers().get(source.teacher()).settings().id();
    return new SignalTable(output.signals(id), configuration)
        .current().map(SignalManifest::signals).stream()
            .flatMap(List::stream)
            .filter(column -> column.name().equals(source.column()))
            .findFirst();
  }

  /**
   * What loss and expressions will find. Where teachers are asked again the recipe says how signals
   * are stored, else only their tables do.
   *
   * @param stages what will run
   */
  TeacherSignals signals(Set<Stage> stages) {
    Map<TeacherSignals.Source, Topk> topk = new HashMap<>();
    for (TeacherSignals.Source source : blueprint.signals().sources().values()) {
      codec(source, stages)
          .filter(Topk.class::isInstance)
          .ifPresent(codec -> topk.put(source, (Topk) codec));
    }
    return blueprint.signals().storedBy(topk);
  }

  private Optional<Codec> codec(TeacherSignals.Source source, Set<Stage> stages) {
    return stages.contains(Stage.TEACH)
        ? Optional.of(Codec.of(blueprint.recipe().signals().codecs(), source.column()))
        : stored(source).map(SignalColumn::codec);
  }
}
