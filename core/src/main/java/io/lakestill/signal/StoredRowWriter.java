package io.lakestill.signal;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;

/**
 * Writes rows that are in signal files already into another one, as they are stored there. The file
 * begins with the first row, so without one there is none; it counts only once a manifest names it.
 */
public final class StoredRowWriter implements AutoCloseable {
  private final SignalFileWriter.Contents contents;
  private final Path path;
  private final Configuration configuration;
  private HashedParquetFile<Fields> file;

  /** The columns of one row. */
  public interface Fields {
    /**
     * Writes the fields of the row that are not null, from the first to the last.
     *
     * @param type the columns
     */
    void writeTo(RecordConsumer out, GroupType type);
  }

  /**
   * @param path must not exist
   */
  public StoredRowWriter(
      SignalFileWriter.Contents contents, Path path, Configuration configuration) {
    this.contents = contents;
    this.path = path;
    this.configuration = configuration;
  }

  public void write(Fields row) throws IOException {
    if (file == null) {
      Support support = new Support(contents.schema().parquet(), contents.footer());
      file = new HashedParquetFile<>(path, configuration, support, contents.plainColumns());
    }
    file.write(row);
  }

  /** Ends the file; empty when no row was written. */
  public Optional<SignalFile> finish() throws IOException {
    HashedParquetFile<Fields> ended = file;
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

  private static final class Support extends WriteSupport<Fields> {
    private final MessageType type;
    private final Map<String, String> footer;
    private RecordConsumer out;

    private Support(MessageType type, Map<String, String> footer) {
      this.type = type;
      this.footer = footer;
    }

    @Override
    public WriteContext init(Configuration configuration) {
      return new WriteContext(type, footer);
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      out = consumer;
    }

    @Override
    public void write(Fields row) {
      out.startMessage();
      row.writeTo(out, type);
      out.endMessage();
    }
  }
}
