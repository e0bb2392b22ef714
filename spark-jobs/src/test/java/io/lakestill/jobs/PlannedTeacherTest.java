package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.codec.Dense32;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlannedTeacherTest {
  @Test
  void aWidthThatNoRowHasIsRefused() {
    assertThat(signal(3, 7, 7).width()).hasValue(147);
    assertThatThrownBy(() -> signal(1 << 16, 1 << 16).width())
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(
            "Signal 'map' has the shape [65536, 65536] by the ONNX file, more than 2147483647");
  }

  private static PlannedTeacher.Signal signal(Integer... sizes) {
    return new PlannedTeacher.Signal(
        "map", Optional.of(List.of(sizes)), "the ONNX file", new Dense32());
  }
}
