package io.lakestill.report.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.report.plan.TeachShape.Work;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StageShapesTest {
  /** 100 tasks of 1,000 rows. */
  private static final Work WORK = new Work(100_000, 1000, 4);

  @Test
  void noMoreCoresThanTasks() {
    TeachShape shape = TeachShape.on(WORK, 400, OptionalDouble.empty());

    assertThat(shape.tasks()).isEqualTo(100);
    assertThat(shape.cores()).isEqualTo(100);
    assertThat(shape.executors()).isEqualTo(25);
    assertThat(shape.seconds()).isEmpty();
  }

  /** 100 tasks of 10 s on 30 cores are four rounds. */
  @Test
  void tasksRunInRounds() {
    TeachShape shape = TeachShape.on(WORK, 30, OptionalDouble.of(100));

    assertThat(shape.seconds()).hasValue(40);
    assertThat(shape.executors()).isEqualTo(8);
  }

  @Test
  void takesTheFewestCoresThatAreDoneInTime() {
    TeachShape shape = TeachShape.within(WORK, 45, 100);

    assertThat(shape.cores()).isEqualTo(25);
    assertThat(shape.seconds()).hasValue(40);
    assertThat(TeachShape.on(WORK, 24, OptionalDouble.of(100)).seconds().orElseThrow())
        .isGreaterThan(45);
  }

  @Test
  void makesTasksSmallerWhereOneAloneTakesTooLong() {
    TeachShape shape = TeachShape.within(WORK, 5, 100);

    assertThat(shape.rowsPerTask()).isEqualTo(500);
    assertThat(shape.tasks()).isEqualTo(200);
    assertThat(shape.cores()).isEqualTo(200);
    assertThat(shape.seconds().orElseThrow()).isCloseTo(5, within(1e-9));
  }

  /** The batch is divided evenly by all cores, of as many executors as can share it. */
  @ParameterizedTest
  @CsvSource({
    "128, 16, 4, 4, 4, 8",
    "128, 17, 4, 4, 4, 8",
    "120, 16, 4, 3, 4, 10",
    "100, 8, 4, 1, 4, 25",
    "9, 8, 4, 1, 3, 3",
    "7, 6, 4, 1, 1, 7",
    "64, 2, 4, 1, 2, 32"
  })
  void trainingTakesCoresThatDivideTheBatch(
      int batch, long cores, int coresPerExecutor, int executors, int each, int rows) {
    assertThat(TrainShape.of(batch, cores, coresPerExecutor))
        .isEqualTo(new TrainShape(executors, each, rows));
  }
}
