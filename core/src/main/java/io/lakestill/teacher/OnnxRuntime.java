package io.lakestill.teacher;

import ai.onnxruntime.OrtEnvironment;

/** The native library that runs teachers. */
public final class OnnxRuntime {
  private OnnxRuntime() {}

  /**
   * Loads it, as a teacher's pass does.
   *
   * @return its version
   * @throws LinkageError when it is not there, or not for this machine
   */
  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }
}
