package io.lakestill.signal;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.codec.ZstandardCodec;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;

/** One Parquet file, zstd with page checksums, that knows its rows, bytes and hash at the end. */
final class HashedParquetFile<T> {
  private final Path path;
  private final Configuration configuration;
  private final HashingOutputFile output;
  private final ParquetWriter<T> writer;
  private long rows;

  /**
   * @param plain the columns that are not worth a dictionary, in dotted form
   */
  HashedParquetFile(
      Path path, Configuration configuration, WriteSupport<T> support, Iterable<String> plain)
      throws IOException {
    this.path = path;
    this.configuration = configuration;
    this.output = new HashingOutputFile(HadoopOutputFile.fromPath(path, configuration));
    Builder<T> builder = new Builder<>(output, support);
    builder
        .withConf(compressing(configuration))
        .withWriterVersion(WriterVersion.PARQUET_1_0)
        .withCompressionCodec(CompressionCodecName.ZSTD)
        .withPageWriteChecksumEnabled(true);
    for (String column : plain) {
      builder.withDictionaryEncoding(column, false);
    }
    try {
      this.writer = builder.build();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Where nobody asked for another level, the lowest: of floats of a model, higher ones save less
   * than a hundredth and cost as much again as everything else that is done to write a row.
   */
  private static Configuration compressing(Configuration configuration) {
    Configuration own = new Configuration(configuration);
    own.setIfUnset(ZstandardCodec.PARQUET_COMPRESS_ZSTD_LEVEL, "1");
    return own;
  }

  void write(T row) throws IOException {
    try {
      writer.write(row);
    } catch (IOException e) {
      throw named(e);
    }
    rows++;
  }

  /** Ends the file; it is complete only when this returns, and removed when it does not. */
  SignalFile finish() throws IOException {
    try {
      writer.close();
    } catch (IOException e) {
      throw failed(e);
    }
    return new SignalFile(path.getName(), rows, output.bytes(), output.sha256());
  }

  /** Ends the file without a result and removes it. */
  void abandon() throws IOException {
    try {
      writer.close();
    } finally {
      path.getFileSystem(configuration).delete(path, false);
    }
  }

  private IOException failed(IOException fault) {
    IOException named = named(fault);
    try {
      path.getFileSystem(configuration).delete(path, false);
    } catch (IOException e) {
      named.addSuppressed(e); // No manifest will name it.
    }
    return named;
  }

  /** Most file systems do not say which file it is that they have no room for. */
  private IOException named(IOException fault) {
    return new IOException("Cannot write '%s': %s".formatted(path, fault.getMessage()), fault);
  }

  private static final class Builder<T> extends ParquetWriter.Builder<T, Builder<T>> {
    private final WriteSupport<T> support;

    private Builder(HashingOutputFile output, WriteSupport<T> support) {
      super(output);
      this.support = support;
    }

    @Override
    protected Builder<T> self() {
      return this;
    }

    @Override
    protected WriteSupport<T> getWriteSupport(Configuration configuration) {
      return support;
    }
  }
}
