package io.lakestill.teacher;

import ai.onnxruntime.OrtEnvironment;
import java.util.Optional;

/** ONNX Runtime's native library on this machine. */
public final class OnnxLibrary {
  private OnnxLibrary() {}

  /** Why it cannot be loaded; empty when it is. */
  public static Optional<String> fault() {
    try {
      OrtEnvironment.getEnvironment();
      return Optional.empty();
    } catch (LinkageError | RuntimeException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return Optional.of("ONNX Runtime: " + cause.getMessage());
    }
  }

  /** Such as {@code 1.22.0}. */
  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }
}
