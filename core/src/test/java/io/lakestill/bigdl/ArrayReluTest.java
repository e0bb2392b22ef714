package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.nn.ReLU;
import com.intel.analytics.bigdl.dllib.nn.ReLU$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ArrayReluTest {
  private static final int ROWS = 7;
  private static final int WIDTH = 13;

  private static float[] random(long seed) {
    Random random = new Random(seed);
    float[] values = new float[ROWS * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 10 == 0 ? 0f : (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void equalsBigDlsOwnBitByBit() {
    Tensor<Float> input = Floats.tensor(random(1), ROWS, WIDTH);
    Tensor<Float> gradient = Floats.tensor(random(2), ROWS, WIDTH);
    ReLU<Float> own = ReLU$.MODULE$.apply(false, Floats.tag(), Floats.numeric());
    ArrayRelu ours = new ArrayRelu();

    assertThat(Floats.values(ours.forward(input))).isEqualTo(Floats.values(own.forward(input)));
    assertThat(Floats.values(ours.backward(input, gradient)))
        .isEqualTo(Floats.values(own.backward(input, gradient)));
  }

  @Test
  void readsWindowsAndTransposesCorrectly() {
    Tensor<Float> window = Floats.tensor(random(1), ROWS, WIDTH).narrow(1, 3, 2);
    Tensor<Float> transposed = Floats.tensor(random(2), WIDTH, ROWS).t().narrow(1, 3, 2);
    ArrayRelu relu = new ArrayRelu();

    float[] output = Floats.values(relu.forward(window));
    float[] gradient = Floats.values(relu.backward(window, transposed));

    float[] input = Floats.values(window);
    float[] incoming = Floats.values(transposed);
    for (int i = 0; i < input.length; i++) {
      assertThat(output[i]).isEqualTo(input[i] > 0 ? input[i] : 0f);
      assertThat(gradient[i]).isEqualTo(input[i] > 0 ? incoming[i] : 0f);
    }
  }

  @Test
  void letsNotANumberThrough() {
    float[] output =
        Floats.values(new ArrayRelu().forward(Floats.tensor(new float[] {Float.NaN, -1f}, 1, 2)));

    assertThat(output).containsExactly(Float.NaN, 0f);
  }
}
