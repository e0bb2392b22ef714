package io.lakestill.jobs;

import io.lakestill.train.PackedRow;
import java.io.Serializable;

/** What a packing task gives: its examples, and last its report. */
sealed interface Packed extends Serializable {
  /** One example. */
  record Example(PackedRow row) implements Packed {}

  /** What the task found. */
  record Report(PackReport findings) implements Packed {}
}
