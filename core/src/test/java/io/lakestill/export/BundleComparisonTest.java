package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.export.BundleComparison.Difference;
import io.lakestill.train.TrainingEnvironment;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BundleComparisonTest {
  private static final BundleFile PARAMETERS =
      new BundleFile("parameters.safetensors", 300, "c".repeat(64));

  private static BundleManifest with(
      String recipe, Optional<TrainingEnvironment> environment, String created, String sha256) {
    BundleManifest made = Bundles.manifest();
    BundleProvenance from = made.provenance();
    return new BundleManifest(
            made.role(),
            made.classes(),
            made.features(),
            made.graph(),
            made.opset(),
            made.largestLogitDifference(),
            new BundleProvenance(
                recipe,
                from.signalTables(),
                from.seed(),
                from.bestEpoch(),
                environment,
                from.fingerprint(),
                from.codeVersion(),
                Instant.parse(created)),
            List.of())
        .withFiles(List.of(PARAMETERS, new BundleFile("student.onnx", 1234, sha256)));
  }

  private static final String SAME = "d".repeat(64);
  private static final String TODAY = "2026-11-21T10:20:30Z";
  private static final TrainingEnvironment THERE =
      new TrainingEnvironment(
          List.of(new TrainingEnvironment.Leg(0, 1, 2)),
          List.of("Another processor"),
          Bundles.ENVIRONMENT.systems(),
          new TreeMap<>(Bundles.ENVIRONMENT.versions()));

  @Test
  void theSameFilesAreTheSameModelWheneverTheyWereWritten() {
    Optional<TrainingEnvironment> where = Optional.of(Bundles.ENVIRONMENT);

    assertThat(
            BundleComparison.of(
                with("a = 1", where, TODAY, SAME),
                with("a = 1", where, "2027-01-01T00:00:00Z", SAME)))
        .isEqualTo(new BundleComparison(true, List.of()));
  }

  @Test
  void saysWhereElseAndWithWhatElseItWasTrained() {
    BundleComparison found =
        BundleComparison.of(
            with("train { batch = 64, lr = 1 }", Optional.of(Bundles.ENVIRONMENT), TODAY, SAME),
            with("train { batch = 32, lr = 1 }", Optional.of(THERE), TODAY, "e".repeat(64)));

    assertThat(found.isSame()).isFalse();
    assertThat(found.differences())
        .contains(
            new Difference("environment.legs[0].nodes", "2", "1"),
            new Difference("environment.legs[1].after", "120", BundleComparison.NONE),
            new Difference(
                "environment.processors", "[\"A processor\"]", "[\"Another processor\"]"),
            new Difference("files.student.onnx", SAME, "e".repeat(64)),
            new Difference("recipe.train.batch", "64", "32"))
        .noneMatch(difference -> difference.key().equals("recipe.train.lr"));
  }

  @Test
  void aBundleThatDoesNotSayWhereDiffersInThat() {
    assertThat(
            BundleComparison.of(
                    with("a = 1", Optional.empty(), TODAY, SAME),
                    with("a = 1", Optional.of(THERE), TODAY, SAME))
                .differences())
        .contains(new Difference("environment.legs[0].cores", BundleComparison.NONE, "2"));
  }
}
