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
import org.junit.jupiter.api.Test;

class TeacherModelTest {
  private static final Map<String, String> BOTH =
      Map.of("logits", "logits", "embedding", "embedding");
  private static final FeatureShape IMAGE = new FeatureShape(1, 2, 3);

  private final OnnxFile file =
      OnnxFile.of(
          OnnxModels.withInput(1, 2, 3).linear(new float[6 * 3], 3, new float[3 * 4], 4), "t.onnx");

  @Test
  void findsInputAndWidths() {
    TeacherModel model = TeacherModel.inspect(settings(null, BOTH), file, IMAGE, 4);

    assertThat(model.input()).isEqualTo("image");
    assertThat(model.rowShape()).containsExactly(1L, 2L, 3L);
    assertThat(model.outputs())
        .containsExactly(
            new SignalOutput("logits", "logits", List.of(4)),
            new SignalOutput("embedding", "embedding", List.of(3)));
    assertThat(model.inner()).isEmpty();
    assertThat(model.sha256()).isEqualTo(file.sha256());
  }

  @Test
  void flattensFeaturesForAModelOfRankTwo() {
    OnnxFile flat =
        OnnxFile.of(OnnxModels.withInput(6).linear(new float[6], 1, new float[2], 2), "flat.onnx");

    assertThat(TeacherModel.inspect(settings(null, BOTH), flat, IMAGE, 2).rowShape())
        .containsExactly(6L);
  }

  @Test
  void refusesAnotherInputName() {
    assertRefused(
        () -> TeacherModel.inspect(settings("pixels", BOTH), file, IMAGE, 4),
        "Teacher 'big' has inputs [image: float [batch, 1, 2, 3]], the recipe asks for 'pixels';"
            + " correct its input in the recipe.");
  }

  @Test
  void refusesAnotherInputWidth() {
    assertRefused(
        () -> TeacherModel.inspect(settings(null, BOTH), file, new FeatureShape(1, 3, 2), 4),
        "Teacher 'big' has input image: float [batch, 1, 2, 3], the recipe gives float [batch, 1,"
            + " 3, 2] or [batch, 6]; correct the shape of its features, or export the model with"
            + " that input and a free batch axis.");
  }

  @Test
  void refusesATensorTheModelDoesNotHave() {
    assertRefused(
        () -> TeacherModel.inspect(settings(null, Map.of("logits", "scores")), file, IMAGE, 4),
        "Teacher 'big' has no tensor 'scores', which outputs.logits names; its outputs are"
            + " [embedding: float [batch, 3], logits: float [batch, 4]], and bin/lakestill"
            + " inspect-teacher t.onnx lists the tensors inside it.");
    assertRefused(
        () -> TeacherModel.inspect(settings(null, Map.of("logits", "logit")), file, IMAGE, 4),
        "Teacher 'big' has no tensor 'logit', which outputs.logits names; close to that are"
            + " 'logits', its outputs are [embedding: float [batch, 3], logits: float [batch, 4]],"
            + " and bin/lakestill inspect-teacher t.onnx lists the tensors inside it.");
  }

  @Test
  void refusesAnotherOutputWidth() {
    assertRefused(
        () -> TeacherModel.inspect(settings(null, BOTH), file, IMAGE, 10),
        "Teacher 'big' gives 'logits' of shape [4] per row, the recipe has 10 classes; correct"
            + " data.classes or the outputs.logits of this teacher.");
  }

  private static void assertRefused(Runnable inspection, String message) {
    assertThatThrownBy(inspection::run)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage(message);
  }

  private static TeacherSettings settings(String input, Map<String, String> outputs) {
    return new TeacherSettings(
        "big",
        new TeacherSource.Onnx("t.onnx"),
        Optional.ofNullable(input),
        outputs,
        Optional.empty(),
        Optional.empty(),
        new TeacherCheckSettings(512, OptionalDouble.empty()));
  }
}
