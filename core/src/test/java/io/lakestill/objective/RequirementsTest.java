package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RequirementsTest {
  private static final Requirements CONTRAST =
      Requirements.of(
          "student.embedding",
          "teacher.embedding",
          "weight.student_projection",
          "bias.student_projection",
          "index.negatives",
          "state.bank_teacher",
          "labels");

  @Test
  void namesSayWhatEachInputIs() {
    assertThat(CONTRAST.student()).containsExactly("embedding");
    assertThat(CONTRAST.teacher()).containsExactly("embedding");
    assertThat(CONTRAST.labels()).isTrue();
    assertThat(CONTRAST.others())
        .containsExactly(
            "bias.student_projection",
            "index.negatives",
            "state.bank_teacher",
            "weight.student_projection");
  }

  @Test
  void onlyStudentOutputsAndHeadsAreDifferentiatedBy() {
    assertThat(CONTRAST.differentiable())
        .containsExactly(
            "bias.student_projection", "student.embedding", "weight.student_projection");
  }

  @Test
  void aFamilyStandsForItsMembersInTheOrderOfTheirNumbers() {
    List<String> names = List.of("logits.10", "logits.2", "logits", "embedding.1");

    assertThat(Requirements.members("logits.*", names)).containsExactly("logits.2", "logits.10");
    assertThat(Requirements.members("logits", names)).containsExactly("logits");
    assertThat(Requirements.members("map.*", names)).isEmpty();
    assertThat(Requirements.members("map", names)).isEmpty();
  }

  @Test
  void anExpressionIsNoFamily() {
    assertThat(Requirements.expression("sql:logits[0] *")).hasValue("logits[0] *");
    assertThat(Requirements.expression("logits")).isEmpty();
    assertThat(Requirements.isFamily("teacher.logits.*")).isTrue();
    assertThat(Requirements.isFamily("sql:a.*")).isFalse();
    assertThat(Requirements.isFamily("teacher.sql:a.*")).isFalse();
    assertThat(Requirements.isMember("sql:a.b", "sql:a.*")).isFalse();
  }

  @Test
  void unionHoldsBothSides() {
    assertThat(Requirements.of("labels").and(Requirements.of("student.logits")).inputs())
        .containsExactly("labels", "student.logits");
  }
}
