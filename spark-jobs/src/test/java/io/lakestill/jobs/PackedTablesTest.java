package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.objective.Requirements;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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
    SignalVersion signals =
        SignalVersion.current(
            Digits.sound(folder).commit(2), blueprint.recipe().data(), requirements);
    RowLayout targets = RowLayout.targets(requirements, signals.shapes());

    PackedTables tables =
        PackedTables.pack(
            spark,
            new PackedTables.Plan(
                blueprint.recipe().data(), blueprint.features(), targets, Optional.of(signals), 3));

    assertBalanced(tables.training().collect(), 3, Digits.examples(Split.TRAIN).size(), 2);
    assertBalanced(tables.validation().collect(), 3, Digits.examples(Split.VALIDATION).size(), 1);
    // The synthetic teacher is sure of the label, so every row shows whether it was paired right.
    for (PackedRows block : tables.training().collect()) {
      for (float[] target : block.targets()) {
        assertThat(largest(target, 1)).isEqualTo((int) target[0]);
        assertThat(largest(target, 12)).isEqualTo((int) target[11]);
      }
    }
  }

  private static void assertBalanced(List<PackedRows> blocks, int nodes, int rows, int views) {
    assertThat(blocks).hasSize(nodes).allMatch(block -> block.views() == views);
    assertThat(blocks.stream().mapToInt(PackedRows::rows).sum()).isEqualTo(rows);
    assertThat(blocks)
        .extracting(PackedRows::rows)
        .allMatch(count -> count == rows / nodes || count == rows / nodes + 1);
    assertThat(blocks.stream().flatMap(block -> Arrays.stream(block.features())))
        .doesNotHaveDuplicates();
  }

  private static int largest(float[] target, int offset) {
    int best = 0;
    for (int c = 1; c < 10; c++) {
      best = target[offset + c] > target[offset + best] ? c : best;
    }
    return best;
  }
}
