package io.lakestill.jobs;

import java.io.Serializable;

/** What a packing task gives: its examples, and last its report. */
sealed interface Packed extends Serializable {
  /**
   * One example.
   *
   * @param features {@code [views, feature width]}
   * @param targets {@code [views, target width]}
   */
  record Example(float[] features, float[] targets) implements Packed {}

  /** What the task found. */
  record Report(PackReport findings) implements Packed {}
}
