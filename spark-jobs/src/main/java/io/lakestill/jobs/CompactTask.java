package io.lakestill.jobs;

import io.lakestill.io.Json;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.StoredRowWriter;
import java.io.IOException;
import java.util.Iterator;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.SerializableConfiguration;

/** Writes the rows of a partition into one file, as they were stored; none for none. */
final class CompactTask implements FlatMapFunction<Iterator<InternalRow>, String> {
  private static final long serialVersionUID = 1L;

  private final SignalSchema schema;
  private final String teacherId;
  private final String teacherSha256;
  private final String folder;
  private final SerializableConfiguration configuration;

  CompactTask(
      SignalSchema schema,
      String teacherId,
      String teacherSha256,
      String folder,
      Configuration configuration) {
    this.schema = schema;
    this.teacherId = teacherId;
    this.teacherSha256 = teacherSha256;
    this.folder = folder;
    this.configuration = new SerializableConfiguration(configuration);
  }

  @Override
  public Iterator<String> call(Iterator<InternalRow> rows) throws IOException {
    String name =
        "part-%05d-%s.zstd.parquet".formatted(TaskContext.getPartitionId(), UUID.randomUUID());
    try (StoredRowWriter writer =
        new StoredRowWriter(
            new SignalFileWriter.Contents(schema, teacherId, teacherSha256),
            new Path(folder, name),
            configuration.value())) {
      while (rows.hasNext()) {
        writer.write(new StoredRow(rows.next()));
      }
      Optional<SignalFile> file = writer.finish();
      return file.stream().map(written -> Json.line(written.toJson())).iterator();
    }
  }
}
