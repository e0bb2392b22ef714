package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowOrderTest {
  @Test
  void everyPassHoldsEveryRowOnce() {
    RowOrder order = new RowOrder(1, 0, 101, 1);
    for (long pass = 0; pass < 50; pass++) {
      int[] sorted = order.permutation(pass);
      Arrays.sort(sorted);
      assertThat(sorted).isEqualTo(IntStream.range(0, 101).toArray());
    }
  }

  @Test
  void permutationsOfThreeAreEquallyFrequent() {
    RowOrder order = new RowOrder(1, 0, 3, 1);
    int[] counts = new int[9];
    int passes = 6000;
    for (long pass = 0; pass < passes; pass++) {
      int[] rows = order.permutation(pass);
      counts[3 * rows[0] + rows[1]]++;
    }
    // Six of the nine pairs can occur; each count is binomial with a deviation of 29.
    assertThat(Arrays.stream(counts).filter(count -> count > 0)).hasSize(6);
    assertThat(Arrays.stream(counts).filter(count -> count > 0))
        .allMatch(count -> Math.abs(count - passes / 6) < 5 * 29);
  }

  @Test
  void seedPartitionAndPassChangeTheOrder() {
    Set<String> orders = new HashSet<>();
    for (int seed = 0; seed < 4; seed++) {
      for (int partition = 0; partition < 4; partition++) {
        for (int pass = 0; pass < 4; pass++) {
          orders.add(Arrays.toString(new RowOrder(seed, partition, 50, 1).permutation(pass)));
        }
      }
    }
    assertThat(orders).hasSize(64);
  }

  @Test
  void everyViewHasItsTurn() {
    RowOrder order = new RowOrder(5, 2, 40, 8);
    for (int row = 0; row < 40; row++) {
      Set<Integer> seen = new HashSet<>();
      for (long pass = 0; pass < 8; pass++) {
        seen.add(order.view(row, pass));
      }
      assertThat(seen).hasSize(8).allMatch(view -> view >= 0 && view < 8);
    }
  }
}
