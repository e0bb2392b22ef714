package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The JSON summary of one command, whatever became of it: the same in the file and on screen. */
final class RunSummary {
  private static final Logger LOG = LoggerFactory.getLogger(RunSummary.class);

  private final String command;
  private final ObjectNode json = Json.object();
  private Optional<Failure> failure = Optional.empty();

  RunSummary(String command) {
    this.command = command;
    json.put("command", command);
  }

  /** What the stages add to. */
  ObjectNode json() {
    return json;
  }

  /** How long it took, as a whole and by stage; what was said first stays. */
  void timed(StageLog log, Duration spent) {
    if (!json.has("stages")) {
      json.put("seconds", spent.toMillis() / 1000.0);
      json.set("stages", log.toJson());
    }
  }

  void done() {
    json.put("outcome", "done");
    json.put("exit", ExitCode.DONE.code());
  }

  /** The first failure counts; later ones follow from it, or from what it left. */
  void failed(Throwable thrown) {
    Failure found = Failure.of(thrown);
    if (found.exitCode() == ExitCode.INTERNAL) {
      LOG.error("event=failed command={}", command, thrown);
    }
    if (failure.isPresent()) {
      LOG.warn("event=failed-again command={} reason=\"{}\"", command, found.message());
      return;
    }
    failure = Optional.of(found);
    json.put("outcome", "failed");
    json.put("exit", found.exitCode().code());
    json.put("error", found.message());
  }

  /** Whether it failed because another run has what it needs; that one writes a summary. */
  boolean isHeldByOther() {
    return failure.filter(found -> found.exitCode() == ExitCode.HELD).isPresent();
  }

  /** Writes the file; a fault makes the command fail, unless it has failed already. */
  void write(StoredFile file) {
    try {
      file.replace(Json.pretty(json));
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  /** Prints the summary as the last line on standard output, and the cause of a failure. */
  int finish() {
    return failure
        .map(found -> Lakestill.finish(json, found))
        .orElseGet(() -> Lakestill.finish(json, ExitCode.DONE));
  }
}
