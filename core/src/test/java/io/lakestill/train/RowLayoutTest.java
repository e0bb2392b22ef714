package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.objective.Requirements;
import io.lakestill.student.Convolution;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.RowLayout.Slot;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RowLayoutTest {
  private static final Map<String, List<Integer>> SIGNALS =
      Map.of("logits", List.of(10), "embedding", List.of(4), "map_last", List.of(2, 3, 3));

  @Test
  void targetHoldsTheLabelThenWhatTheLossNeeds() {
    RowLayout layout =
        RowLayout.targets(Requirements.of("teacher.map_last", "teacher.logits"), SIGNALS);

    assertThat(layout.slots())
        .containsExactly(
            new Slot("labels", List.of(), 0),
            new Slot("teacher.logits", List.of(10), 1),
            new Slot("teacher.map_last", List.of(2, 3, 3), 11));
    assertThat(layout.width()).isEqualTo(29);
    assertThat(layout.slot("teacher.map_last").width()).isEqualTo(18);
  }

  @Test
  void refusesASignalThatIsNotThere() {
    assertThatThrownBy(
            () ->
                RowLayout.targets(Requirements.of("teacher.tokens"), Map.of("logits", List.of(3))))
        .hasMessage("the loss needs the teacher's 'tokens', the signals are [logits]");
  }

  @Test
  void aFamilyIsEverySignalOfItsPrefixInOrder() {
    Map<String, List<Integer>> signals =
        Map.of(
            "logits", List.of(3),
            "logits.10", List.of(3),
            "logits.9", List.of(4),
            "logits.a", List.of(5),
            "map.1", List.of(2, 2, 2));

    assertThat(
            RowLayout.targets(Requirements.of("teacher.logits.*", "teacher.logits.9"), signals)
                .slots())
        .containsExactly(
            new Slot("labels", List.of(), 0),
            new Slot("teacher.logits.9", List.of(4), 1),
            new Slot("teacher.logits.a", List.of(5), 5),
            new Slot("teacher.logits.10", List.of(3), 10));
  }

  @Test
  void refusesAFamilyWithoutMembers() {
    assertThatThrownBy(
            () ->
                RowLayout.targets(
                    Requirements.of("teacher.logits.*"), Map.of("logits", List.of(3))))
        .hasMessage("the loss needs the teacher's 'logits.*', the signals are [logits]");
  }

  @Test
  void anExpressionIsOneNumber() {
    assertThat(
            RowLayout.targets(Requirements.of("teacher.sql:entropy < 2 * margin"), Map.of())
                .slots())
        .containsExactly(
            new Slot("labels", List.of(), 0),
            new Slot("teacher.sql:entropy < 2 * margin", List.of(), 1));
  }

  @Test
  void outputsBeginWithTheLogits() {
    StudentGraph graph =
        new StudentGraph(
            Shape.image(1, 4, 4),
            List.of(
                new Convolution("conv", Layer.INPUT, 2, 3, 1, 1, true),
                new Flatten("flat", "conv"),
                new Linear("classes", "flat", 3, true)),
            Map.of("logits", "classes", "map_conv", "conv"));

    assertThat(RowLayout.outputs(Requirements.of("student.map_conv"), graph).slots())
        .containsExactly(
            new Slot("student.logits", List.of(3), 0),
            new Slot("student.map_conv", List.of(2, 4, 4), 3));
    assertThat(RowLayout.outputs(Requirements.of("student.logits"), graph).width()).isEqualTo(3);
  }

  @Test
  void refusesSlotsWithAGap() {
    assertThatThrownBy(
            () ->
                new RowLayout(List.of(new Slot("a", List.of(2), 0), new Slot("b", List.of(2), 3))))
        .hasMessage("slot 'b' starts at 3, not at 2");
  }
}
