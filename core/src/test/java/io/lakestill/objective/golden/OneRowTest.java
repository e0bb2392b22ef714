package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Gradients;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A condition may keep a single row of a batch, and the last batch may be one. */
class OneRowTest {
  static Stream<GoldenCase> firstOfEach() throws IOException, URISyntaxException {
    return EquipmentTest.firstOfEach();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("firstOfEach")
  void hasAFiniteLossAndGradient(GoldenCase golden) {
    TrainableCase trained = TrainableCase.of(golden, Map.of());
    Dimensions sizes = trained.dimensions();
    Dimensions one = new Dimensions(1, sizes.samples(), sizes.classes(), sizes.shapes());
    Batch batch = EquipmentTest.drawn(trained.objective(), one, 4);
    Gradients gradients =
        Gradients.of(batch, batch.present(trained.objective().requires().differentiable()));

    assertThat(trained.objective().evaluate(batch, gradients)).isFinite();

    assertThat(gradients.norm()).isFinite();
  }
}
