package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.metric.ClassificationTally;
import io.lakestill.metric.ReliabilityBin;
import io.lakestill.recipe.ModelRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What one model does on the test rows.
 *
 * @param accuracy the part of the rows predicted right, in [0, 1]
 * @param crossEntropy mean of {@code -log p(true class)}, in nats
 * @param calibrationError expected calibration error over the bins of {@code reliability}, in [0,
 *     1] (Guo et al., 2017, equation 5)
 * @param parameters learned numbers; 0 of a teacher that is a table, as the next two
 * @param bytes size of its ONNX file
 * @param rowsPerSecond rows scored per second in ONNX Runtime
 * @param toTeacher its distance to the teacher; empty for the teacher itself and without one
 * @param confusion which class was taken for which
 * @param reliability confidence against accuracy, bins of equal width over [0, 1], in order
 */
public record ModelScore(
    double accuracy,
    double crossEntropy,
    double calibrationError,
    long parameters,
    long bytes,
    double rowsPerSecond,
    Optional<TeacherDistance> toTeacher,
    Confusion confusion,
    List<ReliabilityBin> reliability) {
  public ModelScore {
    Require.fraction("accuracy", accuracy);
    Require.notNegative("cross_entropy", crossEntropy);
    Require.fraction("calibration_error", calibrationError);
    Require.notNegative("parameters", parameters);
    Require.notNegative("bytes", bytes);
    Require.notNegative("rows_per_second", rowsPerSecond);
    reliability = List.copyOf(reliability);
  }

  /**
   * The score that follows from a tally over the test rows.
   *
   * @param tally holds the teacher's logits of every row or of none
   */
  public static ModelScore of(
      ClassificationTally tally, long parameters, long bytes, double rowsPerSecond) {
    return new ModelScore(
        tally.accuracy(),
        tally.crossEntropy(),
        tally.calibrationError(),
        parameters,
        bytes,
        rowsPerSecond,
        TeacherDistance.of(tally),
        Confusion.of(tally),
        tally.reliability());
  }

  /** The measures; confusion and reliability stand elsewhere in the scorecard. */
  ObjectNode measures() {
    ObjectNode json =
        Json.object()
            .put("accuracy", accuracy)
            .put("cross_entropy", crossEntropy)
            .put("calibration_error", calibrationError)
            .put("parameters", parameters)
            .put("bytes", bytes)
            .put("rows_per_second", rowsPerSecond);
    toTeacher.ifPresent(
        distance ->
            json.put("agreement", distance.agreement())
                .put("kl_to_teacher", distance.klToTeacher()));
    return json;
  }

  static ModelScore fromJson(JsonFields scorecard, ModelRole role) {
    String name = role.written();
    JsonFields fields = scorecard.object(name);
    Optional<TeacherDistance> toTeacher =
        fields.has("agreement") || fields.has("kl_to_teacher")
            ? Optional.of(
                new TeacherDistance(fields.number("agreement"), fields.number("kl_to_teacher")))
            : Optional.empty();
    return new ModelScore(
        fields.number("accuracy"),
        fields.number("cross_entropy"),
        fields.number("calibration_error"),
        fields.whole("parameters"),
        fields.whole("bytes"),
        fields.number("rows_per_second"),
        toTeacher,
        Confusion.fromJson(scorecard.object("confusion"), name),
        bins(scorecard.object("reliability"), name));
  }

  /** The bins; their edges follow from their place. */
  ArrayNode reliabilityJson() {
    ArrayNode bins = Json.object().arrayNode();
    for (ReliabilityBin bin : reliability) {
      bins.addObject()
          .put("count", bin.rows())
          .put("confidence", bin.meanConfidence())
          .put("accuracy", bin.accuracy());
    }
    return bins;
  }

  private static List<ReliabilityBin> bins(JsonFields fields, String role) {
    double count = fields.list(role).size();
    List<ReliabilityBin> bins = new ArrayList<>();
    for (JsonFields bin : fields.objects(role, Function.identity())) {
      bins.add(
          new ReliabilityBin(
              bins.size() / count,
              (bins.size() + 1) / count,
              bin.whole("count"),
              bin.number("confidence"),
              bin.number("accuracy")));
    }
    return bins;
  }
}
