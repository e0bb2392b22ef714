package io.lakestill.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CloseNamesTest {
  private static final List<String> NAMES =
      List.of(
          "logits",
          "/body/body.3/Relu_1_output_0",
          "/body/body.3/Add_output_0",
          "/body/body.4/Relu_1_output_0",
          "/head/Gemm_output_0");

  @Test
  void theClosestNameComesFirst() {
    assertThat(CloseNames.of("/body/body.3/Relu_output_0", NAMES, 2))
        .containsExactly("/body/body.3/Relu_1_output_0", "/body/body.4/Relu_1_output_0");
    assertThat(CloseNames.of("Logit", NAMES, 5)).containsExactly("logits");
  }

  @Test
  void nothingIsCloseToAnotherWord() {
    assertThat(CloseNames.of("scores", NAMES, 5)).isEmpty();
    assertThat(CloseNames.of("", NAMES, 5)).isEmpty();
  }
}
