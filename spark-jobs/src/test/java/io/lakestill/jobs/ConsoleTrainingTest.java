package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.train.FirstStep;
import io.lakestill.train.TermReport;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleTrainingTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final ConsoleTraining training =
      new ConsoleTraining(new Console(new PrintStream(shown, true, StandardCharsets.UTF_8), false));

  @Test
  void showsEveryTermOfTheFirstStepAndWarnsOfOneThatDrownsAnother() {
    training.firstStep(
        new FirstStep(
            List.of(
                new TermReport("kd-kl", 0.9, 2.25, 0.5), new TermReport("crd", 0.8, 14.5, 250.0))));

    assertThat(shown.toString(StandardCharsets.UTF_8).lines())
        .hasSize(3)
        .satisfies(
            lines -> {
              assertThat(lines.get(0))
                  .isEqualTo(
                      "  step 1  kd-kl  weight 0.9000  loss 2.2500  weighted gradient norm 0.5000");
              assertThat(lines.get(1)).contains("crd", "14.5000", "250.0");
              assertThat(lines.get(2))
                  .contains("gradient of 'crd'", "500 times that of 'kd-kl'", "change the weights");
            });
  }

  @Test
  void aTermOfWeightZeroIsOff() {
    training.firstStep(new FirstStep(List.of(new TermReport("crd", 0, 0, 0))));

    assertThat(shown.toString(StandardCharsets.UTF_8))
        .isEqualTo("  step 1  crd  off (weight 0)" + System.lineSeparator());
  }

  @Test
  void showsNoticesAtOnce() {
    training.notice("The validation loss leaves out crd.");

    assertThat(shown.toString(StandardCharsets.UTF_8))
        .isEqualTo("  The validation loss leaves out crd." + System.lineSeparator());
  }
}
