package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.time.Instant;
import java.util.List;

/**
 * Where a scorecard comes from.
 *
 * @param recipe the recipe's name
 * @param recipeSha256 SHA-256 of the resolved recipe
 * @param fingerprint SHA-256 over everything the measures depend on; an evaluation that would write
 *     the same fingerprint has nothing to do
 * @param created when the models were measured
 * @param codeVersion the version of Lakestill
 * @param machine where they were measured
 * @param signalTables what the student learned from, one per teacher; none without a teacher
 * @param stages every stage that ran, in order
 */
public record Provenance(
    String recipe,
    String recipeSha256,
    String fingerprint,
    Instant created,
    String codeVersion,
    Machine machine,
    List<SignalTableVersion> signalTables,
    List<StageTime> stages) {
  /** A version of a signal table. */
  public record SignalTableVersion(String path, long version) {
    ObjectNode toJson() {
      return Json.object().put("path", path).put("version", version);
    }

    static SignalTableVersion fromJson(JsonFields fields) {
      return new SignalTableVersion(fields.text("path"), fields.whole("version"));
    }
  }

  /** How long a stage took; a stage that was skipped took no time and is not listed. */
  public record StageTime(String stage, double seconds) {
    public StageTime {
      Require.notNegative("seconds of stage " + stage, seconds);
    }

    ObjectNode toJson() {
      return Json.object().put("stage", stage).put("seconds", seconds);
    }

    static StageTime fromJson(JsonFields fields) {
      return new StageTime(fields.text("stage"), fields.number("seconds"));
    }
  }

  public Provenance {
    signalTables = List.copyOf(signalTables);
    stages = List.copyOf(stages);
  }

  void writeTo(ObjectNode scorecard) {
    scorecard
        .put("recipe", recipe)
        .put("recipe_sha256", recipeSha256)
        .put("fingerprint", fingerprint)
        .put("created", created.toString())
        .put("code_version", codeVersion);
    scorecard.set("machine", machine.toJson());
    writeSignals(scorecard);
    ArrayNode list = scorecard.putArray("stages");
    stages.forEach(stage -> list.add(stage.toJson()));
  }

  /** {@code signal_table}; with several teachers {@code signal_tables}, a list. */
  private void writeSignals(ObjectNode scorecard) {
    if (signalTables.size() == 1) {
      scorecard.set("signal_table", signalTables.get(0).toJson());
    } else if (!signalTables.isEmpty()) {
      ArrayNode list = scorecard.putArray("signal_tables");
      signalTables.forEach(table -> list.add(table.toJson()));
    }
  }

  static Provenance fromJson(JsonFields fields) {
    return new Provenance(
        fields.text("recipe"),
        fields.text("recipe_sha256"),
        fields.text("fingerprint"),
        fields.instant("created"),
        fields.text("code_version"),
        fields.object("machine", Machine::fromJson),
        fields.has("signal_tables")
            ? fields.objects("signal_tables", SignalTableVersion::fromJson)
            : fields.optional("signal_table", SignalTableVersion::fromJson).stream().toList(),
        fields.objects("stages", StageTime::fromJson));
  }
}
