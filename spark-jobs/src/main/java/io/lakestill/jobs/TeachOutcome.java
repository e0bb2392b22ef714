package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.signal.SignalFile;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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

  /** Rows of all files, of signals and in quarantine. */
  static long rows(List<TeachOutcome> outcomes) {
    return outcomes.stream()
        .flatMap(outcome -> Stream.concat(outcome.signals.stream(), outcome.quarantine.stream()))
        .mapToLong(SignalFile::rows)
        .sum();
  }

  /** Rows of the files in quarantine alone. */
  static long quarantined(List<TeachOutcome> outcomes) {
    return outcomes.stream()
        .flatMap(outcome -> outcome.quarantine.stream())
        .mapToLong(SignalFile::rows)
        .sum();
  }

  String toLine() {
    ObjectNode json = Json.object();
    signals.ifPresent(file -> json.set("signals", file.toJson()));
    quarantine.ifPresent(file -> json.set("quarantine", file.toJson()));
    ArrayNode shown = json.putArray("examples");
    examples.forEach(shown::add);
    return Json.line(json.put("gave_up", gaveUp));
  }

  static TeachOutcome ofLine(String line) {
    JsonFields fields = JsonFields.of(Json.parse(line, ORIGIN), ORIGIN);
    return new TeachOutcome(
        fields.optional("signals", SignalFile::fromJson),
        fields.optional("quarantine", SignalFile::fromJson),
        fields.texts("examples"),
        fields.flag("gave_up"));
  }
}
