package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.signal.RowSums;
import java.util.Optional;

/**
 * What a commit to a table of another format says of itself in the table's own history.
 *
 * @param id of this commit alone
 * @param runId the run that made it
 * @param number of the slice in the manifest
 * @param date of the slice, in a table with dates
 * @param sums what the rows of the slice are from then on
 */
record CommitMark(String id, String runId, int number, Optional<String> date, RowSums sums) {
  private static final String LAKESTILL = "lakestill";

  String text() {
    ObjectNode json = Json.object();
    ObjectNode mark =
        json.putObject(LAKESTILL).put("commit", id).put("run_id", runId).put("number", number);
    date.ifPresent(day -> mark.put("dt", day));
    sums.into(mark);
    return Json.line(json);
  }

  /** Empty when somebody else wrote the text. */
  static Optional<CommitMark> of(String text) {
    try {
      JsonNode json = Json.parse(text, LAKESTILL);
      return json.path(LAKESTILL).isObject()
          ? Optional.of(read(JsonFields.of(json.get(LAKESTILL), LAKESTILL)))
          : Optional.empty();
    } catch (LakestillException e) {
      return Optional.empty();
    }
  }

  private static CommitMark read(JsonFields fields) {
    return new CommitMark(
        fields.text("commit"),
        fields.text("run_id"),
        fields.integer("number"),
        fields.optionalText("dt"),
        RowSums.fromJson(fields));
  }
}
