package io.lakestill.bigdl;

import io.lakestill.io.EnumText;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.TrainingProgress;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which engine computes a training whose recipe leaves it open. */
final class EngineChoice {
  private static final Logger LOG = LoggerFactory.getLogger(EngineChoice.class);

  /** The first is taken where there is nothing to choose. */
  private static final List<TrainingEngine> CANDIDATES =
      List.of(TrainingEngine.ARRAYS, TrainingEngine.ONEDNN);

  private EngineChoice() {}

  /**
   * The engine whose slowest node is the fastest, by a trial on all nodes.
   *
   * @param setup of the training, whatever its engine
   */
  static TrainingEngine of(PackedDataSet rows, NodeSetup setup, TrainingProgress progress) {
    if (!differ(setup)) {
      return CANDIDATES.get(0);
    }
    List<EngineTrial.Times> nodes = rows.trial(setup, CANDIDATES);
    List<Long> slowest =
        IntStream.range(0, CANDIDATES.size())
            .mapToObj(i -> nodes.stream().mapToLong(node -> node.stepNanos().get(i)).max())
            .map(max -> max.orElseThrow())
            .toList();
    int fastest =
        IntStream.range(0, CANDIDATES.size())
            .reduce((a, b) -> slowest.get(b) < slowest.get(a) ? b : a)
            .orElseThrow();
    TrainingEngine engine = CANDIDATES.get(fastest);
    String found = times(slowest);
    LOG.info("event=engine-chosen engine={} trial=\"{}\"", EnumText.of(engine), found);
    progress.notice(
        "Forward and back on the first rows, in a trial: %s; train.engine = %s from here on."
            .formatted(found, EnumText.of(engine)));
    return engine;
  }

  /** Whether there is anything that oneDNN would compute. */
  private static boolean differ(NodeSetup setup) {
    StudentGraph student = setup.student();
    List<String> outputs = BigDlGraph.names(setup.inputs().layout().outputs());
    return !OneDnnLayers.trunk(student, outputs).layers().isEmpty();
  }

  private static String times(List<Long> nanos) {
    return String.join(
        ", ",
        IntStream.range(0, nanos.size())
            .mapToObj(
                i ->
                    nanos.get(i) == EngineTrial.Times.NEVER
                        ? "%s cannot be loaded".formatted(EnumText.of(CANDIDATES.get(i)))
                        : String.format(
                            Locale.ROOT,
                            "%.1f ms by %s",
                            nanos.get(i) / 1e6,
                            EnumText.of(CANDIDATES.get(i))))
            .toList());
  }
}
