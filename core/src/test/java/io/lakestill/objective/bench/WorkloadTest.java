package io.lakestill.objective.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lakestill.objective.bench.Workload.Size;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold for every objective at the size its speed is measured at. */
class WorkloadTest {
  private static final int STEPS = 3;

  /** Bytes: a few names put together and a map of parts, but no array over rows. */
  private static final long NEXT_TO_NOTHING = 1024;

  static Iterable<String> names() {
    return Workload.names();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void aStepAllocatesNextToNothingOnceShapesAreKnown(String name) {
    Workload workload = Workload.of(name, Size.SMALL, 1);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assertThat(workload.step()).as(name).isFinite();
    workload.step();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < STEPS; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      workload.step();
      // The least of a few: the first steps also load classes.
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).as(name).isLessThan(NEXT_TO_NOTHING);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void aStepAfterAnotherGivesTheGradientOfAFreshOne(String name) {
    Workload used = Workload.of(name, Size.SMALL, 2);
    used.step();
    used.restore();
    double again = used.step();
    Workload fresh = Workload.of(name, Size.SMALL, 2);
    assertThat(again).as(name).isEqualTo(fresh.step());
    assertThat(used.gradients().norm()).as(name).isEqualTo(fresh.gradients().norm());
  }
}
