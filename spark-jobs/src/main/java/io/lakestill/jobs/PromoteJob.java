package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.export.Bundle;
import io.lakestill.export.Model;
import io.lakestill.export.ModelVersion;
import io.lakestill.io.Build;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import io.lakestill.recipe.ModelRole;
import io.lakestill.report.GateResult;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Makes a student that held its gates the current version of a model in a catalogue.
 *
 * @param model where it goes
 * @param student the folder of its bundle
 * @param output where its scorecard is
 * @param recipe the recipe's name
 * @param runId the run that promotes
 */
record PromoteJob(Model model, Path student, OutputFolder output, String recipe, String runId) {

  /**
   * @return the number of its version
   * @throws io.lakestill.error.LakestillException (exit 3) when bundle or scorecard is missing or
   *     damaged, (exit 5) when another run promotes to that model
   */
  StageLog.Result<Integer> run(Console console) {
    Bundle bundle = Bundle.open(student, configuration());
    try (RunLease lease = RunLease.take(Leased.model(model), runId, configuration(), console)) {
      Optional<Integer> current = model.current();
      if (current.filter(now -> holds(now, bundle)).isPresent()) {
        return StageLog.Result.alreadyDone(current.get());
      }
      int next = model.versions().stream().mapToInt(version -> version).max().orElse(0) + 1;
      String card = required(output.scorecard());
      ModelVersion version = version(next, Scorecard.fromJson(parsed(card), origin()));
      Map<String, String> further = new TreeMap<>(Map.of("scorecard.json", card));
      text(output.scorecardPage()).ifPresent(page -> further.put("scorecard.html", page));
      lease.requireHeld();
      model.add(bundle, version, further);
      lease.whileHeld(() -> model.pointTo(next));
      return StageLog.Result.done(next);
    }
  }

  /** Whether a version is that very bundle; one that is damaged is none. */
  private boolean holds(int version, Bundle bundle) {
    return Bundle.find(model.bundle(version), configuration())
        .filter(there -> there.manifest().equals(bundle.manifest()))
        .isPresent();
  }

  private ModelVersion version(int number, Scorecard card) {
    Map<String, Double> accuracy = new TreeMap<>();
    for (ModelRole role : ModelRole.values()) {
      card.score(role).map(ModelScore::accuracy).ifPresent(a -> accuracy.put(role.written(), a));
    }
    return new ModelVersion(
        number,
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        runId,
        Build.version(),
        recipe,
        student.toString(),
        card.testRows(),
        accuracy,
        card.gates().stream().map(GateResult::toString).toList());
  }

  private String required(Path path) {
    return text(path)
        .orElseThrow(
            () -> Errors.badInput("There is no scorecard at '%s'; run evaluate.".formatted(path)));
  }

  private ObjectNode parsed(String card) {
    return Json.parse(card, origin());
  }

  private String origin() {
    return output.scorecard().toString();
  }

  private Optional<String> text(Path path) {
    return new StoredFile(path, configuration()).text();
  }

  private Configuration configuration() {
    return model.configuration();
  }
}
