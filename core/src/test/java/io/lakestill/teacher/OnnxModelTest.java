package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class OnnxModelTest {
  private static final int WIDTH = 6;
  private static final int HIDDEN = 3;
  private static final int CLASSES = 4;
  private static final List<String> OUTPUTS = List.of("logits", "embedding");

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final float[] first = floats(WIDTH * HIDDEN);
  private final float[] second = floats(HIDDEN * CLASSES);
  private final OnnxFile file =
      OnnxFile.of(
          OnnxModels.withInput(1, 2, 3).linear(first, HIDDEN, second, CLASSES), "test.onnx");

  @Test
  void describesInputsAndOutputs() {
    try (OnnxModel model = OnnxModel.open(file)) {
      assertThat(model.inputs()).hasToString("[image: float [batch, 1, 2, 3]]");
      assertThat(model.outputs())
          .hasToString("[embedding: float [batch, 3], logits: float [batch, 4]]");
    }
  }

  @Test
  void givesEveryOutputOfEveryRowForAnyNumberOfRows() {
    try (OnnxModel model = OnnxModel.open(file);
        OnnxRunner runner = runner(model, 5)) {
      float[][] results = runner.outputArrays();
      for (int count : new int[] {5, 2, 5, 1, 3, 3}) {
        float[] rows = floats(5 * WIDTH);
        runner.run(rows, count, results);
        for (int row = 0; row < count; row++) {
          assertRow(rows, row, results);
        }
      }
    }
  }

  private void assertRow(float[] rows, int row, float[][] results) {
    double[] embedding = new double[HIDDEN];
    for (int h = 0; h < HIDDEN; h++) {
      for (int i = 0; i < WIDTH; i++) {
        embedding[h] += (double) rows[row * WIDTH + i] * first[i * HIDDEN + h];
      }
      assertThat(results[1][row * HIDDEN + h])
          .as("seed %d", seed)
          .isCloseTo((float) embedding[h], within(1e-5f));
    }
    for (int c = 0; c < CLASSES; c++) {
      double logit = 0;
      for (int h = 0; h < HIDDEN; h++) {
        logit += embedding[h] * second[h * CLASSES + c];
      }
      assertThat(results[0][row * CLASSES + c])
          .as("seed %d", seed)
          .isCloseTo((float) logit, within(1e-5f));
    }
  }

  /** What it says of zeros fits, so nothing can be known before the first rows. */
  @Test
  void anOutputThatGrowsWithTheRowsIsRefused() {
    byte[] twice =
        OnnxModels.sayingTwice(
            OnnxModels.withInput(1, 2, 3).linear(first, HIDDEN, second, CLASSES));
    try (OnnxModel model = OnnxModel.open(OnnxFile.of(twice, "twice.onnx"));
        OnnxRunner runner = runner(model, 5)) {
      runner.run(new float[5 * WIDTH], 5, runner.outputArrays());
      float[] ones = new float[5 * WIDTH];
      Arrays.fill(ones, 1);

      assertThatThrownBy(() -> runner.run(ones, 5, runner.outputArrays()))
          .isInstanceOfSatisfying(
              LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
          .hasMessageContaining("Model 'twice.onnx' failed on a batch of 5 rows: ");
    }
  }

  @Test
  void tasksOfOneJvmShareASessionWithoutMixingRows() throws Exception {
    int tasks = 4;
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try {
      List<Callable<Void>> work = new ArrayList<>();
      for (int task = 0; task < tasks; task++) {
        float[] rows = floats(5 * WIDTH);
        work.add(
            () -> {
              for (int round = 0; round < 50; round++) {
                try (OnnxModel model = OnnxModel.open(file);
                    OnnxRunner runner = runner(model, 5)) {
                  float[][] results = runner.outputArrays();
                  runner.run(rows, 5, results);
                  assertRow(rows, round % 5, results);
                }
              }
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(work)) {
        done.get();
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void keepsOneIdleSessionUntilAnotherModelIsOpened() {
    OnnxFile other =
        OnnxFile.of(
            OnnxModels.withInput(WIDTH).linear(first, HIDDEN, second, CLASSES), "other.onnx");
    OnnxModel.open(file).close();
    OnnxModel.open(file).close();
    int before = OnnxSessions.open();
    try (OnnxModel model = OnnxModel.open(other)) {
      assertThat(OnnxSessions.open()).isEqualTo(1);
      assertThat(before).isEqualTo(1);
      try (OnnxModel again = OnnxModel.open(file)) {
        assertThat(OnnxSessions.open()).isEqualTo(2);
        assertThat(model.inputs()).hasToString("[image: float [batch, 6]]");
        assertThat(again.inputs()).hasToString("[image: float [batch, 1, 2, 3]]");
      }
    }
  }

  @Test
  void refusesWeightsInAnotherFile() {
    byte[] external =
        OnnxModels.withExternalWeights(
            OnnxModels.withInput(WIDTH).linear(first, HIDDEN, second, CLASSES));

    assertThatThrownBy(() -> OnnxFile.of(external, "big.onnx"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage(
            "ONNX file 'big.onnx' keeps the weights of 'first' in another file; save the model with"
                + " all its weights inside (onnx.save with save_as_external_data=False).");
  }

  @Test
  void refusesBytesThatAreNoModel() {
    assertThatThrownBy(
            () ->
                OnnxFile.of(
                    "PAR1 not a model".getBytes(java.nio.charset.StandardCharsets.UTF_8), "x.onnx"))
        .isInstanceOf(LakestillException.class)
        .hasMessageStartingWith("'x.onnx' is not an ONNX model: ");
    assertThatThrownBy(() -> OnnxFile.of(new byte[0], "empty.onnx"))
        .isInstanceOf(LakestillException.class)
        .hasMessage("'empty.onnx' is not an ONNX model: it has no graph.");
  }

  private OnnxRunner runner(OnnxModel model, int batch) {
    return model.runner("image", new long[] {1, 2, 3}, OUTPUTS, batch);
  }

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
