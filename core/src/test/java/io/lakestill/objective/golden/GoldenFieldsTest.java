package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.TestResource;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every field of a reference file is compared somewhere. Those of objectives are found by {@link
 * GoldenCheck}, which names what it does not compare, and by {@code GoldenOutputsTest}; those of
 * metrics and selections are compared by tests of their own, which this list holds against the
 * files.
 */
class GoldenFieldsTest {
  private static final Set<String> CASE_FIELDS = Set.of("name", "params", "inputs", "expected");

  /** How well the reference's own gradient agrees with finite differences, and remarks. */
  private static final Set<String> OF_THE_REFERENCE =
      Set.of(
          "fd_elements_checked",
          "fd_excluded",
          "fd_max_abs_error",
          "fd_max_rel_error",
          "fd_relative_to_grad_max",
          "grad_max_abs",
          "note");

  /** By ClassificationTallyTest, MetricGoldenValuesTest and SelectionGoldenValuesTest. */
  private static final Map<String, List<String>> COMPARED =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "attention_iou",
                  List.of(
                      "outputs.binary_student",
                      "outputs.binary_teacher",
                      "outputs.cam_teacher",
                      "terms.intersection",
                      "terms.union",
                      "value")),
              Map.entry("auroc", List.of("value")),
              Map.entry("ece", List.of("terms.unweighted_mean_over_bins", "value")),
              Map.entry("entropy", List.of("outputs.per_row", "value")),
              Map.entry("ndcg_at_k", List.of("value")),
              Map.entry("predictive_kl", List.of("value")),
              Map.entry("predictive_kl_reverse", List.of("value")),
              Map.entry("recall_at_k", List.of("value")),
              Map.entry("retained_mass", List.of("outputs.per_row", "value")),
              Map.entry("top1_agreement", List.of("value")),
              Map.entry("fedavg", List.of("value")),
              Map.entry(
                  "kcd_value_and_select",
                  List.of(
                      "grad",
                      "loss",
                      "outputs.blended_logits",
                      "outputs.blended_pixels",
                      "outputs.keep",
                      "outputs.lost",
                      "outputs.mixing_coefficient",
                      "outputs.tail",
                      "outputs.value")),
              Map.entry(
                  "nat_threshold_schedule",
                  List.of(
                      "outputs.accuracy",
                      "outputs.score",
                      "outputs.target_after",
                      "outputs.use_kd",
                      "value"))));

  private static Map<String, JsonNode> files(String folder) throws IOException, URISyntaxException {
    Map<String, JsonNode> files = new TreeMap<>();
    Path path = Path.of(TestResource.class.getResource("/golden/" + folder).toURI());
    try (Stream<Path> found = Files.list(path)) {
      for (Path file : found.toList()) {
        String name = file.getFileName().toString();
        files.put(name.replace(".json", ""), TestResource.json("/golden/" + folder + "/" + name));
      }
    }
    return files;
  }

  @Test
  void everyFieldOfAMetricOrSelectionIsCompared() throws IOException, URISyntaxException {
    Map<String, JsonNode> files = files("metrics");
    files.putAll(files("selection"));
    Map<String, List<String>> found = new TreeMap<>();
    files.forEach((name, file) -> found.put(name, List.copyOf(fields(file))));
    assertThat(found).isEqualTo(COMPARED);
  }

  private static Set<String> fields(JsonNode file) {
    Set<String> fields = new TreeSet<>();
    for (JsonNode golden : file.get("cases")) {
      for (Map.Entry<String, JsonNode> field : golden.get("expected").properties()) {
        if (Set.of("terms", "outputs").contains(field.getKey())) {
          field
              .getValue()
              .fieldNames()
              .forEachRemaining(part -> fields.add(field.getKey() + "." + part));
        } else {
          fields.add(field.getKey());
        }
      }
    }
    return fields;
  }

  @ParameterizedTest
  @ValueSource(strings = {"objectives", "metrics", "selection"})
  void casesHaveNoFieldThatNobodyReads(String folder) throws IOException, URISyntaxException {
    for (Map.Entry<String, JsonNode> file : files(folder).entrySet()) {
      for (JsonNode golden : file.getValue().get("cases")) {
        Set<String> fields = new TreeSet<>();
        golden.fieldNames().forEachRemaining(fields::add);
        fields.removeAll(CASE_FIELDS);
        fields.removeAll(OF_THE_REFERENCE);
        assertThat(fields).as(file.getKey()).isEmpty();
      }
    }
  }
}
