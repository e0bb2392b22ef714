package io.lakestill.student;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.student.ParameterSpec.Role;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerTest {
  private static final Shape IMAGE = Shape.image(3, 9, 12);
  private static final Shape FLAT = Shape.flat(7);

  @ParameterizedTest
  @CsvSource({
    "1, 1, 0, 9, 12",
    "3, 1, 1, 9, 12",
    "5, 1, 2, 9, 12",
    "3, 1, 0, 7, 10",
    "3, 2, 1, 5, 6",
    "2, 2, 0, 4, 6",
    "9, 1, 0, 1, 4",
  })
  void windowsSlideAndDropTheirEnds(int kernel, int stride, int padding, int height, int width) {
    assertThat(convolution(kernel, stride, padding).outputShape(List.of(IMAGE)))
        .isEqualTo(Shape.image(8, height, width));
    if (padding <= kernel / 2) {
      Shape pooled = Shape.image(3, height, width);
      assertThat(new MaxPooling("p", "input", kernel, stride, padding).outputShape(List.of(IMAGE)))
          .isEqualTo(pooled);
      assertThat(
              new AveragePooling("p", "input", kernel, stride, padding).outputShape(List.of(IMAGE)))
          .isEqualTo(pooled);
    }
  }

  @Test
  void parametersHaveTheLayoutOfOnnx() {
    assertThat(new Convolution("c", "input", 8, 5, 1, 2, true).parameters(List.of(IMAGE)))
        .containsExactly(
            new ParameterSpec("c.weight", List.of(8, 3, 5, 5), Role.TRAINABLE),
            new ParameterSpec("c.bias", List.of(8), Role.TRAINABLE));
    assertThat(new Linear("l", "input", 4, false).parameters(List.of(FLAT)))
        .containsExactly(new ParameterSpec("l.weight", List.of(4, 7), Role.TRAINABLE));
    assertThat(new BatchNormalisation("b", "input", 1e-5, 0.1).parameters(List.of(IMAGE)))
        .containsExactly(
            new ParameterSpec("b.weight", List.of(3), Role.TRAINABLE),
            new ParameterSpec("b.bias", List.of(3), Role.TRAINABLE),
            new ParameterSpec("b.mean", List.of(3), Role.RUNNING),
            new ParameterSpec("b.variance", List.of(3), Role.RUNNING));
    assertThat(new BatchNormalisation("b", "input", 1e-5, 0.1).parameters(List.of(FLAT)))
        .allSatisfy(spec -> assertThat(spec.shape()).containsExactly(7));
  }

  @Test
  void shapesThatDoNotFitAreRefusedWithTheReason() {
    assertRefused(
        () -> convolution(3, 1, 1).outputShape(List.of(FLAT)),
        "a convolution needs images [channels, height, width], its input is [7]");
    assertRefused(
        () -> convolution(10, 1, 0).outputShape(List.of(IMAGE)),
        "kernel 10 is larger than the height of its input, 9 with padding");
    assertRefused(
        () -> convolution(11, 1, 1).outputShape(List.of(Shape.image(3, 12, 8))),
        "kernel 11 is larger than the width of its input, 10 with padding");
    assertRefused(
        () -> new MaxPooling("p", "input", 2, 2, 0).outputShape(List.of(FLAT)),
        "max pooling needs images");
    assertRefused(
        () -> new AveragePooling("p", "input", 2, 2, 0).outputShape(List.of(FLAT)),
        "average pooling needs images");
    assertRefused(
        () -> new GlobalAveragePooling("p", "input").outputShape(List.of(FLAT)),
        "global average pooling needs images");
    assertRefused(
        () -> new Linear("l", "input", 4, true).outputShape(List.of(IMAGE)),
        "a linear layer needs a flat input, its input is [3, 9, 12]; put a flatten layer between");
    assertRefused(
        () -> new Add("a", "one", "two").outputShape(List.of(IMAGE, FLAT)),
        "add needs two inputs of one shape, 'one' is [3, 9, 12] and 'two' is [7]");
  }

  @Test
  void optionsOutOfRangeAreRefusedWithTheReason() {
    assertRefused(() -> convolution(0, 1, 0), "kernel must be at least 1, is 0");
    assertRefused(() -> convolution(3, 0, 0), "stride must be at least 1, is 0");
    assertRefused(() -> convolution(3, 1, -1), "padding must not be negative, is -1");
    assertRefused(() -> convolution(3, 1, 3), "padding must be less than the kernel (3), is 3");
    assertRefused(
        () -> new MaxPooling("p", "input", 3, 1, 2),
        "padding must be at most half the kernel (1), is 2");
    assertRefused(
        () -> new AveragePooling("p", "input", 1, 1, 1),
        "padding must be at most half the kernel (0), is 1");
    assertRefused(() -> new Linear("l", "input", 0, true), "width must be at least 1, is 0");
    assertRefused(() -> new Dropout("d", "input", 1.0), "rate must be in [0, 1), is 1.0");
    assertRefused(() -> new Dropout("d", "input", Double.NaN), "rate must be in [0, 1), is NaN");
    assertRefused(
        () -> new BatchNormalisation("b", "input", 0.0, 0.1),
        "epsilon must be above 0 and at most 1, is 0.0");
    assertRefused(
        () -> new BatchNormalisation("b", "input", 1e-5, 1.1),
        "momentum must be above 0 and at most 1, is 1.1");
    assertRefused(() -> new Relu("input", "input"), "and not 'input', is 'input'");
    assertRefused(() -> new Relu("a b", "input"), "is 'a b'");
    assertRefused(() -> new Shape(List.of(3, 4)), "shape must be [width] or");
    assertRefused(() -> new Shape(List.of(0)), "shape must be [width] or");
    assertRefused(() -> Shape.image(2048, 2048, 2048), "holds more values than one array can");
  }

  private static Convolution convolution(int kernel, int stride, int padding) {
    return new Convolution("c", "input", 8, kernel, stride, padding, true);
  }

  private static void assertRefused(ThrowingCallable call, String reason) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }
}
