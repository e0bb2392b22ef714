package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import org.junit.jupiter.api.Test;

class ClusterShapeTest {
  @Test
  void localModeIsOneNodeOfItsCores() {
    assertThat(LocalSpark.cluster()).isEqualTo(new ClusterShape(1, 2));
  }

  @Test
  void sharesABatchEvenly() {
    assertThat(new ClusterShape(3, 4).rowsPerNode(120)).isEqualTo(40);
  }

  @Test
  void refusesABatchThatCannotBeSharedAndNamesTheNearest() {
    assertThatThrownBy(() -> new ClusterShape(3, 4).rowsPerNode(128))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessage(
            "train.batch = 128 cannot be shared evenly by 12 cores (3 executors of 4); use 120 or"
                + " 132, the nearest that can.");
    assertThatThrownBy(() -> new ClusterShape(1, 2).rowsPerNode(1))
        .hasMessageContaining("2 cores (1 executor of 2); use 2, the nearest");
  }
}
