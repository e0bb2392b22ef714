package io.lakestill.signal;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** Writes quarantined rows. */
final class QuarantineWriteSupport extends WriteSupport<QuarantineRow> {
  private RecordConsumer out;

  @Override
  public WriteContext init(Configuration configuration) {
    return new WriteContext(SignalSchema.quarantine(), Map.of());
  }

  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    out = consumer;
  }

  @Override
  public void write(QuarantineRow row) {
    out.startMessage();
    out.startField(SignalSchema.SAMPLE_ID, 0);
    out.addBinary(Binary.fromString(row.sampleId()));
    out.endField(SignalSchema.SAMPLE_ID, 0);
    out.startField(SignalSchema.VIEW_ID, 1);
    out.addInteger(row.viewId());
    out.endField(SignalSchema.VIEW_ID, 1);
    out.startField(SignalSchema.REASON, 2);
    out.addBinary(Binary.fromString(row.reason()));
    out.endField(SignalSchema.REASON, 2);
    out.endMessage();
  }
}
