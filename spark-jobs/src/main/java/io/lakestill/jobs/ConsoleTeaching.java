package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;

/** Shows a person how far a teacher is, and what its checks found. */
final class ConsoleTeaching implements ProgressListener {
  private final Console console;
  private final ArrayNode found = Json.object().arrayNode();

  ConsoleTeaching(Console console) {
    this.console = console;
  }

  @Override
  public void progressed(Progress progress) {
    console.progress("  " + progress);
  }

  @Override
  public void checked(TeacherCheck.Finding finding) {
    console.line("  " + finding.line());
    if (finding instanceof TeacherAccuracy) {
      found.addObject();
    }
    finding.addTo((ObjectNode) found.get(found.size() - 1));
  }

  /** Adds the figures of the checks to a summary: {@code checks}, one for each date or table. */
  void addTo(ObjectNode summary) {
    if (!found.isEmpty()) {
      summary.set("checks", found);
    }
  }
}
