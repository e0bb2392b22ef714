package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import java.util.List;
import java.util.Optional;

/**
 * Accuracy over all seeds; always computed from the scores per seed, never stored apart from them.
 *
 * @param seeds how many seeds were run
 * @param student the student's accuracy
 * @param twin how it compares with its scratch twin; empty when there is none
 */
public record AcrossSeeds(int seeds, Spread student, Optional<Twin> twin) {
  /**
   * The comparison with the scratch twin.
   *
   * @param scratch the twin's accuracy
   * @param difference the student's accuracy minus the twin's of the same seed
   * @param wins seeds with which the student is more accurate than the twin
   */
  public record Twin(Spread scratch, Spread difference, int wins) {

    /**
     * True when the mean difference is more than two standard errors above zero, {@code mean > 2 s
     * / sqrt(n)}: more than seeds alone would do. Never true of fewer than three seeds.
     */
    public boolean clearlyAhead(int seeds) {
      return seeds >= 3
          && difference.mean()
              > 2 * difference.standardDeviation().orElseThrow() / Math.sqrt(seeds);
    }
  }

  /**
   * @param scores at least one
   */
  public static AcrossSeeds of(List<SeedScore> scores) {
    Spread student = Spread.of(scores.stream().map(score -> score.student().accuracy()).toList());
    List<Double> scratch =
        scores.stream()
            .flatMap(score -> score.scratch().stream())
            .map(SeedScore.Measures::accuracy)
            .toList();
    if (scratch.isEmpty()) {
      return new AcrossSeeds(scores.size(), student, Optional.empty());
    }
    List<Double> differences =
        scores.stream().map(score -> score.difference().orElseThrow()).toList();
    int wins = (int) differences.stream().filter(difference -> difference > 0).count();
    return new AcrossSeeds(
        scores.size(),
        student,
        Optional.of(new Twin(Spread.of(scratch), Spread.of(differences), wins)));
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object().put("seeds", seeds);
    json.set("student_accuracy", student.toJson());
    twin.ifPresent(
        twin -> {
          json.set("scratch_accuracy", twin.scratch().toJson());
          json.put("mean_difference", twin.difference().mean());
          twin.difference()
              .standardDeviation()
              .ifPresent(value -> json.put("difference_standard_deviation", value));
          json.put("wins", twin.wins());
        });
    return json;
  }
}
