package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedTablesTest {
  @TempDir Path folder;

  @Test
  void packsEveryExampleOnceInBlocksThatDifferByOneRow() throws IOException {
    SparkSession spark = Digits.spark();
    Blueprint blueprint = Digits.blueprint(Digits.DISTILLED);
    Requirements requirements = blueprint.student().objectives().requires();
    Taught taught =
        Taught.current(
            List.of(new SignalSource(Digits.sound(folder).commit(2), blueprint.features())),
            blueprint.recipe().data(),
            requirements);
    RowLayout targets = RowLayout.targets(requirements, taught.shapes(requirements));

    PackedTables tables =
        PackedTables.pack(
            spark,
            new PackedTables.Plan(
                blueprint.recipe().data(), blueprint.features(), targets, taught, 3));

    List<List<PackedRow>> training = tables.training().glom().collect();
    int width = targets.width();
    assertBalanced(training, 3, Digits.examples(Split.TRAIN).size(), 2 * width);
    assertBalanced(
        tables.validation().glom().collect(), 3, Digits.examples(Split.VALIDATION).size(), width);
    // The synthetic teacher is sure of the label, so every row shows whether it was paired right.
    for (List<PackedRow> block : training) {
      for (PackedRow row : block) {
        assertThat(largest(row.targets(), 1)).isEqualTo((int) row.targets()[0]);
        assertThat(largest(row.targets(), 12)).isEqualTo((int) row.targets()[11]);
      }
    }
  }

  @Test
  void refusesFewerExamplesThanNodes() {
    String only = Digits.examples(Split.VALIDATION).get(0).id();
    Blueprint blueprint = Digits.blueprint("data.validation-where=sample_id = '" + only + "'");
    RowLayout targets = RowLayout.targets(blueprint.student().objectives().requires(), Map.of());
    PackedTables.Plan plan =
        new PackedTables.Plan(
            blueprint.recipe().data(), blueprint.features(), targets, Taught.NOTHING, 2);

    assertThatThrownBy(() -> PackedTables.pack(Digits.spark(), plan))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("training and 1 validation examples for 2 nodes")
        .hasMessageContaining("run with fewer executors");
  }

  private static void assertBalanced(
      List<List<PackedRow>> blocks, int nodes, int rows, int targetValues) {
    assertThat(blocks).hasSize(nodes);
    assertThat(blocks.stream().mapToInt(List::size).sum()).isEqualTo(rows);
    assertThat(blocks)
        .extracting(List::size)
        .allMatch(count -> count == rows / nodes || count == rows / nodes + 1);
    List<PackedRow> all = blocks.stream().flatMap(List::stream).toList();
    assertThat(all).allMatch(row -> row.targets().length == targetValues);
    assertThat(all).extracting(PackedRow::features).doesNotHaveDuplicates();
  }

  private static int largest(float[] target, int offset) {
    int best = 0;
    for (int c = 1; c < 10; c++) {
      best = target[offset + c] > target[offset + best] ? c : best;
    }
    return best;
  }
}
