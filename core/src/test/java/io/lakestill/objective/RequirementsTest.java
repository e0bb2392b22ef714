package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

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
  void unionHoldsBothSides() {
    assertThat(Requirements.of("labels").and(Requirements.of("student.logits")).inputs())
        .containsExactly("labels", "student.logits");
  }
}
