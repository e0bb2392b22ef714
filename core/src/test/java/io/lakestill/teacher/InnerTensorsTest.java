package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.data.FeatureShape;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.recipe.TeacherSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tensor inside a model is as good a signal as one of its outputs. */
class InnerTensorsTest {
  private static final FeatureShape IMAGE = new FeatureShape(1, 2, 3);
  private static final int ROWS = 3;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final byte[] declared =
      OnnxModels.withInput(1, 2, 3).linear(floats(6 * 3), 3, floats(3 * 4), 4);
  private final OnnxFile open = OnnxFile.of(declared, "open.onnx");
  private final OnnxFile closed =
      OnnxFile.of(OnnxModels.hiding(declared, "embedding"), "closed.onnx");

  @Test
  void innerTensorsEqualThoseOfAModelThatDeclaresThem() {
    TeacherSettings settings = settings(Map.of("logits", "logits", "embedding", "embedding"));
    TeacherModel asOutput = TeacherModel.inspect(settings, open, IMAGE, 4);
    TeacherModel inside = TeacherModel.inspect(settings, closed, IMAGE, 4);

    assertThat(asOutput.inner()).isEmpty();
    assertThat(inside.inner()).containsExactly("embedding");
    assertThat(inside.outputs()).isEqualTo(asOutput.outputs());
    assertThat(inside.sha256()).isEqualTo(closed.sha256());
    float[] rows = floats(ROWS * 6);
    assertThat(answers(inside, closed, rows))
        .as("seed %d", seed)
        .isDeepEqualTo(answers(asOutput, open, rows));
  }

  @Test
  void oneTensorMayGiveTwoSignals() {
    TeacherModel model =
        TeacherModel.inspect(
            settings(Map.of("logits", "logits", "map", "embedding", "embedding", "embedding")),
            closed,
            IMAGE,
            4);

    assertThat(model.outputs())
        .extracting(SignalOutput::signal)
        .containsExactly("logits", "embedding", "map");
    float[][] answers = answers(model, closed, floats(ROWS * 6));
    assertThat(answers[1]).isEqualTo(answers[2]);
  }

  @Test
  void evenLogitsMayLieInside() {
    OnnxFile hidden = OnnxFile.of(OnnxModels.hiding(declared, "logits"), "hidden.onnx");
    TeacherModel model =
        TeacherModel.inspect(settings(Map.of("logits", "logits")), hidden, IMAGE, 4);

    assertThat(model.inner()).containsExactly("logits");
  }

  @Test
  void theSameModelWithAndWithoutInnerTensorsIsTwoSessions() {
    try (OnnxModel plain = OnnxModel.open(closed);
        OnnxModel more = OnnxModel.open(closed, List.of("embedding"))) {
      assertThat(plain.outputs()).hasToString("[logits: float [batch, 4]]");
      assertThat(more.outputs())
          .hasToString("[logits: float [batch, 4], embedding: float [batch, 3]]");
    }
  }

  @Test
  void listsWhatTheNodesCompute() {
    assertThat(closed.outputs()).containsExactly("logits");
    assertThat(closed.tensors()).containsExactly("flat", "embedding", "logits");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          shape    | gives shape: int64 [2], but map must be a float tensor; correct its outputs.map.
          turned   | for 2 rows of zeros its shape is [4, 2], for 3 it is [4, 3]; name a tensor
          square   | for 2 rows of zeros its shape is [2, 2], for 3 it is [3, 3]; name a tensor
          constant | for 2 rows of zeros its shape is [2, 3], for 3 it is [2, 3]; name a tensor
          """)
  void refusesATensorThatHasNoFloatsPerRow(String tensor, String message) {
    OnnxFile odd = OnnxFile.of(OnnxModels.withOddTensors(declared), "odd.onnx");

    assertThatThrownBy(
            () ->
                TeacherModel.inspect(
                    settings(Map.of("logits", "logits", "map", tensor)), odd, IMAGE, 4))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message)
        .hasMessageContaining(tensor);
  }

  private static float[][] answers(TeacherModel teacher, OnnxFile file, float[] rows) {
    try (OnnxModel model = teacher.open(file);
        OnnxRunner runner = teacher.runner(model, ROWS)) {
      float[][] answers = runner.outputArrays();
      runner.run(rows, ROWS, answers);
      return answers;
    }
  }

  private static TeacherSettings settings(Map<String, String> outputs) {
    return new TeacherSettings(
        "big",
        new TeacherSource.Onnx("t.onnx"),
        Optional.empty(),
        outputs,
        Optional.empty(),
        Optional.empty(),
        new TeacherCheckSettings(512, OptionalDouble.empty()));
  }

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
