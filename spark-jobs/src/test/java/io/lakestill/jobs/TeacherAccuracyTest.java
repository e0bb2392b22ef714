package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.metric.ClassOrder;
import io.lakestill.recipe.TeacherCheckSettings;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TeacherAccuracyTest {
  private static final TeacherCheckSettings CHANCE =
      new TeacherCheckSettings(512, OptionalDouble.empty());

  @Test
  void ofFewExamplesItSaysThatNothingIsConcluded() {
    for (TeacherCheckSettings settings :
        List.of(CHANCE, new TeacherCheckSettings(512, OptionalDouble.of(0.9)))) {
      TeacherAccuracy wrong = of(exchanged(99), settings, TeacherAccuracy.Labels.NAMES);
      assertThat(wrong.refusal()).isEmpty();
      assertThat(wrong.line())
          .startsWith("checked on 99 examples: right on 0.0 % (")
          .endsWith("; of fewer than 100 nothing is concluded");
    }
    TeacherAccuracy enough = of(exchanged(100), CHANCE, TeacherAccuracy.Labels.NAMES);
    assertThat(enough.line()).doesNotContain("concluded");
    assertThat(enough.refusal()).isPresent();
  }

  @Test
  void aBundleIsNotToldToNameItsClassesOtherwise() {
    assertThat(of(exchanged(200), CHANCE, TeacherAccuracy.Labels.OF_BUNDLE).refusal())
        .hasValueSatisfying(
            why ->
                assertThat(why)
                    .contains("'dog' is called 'cat', 'cat' is called 'dog'.")
                    .contains("Its classes are named in its bundle")
                    .contains("train and export it again.")
                    .doesNotContain("Write data.classes"));
  }

  private static ClassOrder exchanged(int examples) {
    int[] labels = IntStream.range(0, examples).map(i -> i / 2 % 2).toArray();
    return ClassOrder.of(labels, Arrays.stream(labels).map(label -> 1 - label).toArray());
  }

  private static TeacherAccuracy of(
      ClassOrder order, TeacherCheckSettings settings, TeacherAccuracy.Labels labels) {
    return new TeacherAccuracy("oracle", order, settings, List.of("cat", "dog"), labels);
  }
}
