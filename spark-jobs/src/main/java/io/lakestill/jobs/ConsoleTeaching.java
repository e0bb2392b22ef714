package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;

/** Shows a person how far a teacher is, and what its checks found. */
final class ConsoleTeaching implements ProgressListener {
  private final Console console;
  private final ObjectNode found = Json.object();

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
    finding.addTo(found);
  }

  /** The figures of the checks, for the summary; empty when there were none. */
  ObjectNode found() {
    return found;
  }
}
