package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.train.HeapRows;
import io.lakestill.train.PackedRow;
import io.lakestill.train.PackedRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowSourceTest {
  private static final int ROWS = 7;
  private static final int BATCH = 4;

  /** A row's one feature is {@code 10 * id + view}, its target the negative of that. */
  private static RowSource source(long seed, int node) {
    List<PackedRow> made = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      float value = 10 * row;
      made.add(new PackedRow(new float[] {value, value + 1}, new float[] {-value, -value - 1}));
    }
    PackedRows rows = HeapRows.of(1, 1, made);
    return new RowSource(rows, rows, seed, node);
  }

  /** The features of a step on all cores, in their order. */
  private static List<Integer> step(RowSource source, int step, int cores) {
    List<Integer> seen = new ArrayList<>();
    for (int core = 0; core < cores; core++) {
      CoreBatch batch = new CoreBatch(List.of(1), source.training(), BATCH / cores);
      source.fill(batch, source.batch(step, core, cores, BATCH / cores, Optional.empty()));
      float[] targets = Floats.values(batch.target().values());
      float[] features = Floats.values(batch.input());
      for (int i = 0; i < features.length; i++) {
        assertThat(targets[i]).isEqualTo(-features[i]);
        seen.add((int) features[i]);
      }
      assertThat(batch.target().origin().worker()).isEqualTo(source.node() * cores + core);
    }
    return seen;
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 2", "2, 4"})
  void everyRowIsSeenExactlyOncePerPass(int node, int cores) {
    RowSource source = source(1, node);
    List<Integer> stream = new ArrayList<>();
    for (int step = 1; step <= 21; step++) {
      stream.addAll(step(source, step, cores));
    }
    Set<List<Integer>> orders = new HashSet<>();
    for (int pass = 0; (pass + 1) * ROWS <= stream.size(); pass++) {
      List<Integer> ids =
          stream.subList(pass * ROWS, (pass + 1) * ROWS).stream().map(v -> v / 10).toList();
      assertThat(new HashSet<>(ids)).as("pass %d", pass).hasSize(ROWS);
      orders.add(ids);
    }
    assertThat(orders).hasSizeGreaterThan(5);
  }

  @Test
  void coresShareTheStreamOfTheirNode() {
    RowSource source = source(1, 0);
    for (int step = 1; step <= 9; step++) {
      assertThat(step(source, step, 2)).isEqualTo(step(source, step, 1));
    }
  }

  @Test
  void viewsTakeTurnsFromPassToPass() {
    RowSource source = source(1, 0);
    Map<Integer, List<Integer>> views = new HashMap<>();
    for (int step = 1; step <= 14; step++) {
      for (int value : step(source, step, 1)) {
        views.computeIfAbsent(value / 10, id -> new ArrayList<>()).add(value % 10);
      }
    }
    assertThat(views).hasSize(ROWS);
    views.forEach(
        (id, seen) -> {
          for (int pass = 1; pass < seen.size(); pass++) {
            assertThat(seen.get(pass)).as("row %d", id).isNotEqualTo(seen.get(pass - 1));
          }
        });
    // Not all rows in the same view at a time.
    assertThat(views.values().stream().map(seen -> seen.get(0)).distinct()).hasSize(2);
  }

  @Test
  void stepsAreTheSameInAnyOrderAndAgain() {
    RowSource second = source(1, 0);
    step(second, 2, 1);

    List<Integer> expected = step(source(1, 0), 9, 1);
    assertThat(step(second, 9, 1)).isEqualTo(expected);
    assertThat(step(source(2, 0), 9, 1)).isNotEqualTo(expected);
    assertThat(step(source(1, 1), 9, 1)).isNotEqualTo(expected);
  }

  @Test
  void validationSeesTheFirstViewOfEveryRow() {
    RowSource source = source(1, 0);
    CoreBatch batch = new CoreBatch(List.of(1), source.validation(), 3);

    source.fillValidation(batch, 4);

    assertThat(Floats.values(batch.input())).containsExactly(40, 50, 60);
    assertThat(batch.target().origin()).isSameAs(RowOrigin.VALIDATION);
  }
}
