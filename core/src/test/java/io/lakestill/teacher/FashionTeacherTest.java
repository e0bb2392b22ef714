package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lakestill.data.FeatureShape;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.recipe.TeacherSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Inner tensors of a residual network that was exported from PyTorch, as it came. */
class FashionTeacherTest {
  private static final Path ONNX =
      Path.of("..", "..", "shared", "data", "fashion_mnist_teacher", "teacher.onnx");
  private static final FeatureShape IMAGE = new FeatureShape(1, 28, 28);
  private static final int ROWS = 5;

  private final long seed = System.nanoTime();

  @BeforeEach
  void onlyWhereTheTeacherLies() {
    if ("true".equals(System.getenv("CI"))) {
      assertThat(ONNX).as("the teacher must lie beside the checkout when CI=true").exists();
    }
    assumeTrue(Files.exists(ONNX), "skipped: there is no " + ONNX + " beside the checkout");
  }

  /**
   * Its embedding is the global average of its last map, so the map is known to be the real one.
   */
  @Test
  void theAverageOfTheLastMapIsTheEmbedding() {
    OnnxFile file = file();
    TeacherModel teacher =
        inspect(Map.of("logits", "logits", "embedding", "embedding", "map", lastMap(file)));
    SignalOutput map = teacher.outputs().get(2);

    assertThat(map.signal()).isEqualTo("map");
    assertThat(map.shape()).containsExactly(128, 7, 7);
    assertThat(teacher.inner()).containsExactly(lastMap(file));
    try (OnnxModel model = teacher.open(file);
        OnnxRunner runner = teacher.runner(model, ROWS)) {
      float[][] answers = runner.outputArrays();
      runner.run(images(), ROWS, answers);
      for (int channel = 0; channel < ROWS * 128; channel++) {
        double sum = 0;
        for (int i = 0; i < 49; i++) {
          sum += answers[2][channel * 49 + i];
        }
        assertThat(answers[1][channel])
            .as("seed %d, channel %d", seed, channel)
            .isCloseTo((float) (sum / 49), within(1e-5f));
      }
    }
  }

  @Test
  void namesCloseTensorsWhenThereIsNone() {
    assertThatThrownBy(() -> inspect(Map.of("logits", "logits", "map", "/body/body.3/Relu_output")))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining(
            "has no tensor '/body/body.3/Relu_output', which outputs.map names; close to"
                + " that are '/body/body.3/Relu")
        .hasMessageContaining("its outputs are [logits: float [batch, 10], embedding: float");
  }

  private static String lastMap(OnnxFile file) {
    List<String> tensors = file.tensors();
    return tensors.stream()
        .filter(name -> name.contains("Relu"))
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  private static OnnxFile file() {
    return OnnxFile.read(new org.apache.hadoop.fs.Path(ONNX.toString()), new Configuration());
  }

  private static TeacherModel inspect(Map<String, String> outputs) {
    TeacherSettings settings =
        new TeacherSettings(
            "fashion",
            new TeacherSource.Onnx(ONNX.toString()),
            Optional.of("image"),
            outputs,
            Optional.empty(),
            Optional.empty(),
            new TeacherCheckSettings(512, OptionalDouble.empty()));
    return TeacherModel.inspect(settings, file(), IMAGE, 10);
  }

  private float[] images() {
    Random random = new Random(seed);
    float[] values = new float[ROWS * 784];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }
}
