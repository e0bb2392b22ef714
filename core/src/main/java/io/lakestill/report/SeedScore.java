package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.util.Optional;

/**
 * What the student, and its scratch twin if there is one, came to with one seed.
 *
 * @param seed the seed both were trained with
 */
public record SeedScore(long seed, Measures student, Optional<Measures> scratch) {
  /**
   * The measures kept per seed.
   *
   * @param accuracy the part of the test rows predicted right, in [0, 1]
   * @param crossEntropy mean of {@code -log p(true class)}, in nats
   * @param agreement the part of the test rows predicted like the teacher; empty without one
   */
  public record Measures(double accuracy, double crossEntropy, Optional<Double> agreement) {
    public Measures {
      Require.fraction("accuracy", accuracy);
      Require.notNegative("cross_entropy", crossEntropy);
      agreement.ifPresent(value -> Require.fraction("agreement", value));
    }

    /** What a model came to on the test rows. */
    public static Measures of(ModelScore score) {
      return new Measures(
          score.accuracy(),
          score.crossEntropy(),
          score.toTeacher().map(TeacherDistance::agreement));
    }

    ObjectNode toJson() {
      ObjectNode json = Json.object().put("accuracy", accuracy).put("cross_entropy", crossEntropy);
      agreement.ifPresent(value -> json.put("agreement", value));
      return json;
    }

    static Measures fromJson(JsonFields fields) {
      return new Measures(
          fields.number("accuracy"),
          fields.number("cross_entropy"),
          fields.optionalNumber("agreement"));
    }
  }

  /** By how much the student's accuracy exceeds its twin's; negative when it is behind. */
  public Optional<Double> difference() {
    return scratch.map(twin -> student.accuracy() - twin.accuracy());
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object().put("seed", seed);
    json.set("student", student.toJson());
    scratch.ifPresent(twin -> json.set("scratch", twin.toJson()));
    return json;
  }

  static SeedScore fromJson(JsonFields fields) {
    return new SeedScore(
        fields.whole("seed"),
        fields.object("student", Measures::fromJson),
        fields.optional("scratch", Measures::fromJson));
  }
}
