package io.lakestill.signal;

import java.util.OptionalInt;

/**
 * One row to write: the signals of one view of one example.
 *
 * @param sampleId the key of the example
 * @param viewId the view, 0 for the example itself
 * @param contentHash the hash of its raw features
 * @param label its class index, if it has one
 * @param signals for each signal of the schema a batch {@code [rows, width]}; read, never kept
 * @param index which row of the batch
 */
@SuppressWarnings("ArrayRecordComponent") // lent for one call, never compared
public record SignalRow(
    String sampleId,
    int viewId,
    String contentHash,
    OptionalInt label,
    float[][] signals,
    int index) {}
