package io.lakestill.export;

import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Layout;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Normalisation;
import io.lakestill.student.Mlp;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.TrainingEnvironment;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Small real bundles: an exported student of 2 classes over 3 numeric columns. */
final class Bundles {
  static final StudentGraph GRAPH = new Mlp(List.of(4)).graph(Shape.flat(3), 2, Map.of());

  private Bundles() {}

  static BundleManifest manifest() {
    return manifest(List.of(new SignalTableVersion("lake/signals/t", 3, "b".repeat(64))), 7);
  }

  static final TrainingEnvironment ENVIRONMENT =
      new TrainingEnvironment(
          List.of(new TrainingEnvironment.Leg(0, 2, 4), new TrainingEnvironment.Leg(120, 1, 2)),
          List.of("A processor"),
          List.of("Linux amd64"),
          new TreeMap<>(Map.of("java", "17.0.9", "spark", "3.5.7")));

  static BundleManifest manifest(List<SignalTableVersion> signalTables, long seed) {
    FeatureSettings features =
        new FeatureSettings(
            List.of("x", "y", "z"),
            Encoding.FLOAT,
            List.of(3),
            Layout.CHW,
            0.5,
            new Normalisation(List.of(0.25), List.of(2.0)));
    BundleProvenance provenance =
        new BundleProvenance(
            "name = \"test\"\n",
            signalTables,
            seed,
            12,
            Optional.of(ENVIRONMENT),
            "a".repeat(64),
            "0.1.0",
            Instant.parse("2026-11-21T10:20:30Z"));
    return new BundleManifest(
        ModelRole.STUDENT,
        List.of("no", "yes"),
        features,
        GRAPH,
        13,
        1.5e-6,
        provenance,
        List.of());
  }

  /** The files of a bundle of this seed, with one more file of its own. */
  static Map<String, byte[]> files(long seed) {
    Parameters parameters = Parameters.initial(GRAPH, seed);
    return Map.of(
        "student.onnx",
        new OnnxWriter(13).write(GRAPH, parameters, List.of("no", "yes")),
        Bundle.PARAMETERS,
        parameters.toSafeTensors(),
        "notes-" + seed + ".txt",
        "notes".getBytes(StandardCharsets.UTF_8));
  }
}
