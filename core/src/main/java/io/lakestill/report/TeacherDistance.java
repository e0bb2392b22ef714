package io.lakestill.report;

import io.lakestill.metric.ClassificationTally;
import java.util.Optional;

/**
 * How far a model is from its teacher on the test rows.
 *
 * @param agreement the part of the rows on which both predict the same class, in [0, 1]
 * @param klToTeacher mean of {@code KL(teacher || model)} at temperature 1, in nats
 */
public record TeacherDistance(double agreement, double klToTeacher) {
  public TeacherDistance {
    Require.fraction("agreement", agreement);
    Require.finite("kl_to_teacher", klToTeacher);
  }

  static Optional<TeacherDistance> of(ClassificationTally tally) {
    if (tally.taughtRows() == 0) {
      return Optional.empty();
    }
    if (tally.taughtRows() != tally.rows()) {
      throw new IllegalArgumentException(
          "the teacher's logits are needed for all %d rows, are there for %d"
              .formatted(tally.rows(), tally.taughtRows()));
    }
    return Optional.of(new TeacherDistance(tally.agreement(), tally.divergence()));
  }
}
