package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.bigdl.MklLibrary;
import io.lakestill.teacher.OnnxLibrary;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  @TempDir Path folder;

  /** What a process finds that was started for it. */
  static final class Faults {
    private Faults() {}

    public static void main(String[] arguments) {
      System.out.println(MklLibrary.fault() + " and " + OnnxLibrary.fault());
    }
  }

  @Test
  void areThere() {
    assertThat(MklLibrary.fault()).isEmpty();
    assertThat(OnnxLibrary.fault()).isEmpty();
    assertThat(OnnxLibrary.version()).matches("[0-9]+[.][0-9]+[.][0-9]+");
  }

  @Test
  void sayWhyTheyCannotBeLoaded() throws Exception {
    Path log = folder.resolve("log");
    Process process =
        ForkedJvms.in(folder)
            .start(log, "64m", List.of("java.io.tmpdir=/proc/nowhere"), Faults.class, List.of());

    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(ForkedJvms.text(log))
        .contains("Optional[BigDL's MKL: Failed to load MKL]")
        .contains("Optional[ONNX Runtime: Failed to load onnx-runtime library]");
  }
}
