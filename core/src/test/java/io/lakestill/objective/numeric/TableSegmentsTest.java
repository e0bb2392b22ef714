package io.lakestill.objective.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableSegmentsTest {
  @ParameterizedTest(name = "{0} choosers of {1} among {2} rows of {3}")
  @CsvSource({"3, 50, 50000, 128", "1, 1, 1, 4", "4, 9, 20, 128", "2, 100, 3000, 1000000"})
  void everyChoiceStandsOnceInTheSegmentOfItsRow(int choosers, int each, int rows, int width) {
    int[] chosen = new SplittableRandom(rows).ints((long) choosers * each, 0, rows).toArray();
    TableSegments order = new TableSegments();
    order.sort(chosen, choosers, each, rows, width);
    int last = -1;
    for (int segment = 0; segment < order.segments(); segment++) {
      int highest = last;
      for (int chooser = 0; chooser < choosers; chooser++) {
        for (int i = order.start(chooser, segment); i < order.start(chooser, segment + 1); i++) {
          assertThat(order.chosen()[i]).isGreaterThan(last);
          highest = Math.max(highest, order.chosen()[i]);
        }
      }
      last = highest;
    }
    for (int chooser = 0; chooser < choosers; chooser++) {
      int first = chooser * each;
      assertThat(order.start(chooser, 0)).isEqualTo(first);
      assertThat(order.start(chooser, order.segments())).isEqualTo(first + each);
      int[] own = Arrays.copyOfRange(order.chosen(), first, first + each);
      int[] given = Arrays.copyOfRange(chosen, first, first + each);
      Arrays.sort(own);
      Arrays.sort(given);
      assertThat(own).isEqualTo(given);
    }
  }
}
