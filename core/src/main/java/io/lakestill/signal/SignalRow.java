package io.lakestill.signal;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * One row to write: the signals of one view of one example.
 *
 * @param sampleId the key of the example
 * @param viewId the view, 0 for the example itself
 * @param contentHash the hash of its raw features
 * @param teacherContentHash the hash of what the teacher was shown instead, if it was
 * @param label its class index, if it has one
 * @param signals for each signal of the schema a batch {@code [rows, width]}; read, never kept
 * @param index which row of the batch
 */
@SuppressWarnings("ArrayRecordComponent") // lent for one call, never compared
public record SignalRow(
    String sampleId,
    int viewId,
    String contentHash,
    Optional<String> teacherContentHash,
    OptionalInt label,
    float[][] signals,
    int index) {

  /** Of a teacher that was shown the same features. */
  public SignalRow(
      String sampleId,
      int viewId,
      String contentHash,
      OptionalInt label,
      float[][] signals,
      int index) {
    this(sampleId, viewId, contentHash, Optional.empty(), label, signals, index);
  }
}
