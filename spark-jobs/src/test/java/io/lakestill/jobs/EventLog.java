package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What Spark's own event log of an application says of it, as its pages show it.
 *
 * @param jobs in their order
 * @param queries the descriptions of SQL queries
 */
record EventLog(List<Job> jobs, List<String> queries) {

  /** A job; empty texts where it has none. */
  record Job(int id, String group, String description, List<String> stages) {}

  /** All logs of a folder, the oldest first. */
  static List<EventLog> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<EventLog> logs = new ArrayList<>();
      for (Path file :
          files.filter(each -> !each.getFileName().toString().startsWith(".")).sorted().toList()) {
        logs.add(read(file));
      }
      return logs;
    }
  }

  private static EventLog read(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    EventLog log = new EventLog(new ArrayList<>(), new ArrayList<>());
    for (String line : Files.readAllLines(file)) {
      JsonNode event = mapper.readTree(line);
      String name = event.get("Event").asText();
      if (name.equals("SparkListenerJobStart")) {
        JsonNode said = event.path("Properties");
        List<String> stages = new ArrayList<>();
        event.get("Stage Infos").forEach(stage -> stages.add(stage.get("Stage Name").asText()));
        log.jobs()
            .add(
                new Job(
                    event.get("Job ID").asInt(),
                    said.path("spark.jobGroup.id").asText(),
                    said.path("spark.job.description").asText(),
                    stages));
      } else if (name.endsWith("SparkListenerSQLExecutionStart")) {
        log.queries().add(event.get("description").asText());
      }
    }
    return log;
  }
}
