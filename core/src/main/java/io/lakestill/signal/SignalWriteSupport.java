package io.lakestill.signal;

import io.lakestill.signal.codec.CellWriter;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** Writes signal rows straight from the float arrays of a batch, by the codec of each column. */
final class SignalWriteSupport extends WriteSupport<SignalRow> {
  private final SignalSchema schema;
  private final Binary teacherId;
  private final Map<String, String> metadata;
  private final List<CellWriter> cells;
  private RecordConsumer out;

  SignalWriteSupport(SignalSchema schema, String teacherId, Map<String, String> metadata) {
    this.schema = schema;
    this.teacherId = Binary.fromString(teacherId);
    this.metadata = metadata;
    this.cells =
        schema.signals().stream().map(signal -> signal.codec().writer(signal.width())).toList();
  }

  @Override
  public WriteContext init(Configuration configuration) {
    return new WriteContext(schema.parquet(), metadata);
  }

  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    out = consumer;
  }

  @Override
  public void write(SignalRow row) {
    List<SignalColumn> signals = schema.signals();
    int classes = signals.get(0).width();
    LogitSummary summary = LogitSummary.of(row.signals()[0], row.index() * classes, classes);
    out.startMessage();
    binary(SignalSchema.SAMPLE_ID, 0, Binary.fromString(row.sampleId()));
    integer(SignalSchema.VIEW_ID, 1, row.viewId());
    binary(SignalSchema.CONTENT_HASH, 2, Binary.fromString(row.contentHash()));
    binary(SignalSchema.TEACHER_ID, 3, teacherId);
    if (row.label().isPresent()) {
      integer(SignalSchema.LABEL, 4, row.label().getAsInt());
    }
    integer(SignalSchema.ARGMAX, 5, summary.argmax());
    number(SignalSchema.ENTROPY, 6, summary.entropy());
    number(SignalSchema.MARGIN, 7, summary.margin());
    int next = 8;
    if (schema.hasTeacherContent()) {
      String hash = row.teacherContentHash().orElseThrow();
      binary(SignalSchema.TEACHER_CONTENT_HASH, next++, Binary.fromString(hash));
    }
    for (int k = 0; k < signals.size(); k++) {
      SignalColumn signal = signals.get(k);
      out.startField(signal.name(), next + k);
      cells.get(k).write(out, row.signals()[k], row.index() * signal.width());
      out.endField(signal.name(), next + k);
    }
    out.endMessage();
  }

  private void binary(String name, int index, Binary value) {
    out.startField(name, index);
    out.addBinary(value);
    out.endField(name, index);
  }

  private void integer(String name, int index, int value) {
    out.startField(name, index);
    out.addInteger(value);
    out.endField(name, index);
  }

  private void number(String name, int index, float value) {
    out.startField(name, index);
    out.addFloat(value);
    out.endField(name, index);
  }
}
