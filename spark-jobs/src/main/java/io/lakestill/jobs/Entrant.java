package io.lakestill.jobs;

import io.lakestill.io.Sha256;
import io.lakestill.metric.ClassificationTally;
import io.lakestill.recipe.ModelRole;
import io.lakestill.report.ModelScore;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;

/**
 * Who is measured, with what the scorecard says of it beside its tally.
 *
 * @param role what it is to the run
 * @param seed of its training; 0 of a teacher
 * @param name a teacher's id, or the role
 * @param candidate what is run or read
 * @param identity everything its scores depend on but the test rows
 * @param parameters learned numbers; 0 when nobody knows
 * @param checkpoint what its training left, if it was one of this run
 */
record Entrant(
    ModelRole role,
    int seed,
    String name,
    Candidate candidate,
    String identity,
    long parameters,
    Optional<Path> checkpoint) {

  static Entrant teacher(String id, Contestant model, long parameters) {
    return new Entrant(
        ModelRole.TEACHER, 0, id, model, identity(model), parameters, Optional.empty());
  }

  /** Nobody knows the size of what spoke elsewhere. */
  static Entrant teacher(TablePass spoke) {
    String identity = spoke.basis() + " " + spoke.inputs();
    return new Entrant(
        ModelRole.TEACHER, 0, spoke.id(), spoke.scores(), identity, 0, Optional.empty());
  }

  static Entrant student(
      ModelRole role, int seed, Contestant model, long parameters, Path checkpoint) {
    return new Entrant(
        role, seed, role.written(), model, identity(model), parameters, Optional.of(checkpoint));
  }

  private static String identity(Contestant model) {
    return String.join(
        " ", Sha256.of(model.onnx()), model.logits(), model.features().fingerprint());
  }

  /**
   * @param timed the rows to time a model on; nobody knows how fast a table was made
   */
  ModelScore score(ClassificationTally tally, Function<Contestant, RealRows> timed) {
    if (!(candidate instanceof Contestant model)) {
      return ModelScore.of(tally, parameters, 0, 0);
    }
    return ModelScore.of(
        tally,
        parameters,
        model.onnx().length,
        Throughput.rowsPerSecond(model, timed.apply(model)));
  }
}
