package io.lakestill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.report.page.ScorecardPage;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScorecardTest {
  private static final String GOLDEN = "/io/lakestill/report/scorecard.v1.golden.json";
  private static final String SCHEMA = "/io/lakestill/schema/scorecard.v1.schema.json";

  static Stream<Scorecard> samples() {
    return Stream.of(
        SampleScorecards.fiveSeeds(),
        severalTeachers(),
        SampleScorecards.studentOnly(),
        SampleScorecards.manyClasses(40),
        SampleScorecards.named("<b>", "\u0000"));
  }

  private static Scorecard severalTeachers() {
    return SampleScorecards.fiveSeeds()
        .withTeachers(
            List.of(
                new TeacherScore("resnet", 0.93, 0.21, 11_000_000),
                new TeacherScore("vit", 0.91, 0.25, 86_000_000)));
  }

  @Test
  void namesTheSignalTableOfEachOfSeveralTeachers() {
    List<Provenance.SignalTableVersion> tables =
        List.of(
            new Provenance.SignalTableVersion("out/signals/resnet", 2),
            new Provenance.SignalTableVersion("out/signals/vit", 5));
    Scorecard card = SampleScorecards.ofSignals(tables);
    ObjectNode json = written(card);

    assertThat(json.has("signal_table")).isFalse();
    assertThat(json.at("/signal_tables/1/path").asText()).isEqualTo("out/signals/vit");
    assertThat(json.at("/signal_tables/1/version").asInt()).isEqualTo(5);
    assertThat(SchemaCheck.faults(TestResource.json(SCHEMA), json)).isEmpty();
    assertThat(Scorecard.fromJson(json, "card").provenance().signalTables()).isEqualTo(tables);
    assertThat(ScorecardPage.html(card))
        .contains("out/signals/resnet, version 2", "out/signals/vit, version 5");
  }

  @Test
  void judgingKeepsTheTeachers() {
    assertThat(severalTeachers().judgedBy(List.of()).teachers()).hasSize(2);
  }

  @Test
  void refusesAListOfOneTeacherAndAListWithoutATeacher() {
    List<TeacherScore> two = severalTeachers().teachers();

    for (Runnable wrong :
        List.<Runnable>of(
            () -> SampleScorecards.fiveSeeds().withTeachers(two.subList(0, 1)),
            () -> SampleScorecards.studentOnly().withTeachers(two))) {
      assertThatThrownBy(wrong::run).hasMessage("teachers are listed when there are several");
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void readsBackWhatItWrote(Scorecard card) {
    String text = Json.pretty(card.toJson());

    assertThat(Scorecard.fromJson(Json.parse(text, "card"), "card")).isEqualTo(card);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void conformsToItsSchema(Scorecard card) {
    assertThat(SchemaCheck.faults(TestResource.json(SCHEMA), written(card))).isEmpty();
  }

  @Test
  void schemaRefusesMissingAndUnknownFields() {
    ObjectNode json = written(SampleScorecards.fiveSeeds());
    ((ObjectNode) json.get("student")).remove("accuracy");
    ((ObjectNode) json.get("student")).put("acuracy", 0.9);

    assertThat(SchemaCheck.faults(TestResource.json(SCHEMA), json))
        .containsExactly(
            "$.student.accuracy breaks required", "$.student.acuracy breaks additionalProperties");
  }

  @Test
  void goldenFileOfVersionOneStillLoads() {
    ObjectNode golden = TestResource.json(GOLDEN);

    Scorecard card = Scorecard.fromJson(golden, "golden");

    assertThat(written(card)).isEqualTo(golden);
    assertThat(SchemaCheck.faults(TestResource.json(SCHEMA), golden)).isEmpty();
    assertThat(card.seeds()).containsExactly(1L, 2L);
    assertThat(card.passed()).isFalse();
  }

  @Test
  void refusesAnotherFormatVersion() {
    ObjectNode json = TestResource.json(GOLDEN).put("format_version", 2);

    assertBadInput(json, "format version 2, this Lakestill reads up to 1");
  }

  @Test
  void namesTheFieldThatIsMissing() {
    ObjectNode json = TestResource.json(GOLDEN);
    ((ObjectNode) json.get("student")).remove("cross_entropy");

    assertBadInput(json, "student", "cross_entropy");
  }

  @Test
  void namesTheFieldThatIsOfAnotherType() {
    ObjectNode json = TestResource.json(GOLDEN);
    ((ObjectNode) json.get("per_seed").get(1).get("student")).put("accuracy", "high");

    assertBadInput(json, "'per_seed[1].student.accuracy' must be a number, is \"high\"");
  }

  @Test
  void refusesNumbersThatCannotBe() {
    ObjectNode json = TestResource.json(GOLDEN);
    ((ObjectNode) json.get("student")).put("accuracy", 1.2);

    assertBadInput(json, "accuracy must be in [0, 1], is 1.2");
  }

  @Test
  void refusesAConfusionOfOtherRows() {
    ObjectNode json = TestResource.json(GOLDEN).put("test_rows", 7);

    assertBadInput(json, "every confusion needs 3 classes and 7 test rows");
  }

  @Test
  void refusesATwinWithoutATeacher() {
    Scorecard card = SampleScorecards.fiveSeeds();

    assertThatThrownBy(
            () ->
                new Scorecard(
                    card.provenance(),
                    card.classes(),
                    card.testRows(),
                    Optional.empty(),
                    card.student(),
                    card.scratch(),
                    card.perSeed(),
                    card.curves(),
                    card.gates()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("without a teacher there is no scratch twin");
  }

  @Test
  void standsForTheFirstSeed() {
    JsonNode json = written(SampleScorecards.fiveSeeds());

    for (String role : List.of("student", "scratch")) {
      assertThat(json.at("/per_seed/0/" + role + "/accuracy"))
          .isEqualTo(json.at("/" + role + "/accuracy"));
    }
  }

  @Test
  void refusedResultEndsWithExitSixAndNamesTheGate() {
    assertThatThrownBy(() -> SampleScorecards.fiveSeeds().throwIfRefused())
        .hasMessageContaining("1 gate of the recipe refused")
        .hasMessageContaining("student.accuracy >= 0.95")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.GATE_REFUSED);
  }

  private static void assertBadInput(ObjectNode json, String... parts) {
    assertThatThrownBy(() -> Scorecard.fromJson(json, "out/scorecard.json"))
        .hasMessageContainingAll(parts)
        .hasMessageContaining("out/scorecard.json")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }

  /** As a reader of the file sees it. */
  private static ObjectNode written(Scorecard card) {
    return Json.parse(Json.pretty(card.toJson()), "card");
  }
}
