package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.ModelRole;
import java.util.List;
import java.util.Optional;

/** The JSON of a scorecard, format version 1. */
final class ScorecardJson {
  private static final int FORMAT_VERSION = 1;

  private ScorecardJson() {}

  static ObjectNode write(Scorecard card) {
    ObjectNode json = Json.object().put("format_version", FORMAT_VERSION);
    card.provenance().writeTo(json);
    json.put("test_rows", card.testRows());
    card.seeds().forEach(json.putArray("seeds")::add);
    card.classes().forEach(json.putArray("classes")::add);
    for (ModelRole role : ModelRole.values()) {
      card.score(role).ifPresent(score -> json.set(role.written(), score.measures()));
    }
    if (!card.teachers().isEmpty()) {
      ArrayNode teachers = json.putArray("teachers");
      card.teachers().forEach(teacher -> teachers.add(teacher.toJson()));
    }
    if (!card.unmeasured().isEmpty()) {
      card.unmeasured().forEach(json.putArray("unmeasured_teachers")::add);
    }
    json.set("across_seeds", card.acrossSeeds().toJson());
    json.put("passed", card.passed());
    ArrayNode gates = json.putArray("gates");
    card.gates().forEach(gate -> gates.add(gate.toJson()));
    ArrayNode perSeed = json.putArray("per_seed");
    card.perSeed().forEach(seed -> perSeed.add(seed.toJson()));
    ObjectNode confusion = json.putObject("confusion");
    ObjectNode reliability = json.putObject("reliability");
    for (ModelRole role : ModelRole.values()) {
      card.score(role)
          .ifPresent(
              score -> {
                confusion.set(role.written(), score.confusion().toJson());
                reliability.set(role.written(), score.reliabilityJson());
              });
    }
    ArrayNode curves = json.putArray("curves");
    card.curves().forEach(curve -> curves.add(curve.toJson()));
    return json;
  }

  /** Reads what was measured; seeds, across_seeds and passed follow from it. */
  static Scorecard read(JsonFields fields) {
    fields.requireFormat(FORMAT_VERSION);
    return fields.build(
        () ->
            new Scorecard(
                Provenance.fromJson(fields),
                fields.texts("classes"),
                fields.whole("test_rows"),
                model(fields, ModelRole.TEACHER),
                ModelScore.fromJson(fields, ModelRole.STUDENT),
                model(fields, ModelRole.SCRATCH),
                fields.objects("per_seed", SeedScore::fromJson),
                fields.objects("curves", TrainingCurve::fromJson),
                fields.objects("gates", GateResult::fromJson),
                fields.has("teachers")
                    ? fields.objects("teachers", TeacherScore::fromJson)
                    : List.of(),
                fields.has("unmeasured_teachers")
                    ? fields.texts("unmeasured_teachers")
                    : List.of()));
  }

  private static Optional<ModelScore> model(JsonFields fields, ModelRole role) {
    return fields.has(role.written())
        ? Optional.of(ModelScore.fromJson(fields, role))
        : Optional.empty();
  }
}
