package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTest {
  private static final Map<String, String> CARD = Map.of("scorecard.json", "{}");

  @TempDir private Path folder;

  private final Configuration configuration = new Configuration();
  private Catalogue catalogue;
  private Model model;

  @BeforeEach
  void open() {
    catalogue =
        new Catalogue(
            new org.apache.hadoop.fs.Path(folder.resolve("models").toUri()), configuration);
    model = catalogue.model("pets");
  }

  @Test
  void goldenFileOfFormatOneStillLoadsAndIsStillWritten() {
    String golden = TestResource.text("/io/lakestill/export/model-version.v1.json");
    ModelVersion read = ModelVersion.fromJson(Json.parse(golden, "golden"), "golden");
    assertThat(read).isEqualTo(version(3));
    assertThat(Json.pretty(read.toJson())).isEqualTo(golden);
    ObjectNode schema = TestResource.json("/io/lakestill/schema/model-version.v1.schema.json");
    assertThat(SchemaCheck.faultsOfWriter(schema, read.toJson())).isEmpty();
  }

  @Test
  void aVersionServesOnceThePointerNamesItAndNotBefore() throws IOException {
    model.add(bundle(1), version(1), CARD);
    assertThat(model.versions()).containsExactly(1);
    assertThat(model.current()).isEmpty();
    assertThatThrownBy(() -> Bundle.open(model.folder(), configuration))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("There is no bundle in '");

    model.pointTo(1);
    Bundle served = Bundle.open(model.folder(), configuration);
    assertThat(served.manifest()).isEqualTo(bundle(1).manifest());
    assertThat(served.folder().getName()).isEqualTo("v=1");
    assertThat(folder.resolve("models/pets/_lakestill/scorecard-v1.json")).hasContent("{}");
    assertThat(catalogue.models()).containsExactly(model);
    assertThat(model.learnedFrom()).isEqualTo(bundle(1).manifest().provenance().signalTables());

    model.add(bundle(2), version(2), CARD);
    assertThat(Bundle.open(model.folder(), configuration).manifest())
        .as("what serves is what was pointed to")
        .isEqualTo(bundle(1).manifest());
    model.pointTo(2);
    Files.writeString(folder.resolve("models/pets/_lakestill/CURRENT"), "1\n");
    assertThat(Bundle.open(model.folder(), configuration).manifest().provenance().seed())
        .as("going back is writing an older number")
        .isEqualTo(1);
  }

  @Test
  void whatARunLeftThatDiedIsOverwrittenAndNeverAVersion() throws IOException {
    Bundle.write(model.bundle(1), configuration, bundle(5).manifest(), Bundles.files(5));
    assertThat(model.versions()).isEmpty();
    assertThat(model.current()).isEmpty();
    model.add(bundle(1), version(1), CARD);
    model.pointTo(1);
    assertThat(Bundle.open(model.folder(), configuration).manifest().provenance().seed())
        .isEqualTo(1);
  }

  @Test
  void damageIsRefusedWithThePlaceAndWhatToDo() throws IOException {
    assertRefused(() -> model.version(4), "has no version 4; versions here: [].");
    assertRefused(() -> model.unread(4), "Version 4 of model '", "has no bundle in '");
    assertRefused(() -> catalogue.models(), "There is no catalogue at '", "promote a student");
    model.add(bundle(1), version(1), CARD);
    Files.writeString(folder.resolve("models/pets/_lakestill/CURRENT"), "newest\n");
    assertRefused(
        () -> model.current(),
        "must hold the number of a version, holds 'newest'; write one of [1]");
    ObjectNode unmeasured = version(1).toJson();
    unmeasured.putObject("accuracy");
    assertRefused(
        () -> ModelVersion.fromJson(unmeasured, "version-1.json"),
        "'version-1.json' is not sound: the student's accuracy is missing");
    assertThatThrownBy(() -> catalogue.model("../pets"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("A model cannot be named '../pets'");
  }

  private static void assertRefused(Runnable refused, String... words) {
    assertThatThrownBy(refused::run)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(words);
  }

  private Bundle bundle(long seed) {
    BundleManifest manifest =
        Bundles.manifest(Bundles.manifest().provenance().signalTables(), seed);
    return Bundle.write(
        new org.apache.hadoop.fs.Path(folder.resolve("out" + seed).toUri()),
        configuration,
        manifest,
        Bundles.files(seed));
  }

  private static ModelVersion version(int number) {
    return new ModelVersion(
        number,
        Instant.parse("2026-11-22T03:04:05Z"),
        "run-7",
        "0.1.0",
        "pets",
        "hdfs://lake/out/pets/student",
        1000,
        Map.of("student", 0.875, "teacher", 0.9375),
        List.of("student.accuracy >= 0.8 (left 0.875, right 0.8)"));
  }
}
