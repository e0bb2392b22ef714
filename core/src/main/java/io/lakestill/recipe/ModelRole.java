package io.lakestill.recipe;

import io.lakestill.io.EnumText;

/** What a model is to a run. */
public enum ModelRole {
  /** The model the student learns from. */
  TEACHER,
  /** The model that is distilled. */
  STUDENT,
  /** The student's network trained without a teacher, to compare with. */
  SCRATCH;

  /** The name in folders, manifests and the scorecard. */
  public String written() {
    return EnumText.of(this);
  }

  /** The file name of its ONNX model: {@code teacher.onnx}, {@code student.onnx}, ... */
  public String modelFile() {
    return written() + ".onnx";
  }
}
