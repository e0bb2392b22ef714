package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowMemoryTest {
  private static final long HEAP = 1000;

  private static Optional<RowMemory> read(String written, Problems problems) {
    ConfigObject none = ConfigFactory.empty().root();
    ConfigObject values = ConfigFactory.parseString("memory = " + written).root();
    return RowMemoryReader.read(new Settings(values, "train", none, problems), "memory");
  }

  @ParameterizedTest
  @CsvSource({
    "0.4, 400",
    "1, 1000",
    "0, 0",
    "2k, 2048",
    "512m, 536870912",
    "1.5g, 1610612736",
    "1GB, 1073741824"
  })
  void isASizeOrAPartOfTheHeap(String written, long limit) {
    Problems problems = new Problems();

    assertThat(read(written, problems).orElseThrow().limit(HEAP)).isEqualTo(limit);
    assertThat(problems.count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "-1", "1.01", "much", "\"2 g x\"", "[1]"})
  void anythingElseIsRefusedWithItsKey(String written) {
    Problems problems = new Problems();

    assertThat(read(written, problems)).isEmpty();
    assertThat(problems.found().toString()).contains("train.memory");
  }

  @Test
  void rowsTakeNoMoreThanTheyAreAndNoMoreThanTheLimit() {
    assertThat(new RowMemory.Share(0.5).heapBytes(499, HEAP)).isEqualTo(499);
    assertThat(new RowMemory.Share(0.5).heapBytes(5000, HEAP)).isEqualTo(500);
    assertThat(new RowMemory.Size(5000).heapBytes(7000, HEAP)).isEqualTo(5000);
  }
}
