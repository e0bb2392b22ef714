package io.lakestill.signal.codec;

import org.apache.parquet.io.api.RecordConsumer;

/** Writes one row's values of one signal, of which its codec {@link Codec#refused refuses} none. */
@FunctionalInterface
public interface CellWriter {

  /**
   * @param out stands in the field of the column
   * @param values read, never kept
   * @param offset where the row begins
   */
  void write(RecordConsumer out, float[] values, int offset);
}
