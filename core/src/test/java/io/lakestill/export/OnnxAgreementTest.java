package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OnnxAgreementTest {
  private static final int WIDTH = 4;
  private static final int CLASSES = 3;

  /** More than two batches, and a rest. */
  private static final int ROWS = 600;

  private static final StudentGraph GRAPH =
      new StudentGraph(
          Shape.flat(WIDTH),
          List.of(new Linear("last", "input", CLASSES, true)),
          Map.of("logits", "last"));

  private final Parameters parameters = Parameters.initial(GRAPH, 3);
  private final OnnxFile model =
      OnnxFile.of(
          new OnnxWriter(13).write(GRAPH, parameters, List.of("a", "b", "c")), "student.onnx");
  private final float[] rows = rows();
  private final float[] logits = logits();

  @Test
  void modelsThatAgreeDifferByRoundingOnly() {
    OnnxAgreement agreement = OnnxAgreement.measure(model, GRAPH, rows, logits, ROWS);
    assertThat(agreement.largestDifference()).isLessThan(1e-5);
    assertThat(agreement.rows()).isEqualTo(ROWS);
    assertThat(agreement.requireWithin(1e-4)).isSameAs(agreement);
  }

  @Test
  void namesTheRowAndBothLogitsWhenTheyDisagree() {
    float right = logits[577 * CLASSES + 2];
    logits[577 * CLASSES + 2] = right + 0.5f;
    logits[3 * CLASSES] += 0.25f;
    OnnxAgreement agreement = OnnxAgreement.measure(model, GRAPH, rows, logits, ROWS);
    assertThat(agreement.row()).isEqualTo(577);
    assertThat(agreement.classIndex()).isEqualTo(2);
    assertThat(agreement.largestDifference()).isBetween(0.4999, 0.5001);
    assertThatThrownBy(() -> agreement.requireWithin(1e-4))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INTERNAL))
        .hasMessageContaining("'student.onnx' disagrees")
        .hasMessageContaining("in row 577 logit 2 is " + agreement.exported())
        .hasMessageContaining("instead of " + (right + 0.5f))
        .hasMessageContaining("tolerance of 1.0E-4");
  }

  @Test
  void whatIsNotANumberAgreesWithNothing() {
    logits[5 * CLASSES + 1] = Float.NaN;
    OnnxAgreement agreement = OnnxAgreement.measure(model, GRAPH, rows, logits, ROWS);
    assertThat(agreement.row()).isEqualTo(5);
    assertThatThrownBy(() -> agreement.requireWithin(1e9)).hasMessageContaining("instead of NaN");
  }

  @Test
  void rowsAndLogitsMustFit() {
    assertThatThrownBy(() -> OnnxAgreement.measure(model, GRAPH, rows, logits, ROWS - 1))
        .hasMessage("599 rows need 4 values each and 3 logits each, have 2400 and 1800 in all");
    assertThatThrownBy(() -> OnnxAgreement.measure(model, GRAPH, new float[0], new float[0], 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] rows() {
    Random random = new Random(11);
    float[] rows = new float[ROWS * WIDTH];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return rows;
  }

  private float[] logits() {
    float[] all = new float[ROWS * CLASSES];
    for (int row = 0; row < ROWS; row++) {
      double[] example = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        example[i] = rows[row * WIDTH + i];
      }
      double[] expected = ReferenceForward.run(GRAPH, parameters, example).get("logits");
      for (int c = 0; c < CLASSES; c++) {
        all[row * CLASSES + c] = (float) expected[c];
      }
    }
    return all;
  }
}
