package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreChecksTest {
  private static final SparkSession SPARK = LocalSession.open();

  @TempDir private Path folder;

  /** The other teacher would be judged instead. */
  @Test
  void refusesGatesOfAFirstTeacherThatCannotBeMeasured() {
    ScoredPets pets = ScoredPets.of(SPARK, folder, 12, 5);
    pets.store(List.of(ScoredPets.score("nobody", new double[4])));
    String table =
        "{id = gbt, table {path = \"%s\", logits = dense}}".formatted(pets.path("scores"));
    String model = "{id = net, onnx = \"/unread.onnx\"}";
    for (String gate : List.of("teacher.accuracy > 0", "student.agreement > 0")) {
      assertThatThrownBy(() -> check(gate, table, model))
          .isInstanceOfSatisfying(
              LakestillException.class,
              e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
          .hasMessageContaining("of teacher 'gbt', but its table of scores knows none of");
      check(gate, model, table);
    }
    check("student.accuracy > 0", table, model);
  }

  private void check(String gate, String... teachers) {
    Blueprint blueprint =
        Pets.blueprint(
            folder.resolve("table").toString(),
            "teacher=null",
            "teachers=[%s]".formatted(String.join(", ", teachers)),
            "train.objectives=[{type=kd-kl, teacher={logits=logits.2}}]",
            "evaluate.gates=[\"%s\"]".formatted(gate));
    new ScoreChecks(SPARK, blueprint).check(Set.of(Split.TEST));
  }
}
