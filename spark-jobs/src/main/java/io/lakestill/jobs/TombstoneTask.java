package io.lakestill.jobs;

import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.TombstoneWriter;
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

/** Writes the keys of a partition into a file of tombstones, none for none. */
final class TombstoneTask implements FlatMapFunction<Iterator<InternalRow>, String> {
  private static final long serialVersionUID = 1L;
  private static final String ORIGIN = "outcome of a task";

  private final String folder;
  private final SerializableConfiguration configuration;

  TombstoneTask(String folder, Configuration configuration) {
    this.folder = folder;
    this.configuration = new SerializableConfiguration(configuration);
  }

  @Override
  public Iterator<String> call(Iterator<InternalRow> keys) throws IOException {
    String name =
        "part-%05d-%s.zstd.parquet".formatted(TaskContext.getPartitionId(), UUID.randomUUID());
    try (TombstoneWriter writer =
        new TombstoneWriter(new Path(folder, name), configuration.value())) {
      while (keys.hasNext()) {
        writer.write(keys.next().getUTF8String(0).toString());
      }
      Optional<SignalFile> file = writer.finish();
      return file.stream().map(f -> Json.line(f.toJson())).iterator();
    }
  }

  /** The file that a task wrote, from the line it returned. */
  static SignalFile file(String line) {
    return SignalFile.fromJson(JsonFields.of(Json.parse(line, ORIGIN), ORIGIN));
  }
}
