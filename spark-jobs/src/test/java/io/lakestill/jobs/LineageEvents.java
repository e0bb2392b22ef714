package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What OpenLineage's own transport wrote of a quickstart: one event a line. */
record LineageEvents(List<JsonNode> all) {

  static LineageEvents read(Path file) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      all.add(new ObjectMapper().readTree(line));
    }
    return new LineageEvents(all);
  }

  /** The one event of a stage, told in the namespace that was asked for. */
  JsonNode ofStage(String name) {
    List<JsonNode> told =
        all.stream()
            .filter(event -> event.at("/job/name").asText().equals("lakestill.quickstart." + name))
            .toList();
    assertThat(told).as(name).hasSize(1);
    assertThat(told.get(0).at("/job/namespace").asText()).isEqualTo(SubmittedRuns.NAMESPACE);
    return told.get(0);
  }

  /**
   * @param side {@code inputs} or {@code outputs}
   */
  static List<String> names(JsonNode event, String side) {
    return event.path(side).findValuesAsText("name");
  }
}
