package io.lakestill.signal;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/**
 * Writes keys whose rows in older files are dead. The file begins with the first key, so without
 * one there is none; it counts only once a manifest names it.
 */
public final class TombstoneWriter implements AutoCloseable {
  private final Path path;
  private final Configuration configuration;
  private HashedParquetFile<String> file;

  /**
   * @param path must not exist
   */
  public TombstoneWriter(Path path, Configuration configuration) {
    this.path = path;
    this.configuration = configuration;
  }

  public void write(String sampleId) throws IOException {
    if (file == null) {
      file = new HashedParquetFile<>(path, configuration, new Support(), List.of());
    }
    file.write(sampleId);
  }

  /** Ends the file; empty when no key was written. */
  public Optional<SignalFile> finish() throws IOException {
    HashedParquetFile<String> ended = file;
    file = null;
    return ended == null ? Optional.empty() : Optional.of(ended.finish());
  }

  /** Removes what was begun and not finished. */
  @Override
  public void close() throws IOException {
    if (file != null) {
      file.abandon();
    }
  }

  private static final class Support extends WriteSupport<String> {
    private RecordConsumer out;

    @Override
    public WriteContext init(Configuration configuration) {
      return new WriteContext(SignalSchema.tombstone(), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      out = consumer;
    }

    @Override
    public void write(String sampleId) {
      out.startMessage();
      out.startField(SignalSchema.SAMPLE_ID, 0);
      out.addBinary(Binary.fromString(sampleId));
      out.endField(SignalSchema.SAMPLE_ID, 0);
      out.endMessage();
    }
  }
}
