package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a task of {@link TeachJob} returns to the driver. It travels as a line of JSON, because
 * results go through Spark's own serialiser and Kryo refuses records.
 *
 * @param signals the file of signals; empty when there were none
 * @param quarantine the file of quarantined rows; empty when there were none
 * @param examples what is wrong with the first rows in quarantine
 * @param gaveUp whether the task stopped because it alone was over the quarantine budget
 */
record TeachOutcome(
    Optional<SignalFile> signals,
    Optional<SignalFile> quarantine,
    List<String> examples,
    boolean gaveUp) {
  private static final String ORIGIN = "outcome of a task";

  String toLine() {
    ObjectNode json = Json.object();
    signals.ifPresent(file -> json.set("signals", file.toJson()));
    quarantine.ifPresent(file -> json.set("quarantine", file.toJson()));
    ArrayNode shown = json.putArray("examples");
    examples.forEach(shown::add);
    return Json.line(json.put("gave_up", gaveUp));
  }

  static TeachOutcome ofLine(String line) {
    ObjectNode json = Json.parse(line, ORIGIN);
    List<String> examples = new ArrayList<>();
    json.get("examples").forEach(example -> examples.add(example.textValue()));
    return new TeachOutcome(
        file(json.get("signals")),
        file(json.get("quarantine")),
        examples,
        json.get("gave_up").booleanValue());
  }

  private static Optional<SignalFile> file(JsonNode json) {
    return Optional.ofNullable(json).map(tree -> SignalFile.fromJson(tree, ORIGIN));
  }
}
